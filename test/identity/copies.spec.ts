import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { AgentIdentity } from '#apps/agent/src/identity/agent-identity.js';
import { MemoryBroadcast } from '#apps/broker/src/broadcast/broadcast.memory.js';
import { SiteLinks } from '#apps/broker/src/gateway/site-links.port.js';
import { openMemoryStore } from '#libs/db/empty-store.fixture.js';
import type { OpenedDatabase } from '#libs/db/open-database.js';
import {
  copyState,
  enrolAgent,
  startAgent,
  startConnectedAgent,
  type TestAgent,
} from '#test/identity/agent.fixture.js';
import { startTestBroker, type TestBroker } from '#test/identity/broker.fixture.js';
import { FreezingProxy } from '#test/identity/freezing-proxy.fixture.js';
import { until } from '#test/support/settle.js';

let database: OpenedDatabase;
let broker: TestBroker;
let other: TestBroker;

beforeAll(async () => {
  database = await openMemoryStore();
  const broadcast = new MemoryBroadcast();
  broker = await startTestBroker({ database, broadcast });
  other = await startTestBroker({ database, broadcast, stateDir: broker.stateDir });
});

afterAll(async () => {
  await broker.stop();
  await other.stop();
  await database.close();
});

async function standing(agent: TestAgent) {
  return broker.kysely
    .selectFrom('agents')
    .select(['state', 'state_reason'])
    .where('agent_id', '=', agent.app.get(AgentIdentity).agentId)
    .executeTakeFirstOrThrow();
}

async function enrolled(): Promise<string> {
  return enrolAgent(broker, await broker.practice());
}

const isQuarantined = (agent: TestAgent) => () =>
  agent.link.status.diagnosis?.code === 'AGENT_QUARANTINED';

describe('two of one agent', () => {
  test.each([
    ['during a join', false],
    ['at rest', true],
  ])('are both shut out when a copy taken %s joins beside the original', async (_title, atRest) => {
    const stateFolder = await enrolled();
    const original = await startConnectedAgent(stateFolder);
    const { folder } = await AgentIdentity.load(stateFolder);
    await until(async () => (await folder.read('join'))!.acknowledged);
    if (!atRest)
      await folder.write('join', { ...(await folder.read('join'))!, acknowledged: false });
    const copy = await startAgent(copyState(stateFolder));
    await until(isQuarantined(copy));
    await until(isQuarantined(original));
    expect(await standing(original)).toEqual({
      state: 'quarantined',
      state_reason: 'second-live-link',
    });
    expect(broker.audit.types()).toContain('agent.quarantined');
    await copy.stop(0);
    await original.stop(0);
  });

  test('are shut out when an old backup joins after the original went on', async () => {
    const stateFolder = await enrolled();
    const before = await startConnectedAgent(stateFolder);
    await before.stop(0);
    const backup = copyState(stateFolder);
    for (let joins = 0; joins < 2; joins += 1) {
      const again = await startConnectedAgent(stateFolder);
      await again.stop(0);
    }
    const restored = await startAgent(backup);
    await until(isQuarantined(restored));
    expect(await standing(restored)).toEqual({ state: 'quarantined', state_reason: 'stale-join' });
    await restored.stop(0);
  });

  test('are shut out when the copy joins at another node', async () => {
    const stateFolder = await enrolled();
    const original = await startConnectedAgent(stateFolder);
    const copied = copyState(stateFolder);
    await moveTo(copied, other);
    const copy = await startAgent(copied);
    await until(isQuarantined(original));
    await until(isQuarantined(copy));
    await copy.stop(0);
    await original.stop(0);
  });
});

/** As if a load balancer had sent it to another node. */
async function moveTo(stateFolder: string, node: TestBroker): Promise<void> {
  const identity = await AgentIdentity.load(stateFolder);
  const linkUrl = `wss://localhost:${node.gatewayPort}`;
  await identity.learn({ linkUrl, sites: [...identity.facts.sites] });
}

describe('one honest agent', () => {
  test('comes back after a restart', async () => {
    const stateFolder = await enrolled();
    for (let joins = 0; joins < 3; joins += 1) {
      const agent = await startConnectedAgent(stateFolder);
      expect((await standing(agent)).state).toBe('active');
      await agent.stop(0);
    }
  });

  test('replaces its own half-open link after its machine lost power', async () => {
    const practice = await broker.practice();
    const stateFolder = await enrolAgent(broker, practice);
    const proxy = new FreezingProxy();
    const before = await startConnectedAgent(stateFolder, await proxy.start());
    const links = broker.app.get(SiteLinks);
    await until(() => links.find(practice.siteId) !== undefined);
    const halfOpen = links.find(practice.siteId)!.link;
    proxy.freeze();
    await before.stop(0);
    expect(halfOpen.state).toBe('open');
    const after = await startAgent(stateFolder);
    await until(() => after.link.attached, 15_000);
    expect(halfOpen.state).toBe('closed');
    await until(() => links.find(practice.siteId) !== undefined);
    expect((await standing(after)).state).toBe('active');
    await after.stop(0);
    await proxy.stop();
  });

  test('tries a join again whose answer it never heard, also after a crash', async () => {
    const stateFolder = await enrolled();
    const agent = await startConnectedAgent(stateFolder);
    await agent.stop(0);
    const { folder } = await AgentIdentity.load(stateFolder);
    const heard = (await folder.read('join'))!;
    expect(heard.acknowledged).toBe(true);
    // The broker counted it; the process died before it could write that down.
    await folder.write('join', { ...heard, acknowledged: false });
    const again = await startConnectedAgent(stateFolder);
    expect((await folder.read('join'))!.joinId).toBe(heard.joinId);
    expect((await standing(again)).state).toBe('active');
    await again.stop(0);
  });

  test('may hold a second link while the first one finishes', async () => {
    const agent = await startConnectedAgent(await enrolled());
    for (let renewals = 1; renewals < 4; renewals += 1) {
      agent.link.redial();
      await until(
        () =>
          agent.link.attached &&
          agent.log.lines.filter(({ event }) => event === 'link.connected').length === renewals + 1,
      );
    }
    expect((await standing(agent)).state).toBe('active');
    await agent.stop(0);
  });

  test('is not run twice from one folder', async () => {
    const stateFolder = await enrolled();
    const agent = await startConnectedAgent(stateFolder);
    await expect(startAgent(stateFolder)).rejects.toMatchObject({ code: 'AGENT_ALREADY_RUNNING' });
    expect((await standing(agent)).state).toBe('active');
    await agent.stop(0);
  });
});
