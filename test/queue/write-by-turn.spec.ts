import { expect, test } from '@jest/globals';
import type { Cluster, Redis } from 'ioredis';
import type { RedisConnection } from '#libs/redis/open-redis.js';
import { hasRedis, redisServers } from '#test/support/test-redis.js';

const COMMANDS = 300;

/** How often the servers have read from their sockets so far, as they count it. */
async function readsOf(client: RedisConnection): Promise<number> {
  const nodes = client.isCluster ? (client as Cluster).nodes('master') : [client as Redis];
  const stats = await Promise.all(nodes.map((node) => node.info('stats')));
  return stats.reduce((sum, text) => sum + Number(/reads_processed:(\d+)/.exec(text)?.[1]), 0);
}

(hasRedis('writing by the turn') ? test : test.skip).each(redisServers)(
  'sends the commands of one turn together and in their order, on %s',
  async (_name, start) => {
    const redis = await start();
    try {
      const { client } = redis;
      const count = (): Promise<number>[] =>
        Array.from({ length: COMMANDS }, (_, n) => client.incr(`{counter ${n % 3}}`));
      await Promise.all(count());
      const before = await readsOf(client);
      const counted = await Promise.all(count());
      // A few of them are those of the asking itself; others' connections to the server are idle.
      expect((await readsOf(client)) - before).toBeLessThan(COMMANDS / 10);
      const each = COMMANDS / 3;
      expect(counted).toEqual(
        Array.from({ length: COMMANDS }, (_, n) => each + 1 + Math.floor(n / 3)),
      );
    } finally {
      await redis.stop();
    }
  },
  30_000,
);
