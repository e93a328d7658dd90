import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { MemoryBroadcast } from '#apps/broker/src/broadcast/broadcast.memory.js';
import type { AttachedLinks } from '#apps/broker/src/gateway/attached-links.js';
import { AnnounceAgents } from '#apps/broker/src/nodes/announce-agents.js';
import { presenceLimits, RedisPresence } from '#apps/broker/src/nodes/presence.redis.js';
import { TransientStore } from '#apps/broker/src/transient/transient-store.js';
import { until } from '#test/support/settle.js';
import { TestRedis } from '#test/support/test-redis.js';

const first = { nodeId: 'node-1', address: 'one.example:8445' };
const second = { nodeId: 'node-2', address: '[::1]:9000' };
const { leaseMs, atOnce } = presenceLimits;

let redis: TestRedis;
let store: TransientStore;
let presence: RedisPresence;

beforeAll(async () => {
  redis = await TestRedis.single();
  store = TransientStore.open(redis.url);
  presence = new RedisPresence(store);
  await until(() => store.isThere);
});

afterEach(async () => {
  Object.assign(presenceLimits, { leaseMs, atOnce });
  await redis.empty();
});

afterAll(async () => {
  store?.close();
  await redis?.stop();
});

const joined = (sequence: number, agentId = 'agent-1') => [{ agentId, sequence }];

test('an agent is found at the node that announced it, and at none when that withdrew it', async () => {
  expect(await presence.find('agent-1')).toBeUndefined();
  await presence.announce(first, joined(1));
  expect(await presence.find('agent-1')).toEqual(first);
  expect(await presence.find('agent-2')).toBeUndefined();
  await presence.withdraw('node-1', ['agent-1']);
  expect(await presence.find('agent-1')).toBeUndefined();
});

test('the node of the later join has it, whoever speaks last', async () => {
  await presence.announce(first, joined(9));
  await presence.announce(second, joined(10));
  expect(await presence.find('agent-1')).toEqual(second);
  // Its old link there is half open yet, and is not noticed for a while.
  await presence.announce(first, joined(9));
  expect(await presence.find('agent-1')).toEqual(second);
  await presence.withdraw('node-1', ['agent-1']);
  expect(await presence.find('agent-1')).toEqual(second);
});

test('a node that stops saying so has no agents, and holds no place against another', async () => {
  presenceLimits.leaseMs = 40;
  await presence.announce(first, joined(5));
  await until(async () => (await presence.find('agent-1')) === undefined);
  presenceLimits.leaseMs = leaseMs;
  // Admitted anew, its joins are counted from the beginning.
  await presence.announce(second, joined(1));
  expect(await presence.find('agent-1')).toEqual(second);
});

test('however many agents a node has, all are announced', async () => {
  presenceLimits.atOnce = 2;
  await presence.announce(
    first,
    ['a', 'b', 'c', 'd', 'e'].flatMap((id) => joined(1, id)),
  );
  for (const id of ['a', 'c', 'e']) expect(await presence.find(id)).toEqual(first);
});

test('nothing is kept but who is where', async () => {
  await presence.announce(first, joined(1));
  expect((await redis.keys()).sort()).toEqual([
    '{conduit:presence}:agents',
    '{conduit:presence}:nodes',
  ]);
  expect(await redis.client.hgetall('{conduit:presence}:agents')).toEqual({
    'agent-1': '1 node-1',
  });
});

test('a node announces its agents as they come and go, and a Redis that came back empty hears it again', async () => {
  const links = new Map<string, number>();
  const attached = {
    agentIds: () => [...links.keys()],
    newest: (id: string) => links.has(id) && { peer: { join: { sequence: links.get(id) } } },
  } as unknown as AttachedLinks;
  const broadcast = new MemoryBroadcast();
  const announce = new AnnounceAgents(attached, presence, broadcast);
  links.set('agent-1', 1);
  await announce.start(first);
  expect(await presence.find('agent-1')).toEqual(first);
  links.set('agent-2', 1);
  await broadcast.publish('agent.changed', 'agent-2');
  expect(await presence.find('agent-2')).toEqual(first);
  links.delete('agent-2');
  await broadcast.publish('agent.changed', 'agent-2');
  expect(await presence.find('agent-2')).toBeUndefined();
  await redis.empty();
  await announce.beat();
  expect(await presence.find('agent-1')).toEqual(first);
  announce.stop();
  links.delete('agent-1');
  await broadcast.publish('agent.changed', 'agent-1');
  expect(await presence.find('agent-1')).toEqual(first);
});
