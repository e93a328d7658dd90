import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { AgentPeer } from '#apps/broker/src/gateway/agent-peer.js';
import { AgentSignals } from '#apps/broker/src/gateway/agent-signals.js';
import type { AgentWatch } from '#apps/broker/src/gateway/agent-watch.js';
import { AttachedLinks } from '#apps/broker/src/gateway/attached-links.js';
import { SiteRegister } from '#apps/broker/src/gateway/site-register.js';
import { SiteTracking } from '#apps/broker/src/gateway/site-tracking.js';
import { BrokerPractice } from '#apps/broker/src/grants/broker-practice.fixture.js';
import type { SiteNews } from '#apps/broker/src/webhooks/site-news.js';

let practice: BrokerPractice;

beforeAll(async () => {
  practice = await BrokerPractice.open();
});
afterAll(() => practice.close());

/** What one node of the broker notes; the store is shared. */
function aNode(): SiteTracking {
  const { store, broadcast, clock, log } = practice;
  const register = new SiteRegister(store.kysely, new AttachedLinks(), broadcast, clock, log);
  const watch = { check: () => Promise.resolve() } as unknown as AgentWatch;
  const news = { look: () => Promise.resolve() } as unknown as SiteNews;
  const signals = new AgentSignals(store.kysely, new AttachedLinks(), broadcast, clock, log);
  return new SiteTracking(register, watch, broadcast, news, signals);
}

/** The agent of `site-1` at its handshake, when the store has counted its join. */
async function admitted(sequence: number): Promise<AgentPeer> {
  const { agentId } = practice.agents.one.peer;
  await practice.store.kysely
    .updateTable('agents')
    .set({ join_sequence: sequence })
    .where('agent_id', '=', agentId)
    .execute();
  const certificateEndsMs = practice.clock.now() + 86_400_000;
  return { agentId, certificateEndsMs, join: { sequence } } as AgentPeer;
}

const closedAt = async (): Promise<Date | null> => {
  const site = practice.store.kysely.selectFrom('sites').select('closed_at');
  return (await site.where('site_id', '=', 'site-1').executeTakeFirstOrThrow()).closed_at;
};

test('whoever comes is read alone: of all others the register knows what it knew', async () => {
  const { store, broadcast, clock, log } = practice;
  const register = new SiteRegister(store.kysely, new AttachedLinks(), broadcast, clock, log);
  await register.onApplicationBootstrap();
  const before = register.find('site-2');
  const closed_at = new Date(clock.now());
  await store.kysely.updateTable('sites').set({ closed_at }).execute();
  await register.agentJoined(practice.agents.one.peer.agentId);
  expect(register.find('site-1')).toMatchObject({ saidGoodbye: false, lastSeenMs: clock.now() });
  expect(register.find('site-2')).toBe(before);
  await broadcast.publish('site.changed', 'site-2');
  await register.agentJoined(practice.agents.one.peer.agentId);
  expect(register.find('site-2')).toMatchObject({ saidGoodbye: true });
  register.beforeApplicationShutdown();
  await store.kysely.updateTable('sites').set({ closed_at: null }).execute();
});

test('a goodbye closes the sites, and the next join opens them', async () => {
  const node = aNode();
  const peer = await admitted(1);
  await node.agentJoined(peer);
  await node.agentLeft(peer, true);
  expect(await closedAt()).toEqual(new Date(practice.clock.now()));
  await node.agentJoined(await admitted(2));
  expect(await closedAt()).toBeNull();
});

test('a goodbye that is noted after the agent joined another node closes nothing', async () => {
  const [left, entered] = [aNode(), aNode()];
  const before = await admitted(1);
  await left.agentJoined(before);
  await entered.agentJoined(await admitted(2));
  await left.agentLeft(before, true);
  expect(await closedAt()).toBeNull();
});

test('a link that is older than another at its node ends the later join with it', async () => {
  const node = aNode();
  const [older, newer] = [await admitted(1), await admitted(2)];
  await node.agentJoined(older);
  await node.agentJoined(newer);
  // The newer link broke first; the older is the last to go.
  await node.agentLeft(older, true);
  expect(await closedAt()).not.toBeNull();
});
