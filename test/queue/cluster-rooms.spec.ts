/** What else the broker keeps in Redis works on a cluster as on one server. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { RedisBroadcast } from '#apps/broker/src/broadcast/broadcast.redis.js';
import { RedisScript } from '#apps/broker/src/transient/redis-script.js';
import { TransientStore } from '#apps/broker/src/transient/transient-store.js';
import { hasRedis, TestRedis } from '#test/support/test-redis.js';
import { until } from '#test/support/settle.js';

const whenThere = hasRedis('broadcast and transient store on a cluster') ? describe : describe.skip;

whenThere('on a Redis Cluster', () => {
  let redis: TestRedis;

  beforeAll(async () => {
    redis = await TestRedis.ofCluster();
  });
  afterAll(() => redis.stop());

  test('a broadcast reaches the other node', async () => {
    const nodes = [new RedisBroadcast(redis.url), new RedisBroadcast(redis.url)];
    const heard: string[] = [];
    nodes[1]?.subscribe('site.changed', (id) => void heard.push(id));
    await until(() => nodes.every((node) => node.state() === 'ok'));
    // Nothing says when a cluster's subscription has arrived at its node: call until it is heard.
    while (heard.length === 0) {
      await nodes[0]?.publish('site.changed', 'site-1');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(new Set(heard)).toEqual(new Set(['site-1']));
    for (const node of nodes) await node.close();
  });

  test('the transient store runs its scripts where the keys are', async () => {
    const store = TransientStore.open(redis.url);
    await until(() => store.isThere);
    const script = new RedisScript("return redis.call('incrby', KEYS[1], ARGV[1])");
    const keys = Array.from({ length: 20 }, () => `{${randomUUID()}}:count`);
    for (const key of keys) await store.run(script, [key], [2]);
    expect(await Promise.all(keys.map((key) => store.run(script, [key], [3])))).toEqual(
      keys.map(() => 5),
    );
    store.close();
  });
});
