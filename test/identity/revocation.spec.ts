import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { AgentIdentity } from '#apps/agent/src/identity/agent-identity.js';
import { MemoryBroadcast } from '#apps/broker/src/broadcast/broadcast.memory.js';
import { RevokeAgent } from '#apps/broker/src/gateway/revoke-agent.js';
import { SiteLinks } from '#apps/broker/src/gateway/site-links.port.js';
import { brokerPatterns } from '#libs/contracts/link-messages.js';
import { openMemoryStore } from '#libs/db/empty-store.fixture.js';
import type { OpenedDatabase } from '#libs/db/open-database.js';
import { createCertificateRequest } from '#libs/pki/certificate-request.js';
import { makeTlsKey } from '#libs/pki/keys.js';
import { enrolAgent, startConnectedAgent } from '#test/identity/agent.fixture.js';
import { startTestBroker, type TestBroker } from '#test/identity/broker.fixture.js';
import { until } from '#test/support/settle.js';

let database: OpenedDatabase;
let near: TestBroker;
let far: TestBroker;

beforeAll(async () => {
  database = await openMemoryStore();
  const broadcast = new MemoryBroadcast();
  near = await startTestBroker({ database, broadcast });
  far = await startTestBroker({ database, broadcast, stateDir: near.stateDir });
});

afterAll(async () => {
  await near.stop();
  await far.stop();
  await database.close();
});

async function attachedAgent(broker: TestBroker) {
  const practice = await broker.practice();
  const agent = await startConnectedAgent(await enrolAgent(broker, practice));
  const { agentId } = agent.app.get(AgentIdentity);
  await until(() => broker.app.get(SiteLinks).find(practice.siteId) !== undefined);
  return { agent, agentId, practice };
}

const revoke = (agentId: string) => near.app.get(RevokeAgent).execute(agentId, 'operator');

describe('a revoked agent', () => {
  test.each([
    ['this node', () => near],
    ['another node', () => far],
  ])('loses its live link on %s within two seconds, and gets no other', async (_title, at) => {
    const { agent, agentId, practice } = await attachedAgent(at());
    const closed = new Promise<number>((resolve) => {
      const links = at().app.get(SiteLinks);
      links.find(practice.siteId)!.link.once('close', () => resolve(Date.now()));
    });
    const revokedMs = Date.now();
    expect(await revoke(agentId)).toBe(true);
    expect((await closed) - revokedMs).toBeLessThan(2_000);
    await until(() => agent.link.status.diagnosis?.code === 'AGENT_REVOKED');
    expect(agent.link.status.state).toBe('waiting');
    expect(agent.link.status.nextAttemptMs! - Date.now()).toBeGreaterThan(30_000);
    await agent.stop(0);
  });

  test('has nothing it sent afterwards looked at', async () => {
    const { agent, agentId } = await attachedAgent(near);
    const request = await createCertificateRequest(await makeTlsKey());
    const revoked = revoke(agentId);
    const asked = agent.link.ask(brokerPatterns.renewCertificate, {}, request);
    await expect(Promise.all([revoked, asked])).rejects.toMatchObject({
      code: expect.stringMatching(/^(LINK_CLOSED|AGENT_REVOKED)$/),
    });
    const { count } = await near.kysely
      .selectFrom('agent_certificates')
      .select(({ fn }) => fn.countAll<string>().as('count'))
      .where('agent_id', '=', agentId)
      .executeTakeFirstOrThrow();
    expect(Number(count)).toBe(1);
    await agent.stop(0);
  });

  test('is revoked once, and that is in the audit', async () => {
    const { agent, agentId } = await attachedAgent(near);
    expect(await revoke(agentId)).toBe(true);
    expect(await revoke(agentId)).toBe(false);
    expect(near.audit.records).toContainEqual(
      expect.objectContaining({ type: 'agent.revoked', agent: agentId, reason: 'operator' }),
    );
    await agent.stop(0);
  });

  test('stays as it was when the act cannot be recorded', async () => {
    const { agent, agentId } = await attachedAgent(near);
    near.audit.isBroken = true;
    await expect(revoke(agentId)).rejects.toThrow();
    near.audit.isBroken = false;
    const { state } = await near.kysely
      .selectFrom('agents')
      .select('state')
      .where('agent_id', '=', agentId)
      .executeTakeFirstOrThrow();
    expect(state).toBe('active');
    await agent.stop(0);
  });

  test('does not disturb another agent', async () => {
    const bystander = await attachedAgent(near);
    const { agent, agentId } = await attachedAgent(near);
    await revoke(agentId);
    await until(() => !agent.link.attached);
    expect(bystander.agent.link.attached).toBe(true);
    await agent.stop(0);
    await bystander.agent.stop(0);
  });
});

describe('the availability of a site', () => {
  test('is offline after a goodbye', async () => {
    const { agent, practice } = await attachedAgent(near);
    const links = near.app.get(SiteLinks);
    expect(links.availability(practice.siteId)).toBe('online');
    await agent.stop(1_000);
    await until(() => links.availability(practice.siteId) === 'offline');
    expect(links.find(practice.siteId)).toBeUndefined();
  });

  test('is unreachable after two silent minutes without one', async () => {
    const { agent, practice } = await attachedAgent(near);
    const links = near.app.get(SiteLinks);
    links.find(practice.siteId)!.link.terminate();
    await agent.stop(0);
    await until(() => links.find(practice.siteId) === undefined);
    // The loss is noted in the store first.
    await until(() => links.availability(practice.siteId) === 'online');
    near.clock.shiftMs = 121_000;
    expect(links.availability(practice.siteId)).toBe('unreachable');
    near.clock.shiftMs = 0;
  });

  test('is known to a node that starts later', async () => {
    const { agent, practice } = await attachedAgent(near);
    await agent.stop(1_000);
    await until(() => near.app.get(SiteLinks).availability(practice.siteId) === 'offline');
    const later = await startTestBroker({ database, stateDir: near.stateDir });
    expect(later.app.get(SiteLinks).availability(practice.siteId)).toBe('offline');
    await later.stop();
  });
});
