/** The queue on a Redis Cluster of three nodes. */
import { afterAll, afterEach, beforeAll, describe, test } from '@jest/globals';
import { added } from '#test/queue/chores.fixture.js';
import { queueConformance } from '#test/queue/queue-conformance.fixture.js';
import { QueueNode } from '#test/queue/queue-node.fixture.js';
import { hasRedis, TestRedis } from '#test/support/test-redis.js';

const whenThere = hasRedis('the queue on a Redis Cluster') ? describe : describe.skip;

whenThere('on a cluster', () => queueConformance(() => TestRedis.ofCluster()));

whenThere('a node of the cluster', () => {
  let redis: TestRedis;
  let node: QueueNode;

  beforeAll(async () => {
    redis = await TestRedis.ofCluster();
  });
  afterEach(() => node.queue.close(1_000));
  afterAll(() => redis.stop());

  test('may die and come back empty: schedules are made again, jobs are taken again', async () => {
    node = new QueueNode(redis.url);
    await added(node);
    await node.ran(3);
    await redis.cluster?.restartKeeperOf('{conduit:chores}:chores:meta');
    const before = node.runs.length;
    await node.ran(before + 3);
    await added(node);
    while (!node.runs.slice(before).includes('site.visit')) await node.ran(node.runs.length + 1);
  });
});
