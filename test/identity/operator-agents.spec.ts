import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { AgentIdentity } from '#apps/agent/src/identity/agent-identity.js';
import { BlockAgent } from '#apps/broker/src/gateway/block-agent.js';
import { AttachedLinks } from '#apps/broker/src/gateway/attached-links.js';
import { ListAgents, type AgentStanding } from '#apps/broker/src/operator/list-agents.js';
import { enrolAgent, startConnectedAgent } from '#test/identity/agent.fixture.js';
import { startTestBroker, type TestBroker } from '#test/identity/broker.fixture.js';
import { until } from '#test/support/settle.js';

let broker: TestBroker;
let list: ListAgents;

beforeAll(async () => {
  broker = await startTestBroker();
  list = new ListAgents(broker.kysely, broker.app.get(AttachedLinks), broker.clock);
});

afterAll(() => broker.stop());

async function standing(agentId: string): Promise<AgentStanding | undefined> {
  const { agents } = await list.execute({});
  return agents.find((agent) => agent.agentId === agentId);
}

test('shows an agent on its way through link, loss and revocation', async () => {
  const practice = await broker.practice('Zz Secret Name');
  const agent = await startConnectedAgent(await enrolAgent(broker, practice));
  const { agentId } = agent.app.get(AgentIdentity);
  await until(async () => (await standing(agentId))?.version != null);
  const { practiceId, siteId } = practice;
  expect(await standing(agentId)).toEqual({
    ...{
      agentId,
      practiceId,
      siteIds: [siteId],
      siteLoads: {},
      state: 'active',
      stateReason: null,
    },
    ...{ attached: 'thisNode', version: expect.any(String), lastSeenAt: expect.any(String) },
    // A certificate knows whole seconds only.
    certificateEndsAt: expect.stringContaining(
      new Date(agent.link.status.certificateEndsMs)
        .toISOString()
        .slice(0, 'YYYY-MM-DDTHH:mm:ss'.length),
    ),
  });
  expect(JSON.stringify(await list.execute({}))).not.toContain('Secret Name');
  await broker.kysely
    .updateTable('sites')
    .set({ load: 'asyncPaused' })
    .where('site_id', '=', siteId)
    .execute();
  expect((await standing(agentId))?.siteLoads).toEqual({ [siteId]: 'asyncPaused' });
  await agent.stop(0);
  await until(async () => (await standing(agentId))?.attached === 'no');
  await broker.app.get(BlockAgent).revoke(agentId, 'operator');
  expect(await standing(agentId)).toMatchObject({ state: 'revoked', stateReason: 'operator' });
});

test('gives pages in the order of ids, and only what was asked for', async () => {
  const row = (n: number) => ({
    agent_id: `ffffffff-0000-4000-8000-${String(n).padStart(12, '0')}`,
    practice_id: 'practice-1',
    state: 'quarantined' as const,
    identity_public_key: Buffer.from(`identity key ${n}`),
    encryption_public_key: Buffer.alloc(32),
    encryption_key_since: new Date(),
    updated_at: new Date(),
  });
  const many = Array.from({ length: 501 }, (_, n) => row(n));
  await broker.kysely.insertInto('agents').values(many).execute();
  const first = await list.execute({ state: 'quarantined' });
  expect([first.agents.length, first.next]).toEqual([500, many[499]!.agent_id]);
  const rest = await list.execute({ state: 'quarantined', after: first.next! });
  expect(rest).toMatchObject({ agents: [{ agentId: many[500]!.agent_id, attached: 'no' }] });
  expect(rest.next).toBeUndefined();
});
