/** The queue on one server, and what happens when the wire to it breaks. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { added, held, quiet } from '#test/queue/chores.fixture.js';
import { Cable } from '#test/queue/cable.fixture.js';
import { queueConformance } from '#test/queue/queue-conformance.fixture.js';
import { QueueNode, type NodeWishes } from '#test/queue/queue-node.fixture.js';
import { TestRedis } from '#test/support/test-redis.js';

describe('on one server', () => queueConformance(() => TestRedis.single()));

/** A node that vanished is missed soon. */
const lockMs = 400;

describe('on a wire that breaks', () => {
  let redis: TestRedis;
  let endings: (() => Promise<void> | void)[] = [];

  beforeAll(async () => {
    redis = await TestRedis.single();
  });
  beforeEach(() => redis.empty());
  afterEach(async () => {
    for (const end of endings.reverse()) await end();
    endings = [];
  });
  afterAll(() => redis.stop());

  function aNode(wishes: NodeWishes = {}, url = redis.url): QueueNode {
    const node = new QueueNode(url, wishes);
    endings.push(() => node.queue.close(1_000));
    return node;
  }

  async function aCable(): Promise<Cable> {
    const cable = await Cable.lay(redis.url);
    endings.push(() => cable.remove());
    return cable;
  }

  describe('a node that vanishes in the middle of a job', () => {
    test('has it repeated by another when jobs may run twice', async () => {
      const cable = await aCable();
      const { does, release } = held();
      const first = aNode({ ...quiet, lockMs, does }, cable.url);
      await added(first);
      await first.ran(2);
      cable.cut();
      const second = aNode({ ...quiet, lockMs });
      await second.ran(1);
      expect(second.runs).toEqual(['site.visit']);
      release();
    });

    test('has it failed, not repeated, when nobody knows how far it came', async () => {
      const cable = await aCable();
      const chores = { idempotent: false };
      const { does, release } = held();
      const first = aNode({ ...quiet, chores, lockMs, does }, cable.url);
      await added(first);
      await first.ran(2);
      cable.cut();
      const second = aNode({ ...quiet, chores, lockMs });
      const failed = '{conduit:chores}:chores:failed';
      while ((await redis.client.zcard(failed)) === 0) await new Promise((r) => setTimeout(r, 50));
      expect(second.runs).toEqual([]);
      release();
    });
  });

  describe('Redis', () => {
    test('may be away when a node starts', async () => {
      const cable = await aCable();
      cable.cut();
      const node = aNode({}, cable.url);
      await node.reported('lost');
      const add = node.queue.add('site.visit', { siteId: randomUUID() });
      await expect(add).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE' });
      cable.connect(redis.url);
      await node.ran(2);
    });

    test('may be lost and come back empty: schedules are made again', async () => {
      const cable = await aCable();
      const node = aNode({}, cable.url);
      await node.ran(2);
      cable.cut();
      await node.reported('lost');
      await redis.empty();
      const before = node.runs.length;
      cable.connect(redis.url);
      await node.reported('recovered');
      await node.ran(before + 3);
      // A turn that was under way is gone with the rest, which BullMQ says with its number.
      const reports = node.reports.filter((report) => report !== 'faulted -1');
      expect(reports).toEqual(['lost', 'recovered']);
    });

    test('may be lost in the middle of a job and come back empty', async () => {
      const cable = await aCable();
      const { does, release } = held();
      const node = aNode({ does }, cable.url);
      await added(node);
      while (!node.runs.includes('site.visit')) await once(node, 'run');
      cable.cut();
      await node.reported('lost');
      await redis.empty();
      release();
      const before = node.runs.length;
      cable.connect(redis.url);
      await node.ran(before + 2);
    });
  });

  describe('a node that closes', () => {
    test('does not wait longer than it was told, neither for a job nor for a lost Redis', async () => {
      const cable = await aCable();
      const { does, release } = held();
      const stuck = aNode({ ...quiet, does });
      await added(stuck);
      await stuck.ran(2);
      // Beside it from the beginning it might have taken what the first is to be stuck in.
      const cutOff = aNode(quiet, cable.url);
      await stuck.queue.add('site.visit', { siteId: randomUUID() });
      await cutOff.ran(1);
      cable.cut();
      await cutOff.reported('lost');
      const started = Date.now();
      await Promise.all([stuck.queue.close(200), cutOff.queue.close(200)]);
      expect(Date.now() - started).toBeLessThan(1_500);
      release();
    });
  });
});
