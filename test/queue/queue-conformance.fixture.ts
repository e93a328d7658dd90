/**
 * What a queue promises on any kind of Redis: registers the tests for one kind.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ConduitError } from '#libs/errors/conduit-error.js';
import type { JobTurn } from '#libs/queue/job-handlers.js';
import type { JobTerms } from '#libs/queue/job-queue.js';
import { added, completed, completedJobs, held, quiet } from '#test/queue/chores.fixture.js';
import { QueueNode, type NodeWishes } from '#test/queue/queue-node.fixture.js';
import type { TestRedis } from '#test/support/test-redis.js';

/** A bound on closing where what is checked afterwards needs its end; it takes milliseconds. */
const CLOSING_MS = 20_000;
const SECRET = 'Zz Testpatient 12 Nowhere Street';

export function queueConformance(open: () => Promise<TestRedis>): void {
  let redis: TestRedis;
  let nodes: QueueNode[] = [];

  beforeAll(async () => {
    redis = await open();
  });
  beforeEach(() => redis.empty());
  afterEach(async () => {
    for (const node of nodes) await node.queue.close(1_000);
    nodes = [];
  });
  afterAll(() => redis.stop());

  function aNode(wishes: NodeWishes = {}): QueueNode {
    const node = new QueueNode(redis.url, wishes);
    nodes.push(node);
    return node;
  }

  describe('a schedule', () => {
    test('runs its job again and again', async () => {
      await aNode().ran(3);
    });

    test('is one for all nodes: each turn runs once', async () => {
      const nodes = [aNode(), aNode(), aNode()];
      await Promise.race(nodes.map((node) => node.ran(10)));
      for (const node of nodes) await node.queue.close(CLOSING_MS);
      const done = await completedJobs(redis);
      expect(new Set(done).size).toBe(done.length);
      expect(nodes.flatMap((node) => node.runs)).toHaveLength(done.length);
    });

    test('goes on when nodes come and go', async () => {
      const first = aNode();
      await first.ran(2);
      const second = aNode();
      await first.queue.close(1_000);
      await second.ran(2);
    });
  });

  describe('a job', () => {
    test('is run with its ids by one node', async () => {
      const node = aNode(quiet);
      const heard: unknown[][] = [];
      node.on('run', (...args) => heard.push(args));
      const siteId = await added(node);
      await node.ran(2);
      expect(heard.at(-1)).toEqual(['site.visit', { siteId }]);
    });

    test('that comes after its deadline is dropped unseen', async () => {
      const node = aNode(quiet);
      await added(node, { deadline: Date.now() - 1 });
      await node.reported('site.visit dropped');
      expect(node.runs).toEqual(['clock.tick']);
    });

    test('is dropped at its deadline while nothing else finishes, wherever it waits', async () => {
      const { does, release } = held();
      const node = aNode({ ...quiet, does });
      await added(node);
      await node.ran(2);
      // One waits for the only place, the other for its time.
      await node.queue.add('site.visit', { siteId: randomUUID() }, { deadline: Date.now() + 200 });
      const late = { deadline: Date.now() + 200, delayMs: 60_000 };
      await node.queue.add('site.visit', { siteId: randomUUID() }, late);
      while (node.reports.filter((report) => report === 'site.visit dropped').length < 2) {
        await once(node, 'report');
      }
      expect(Date.now()).toBeLessThan(late.deadline + 1_500);
      const isJob = (key: string) => /:chores:\d+$/.test(key);
      expect((await redis.keys()).filter(isJob)).toHaveLength(1);
      release();
      await node.queue.close(1_000);
      expect(node.runs).toHaveLength(2);
    });

    test('is dropped once by one of several nodes, and by none that only adds', async () => {
      const { does, release } = held();
      const nodes = [aNode({ ...quiet, does }), aNode({ ...quiet, does })];
      const adder = aNode({ ...quiet, adds: true });
      await Promise.race(nodes.map((node) => node.ran(1)));
      const visit = (terms?: JobTerms) =>
        adder.queue.add('site.visit', { siteId: randomUUID() }, terms);
      await Promise.all([visit(), visit()]);
      await Promise.all(nodes.map((node) => node.ran(node.runs.includes('clock.tick') ? 2 : 1)));
      await Promise.all(Array.from({ length: 20 }, () => visit({ deadline: Date.now() + 100 })));
      const drops = () => nodes.flatMap((node) => node.reports).length;
      while (drops() < 20) await Promise.race(nodes.map((node) => once(node, 'report')));
      await new Promise((resolve) => setTimeout(resolve, 600));
      expect([drops(), adder.reports.length, adder.runs.length]).toEqual([20, 0, 0]);
      release();
    });

    test('may be due later, and not before', async () => {
      const node = aNode(quiet);
      await node.ran(1);
      const addedAt = Date.now();
      await node.queue.add('site.visit', { siteId: randomUUID() }, { delayMs: 300 });
      await node.ran(2);
      expect(Date.now() - addedAt).toBeGreaterThanOrEqual(300);
    });

    test('of an id is there once while it waits, and may come again when it is done', async () => {
      const { does, release } = held();
      const node = aNode({ ...quiet, does });
      const jobId = randomUUID();
      await added(node);
      await node.ran(2);
      const again = () => node.queue.add('site.visit', { siteId: randomUUID() }, { jobId });
      await Promise.all([again(), again()]);
      release();
      await node.ran(3);
      await completed(redis, 3);
      await again();
      await node.ran(4);
      await completed(redis, 4);
      expect(node.runs).toHaveLength(4);
    });

    test('can be taken back while it waits, not while it runs', async () => {
      const { does, release } = held();
      const node = aNode({ ...quiet, does });
      const [running, waiting] = [randomUUID(), randomUUID()];
      await node.ran(1);
      await node.queue.add('site.visit', { siteId: randomUUID() }, { jobId: running });
      await node.ran(2);
      await node.queue.add(
        'site.visit',
        { siteId: randomUUID() },
        { jobId: waiting, delayMs: 200 },
      );
      const removed = [waiting, running].map((id) => node.queue.remove('site.visit', id));
      expect(await Promise.all(removed)).toEqual([true, false]);
      release();
      await completed(redis, 2);
      expect(await node.queue.remove('site.visit', randomUUID())).toBe(true);
      await expect(node.queue.remove('site.visit', SECRET)).rejects.toMatchObject({
        code: 'INTERNAL',
      });
      expect(await redis.client.zcard('{conduit:chores}:chores:delayed')).toBe(1);
    });

    test('that failed comes again after a pause, and its handler knows which attempt it is', async () => {
      const turns: unknown[] = [];
      const does = (job: string, turn: JobTurn) => {
        if (job === 'site.visit') turns.push(turn);
        if (turns.length === 1) throw new Error(SECRET);
      };
      const node = aNode({
        ...quiet,
        visiting: { attempts: 2, pause: { baseMs: 20, maxMs: 50 } },
        does,
      });
      await added(node);
      await node.ran(3);
      expect(turns).toEqual([
        { attempt: 1, last: false },
        { attempt: 2, last: true },
      ]);
      expect(node.reports).toEqual(['site.visit failed INTERNAL']);
    });

    test('of a schedule that comes too late is dropped, and its successor runs', async () => {
      const { does, release } = held();
      const node = aNode({ ticking: { everyMs: 300, deadlineMs: 50 }, does });
      await added(node);
      while (!node.runs.includes('site.visit')) await once(node, 'run');
      // The next turn becomes due and its deadline passes while the only place is taken.
      setTimeout(release, 600);
      await node.reported('clock.tick dropped');
      const before = node.runs.length;
      await node.ran(before + 1);
    });

    test('takes ids only: no other word gets as far as Redis', async () => {
      const node = aNode(quiet);
      await node.ran(1);
      const siteId = randomUUID();
      const wrong = [{ siteId: SECRET }, {}, { siteId, note: SECRET }, { note: siteId }];
      for (const ids of wrong as Record<string, string>[]) {
        await expect(node.queue.add('site.visit', ids)).rejects.toMatchObject({ code: 'INTERNAL' });
      }
      await expect(node.queue.add(SECRET, { siteId })).rejects.toMatchObject({ code: 'INTERNAL' });
      expect(redis.commands.includes(SECRET)).toBe(false);
    });
  });

  describe('what is in Redis', () => {
    test('is names, ids, times and bare codes, whatever handlers return and throw', async () => {
      let turn = 0;
      const node = aNode({
        ...quiet,
        does: () => {
          turn += 1;
          if (turn === 2) throw new Error(SECRET);
          if (turn === 3) throw new ConduitError('STORE_UNAVAILABLE', { cause: new Error(SECRET) });
          return SECRET as unknown as undefined;
        },
      });
      const ids = [await added(node), await added(node), await added(node)];
      await node.ran(4);
      await node.queue.close(CLOSING_MS);
      expect(node.reports).toEqual([
        'site.visit failed INTERNAL at last',
        'site.visit failed STORE_UNAVAILABLE at last',
      ]);
      const kept = await redis.contents();
      expect(kept).toContain('STORE_UNAVAILABLE');
      // What failed is kept a while; the last is done and gone.
      expect(ids.map((id) => kept.includes(id))).toEqual([true, true, false]);
      for (const word of ['Testpatient', 'Nowhere', '.ts:', 'node_modules', 'Error:']) {
        expect(kept).not.toContain(word);
        expect(redis.commands).not.toContain(word);
      }
    });

    test('shares one hash tag, so that a Cluster keeps a queue in one place', async () => {
      const node = aNode(quiet);
      await added(node);
      await node.ran(2);
      const keys = await redis.keys();
      expect(keys.length).toBeGreaterThan(3);
      expect(keys.filter((key) => !key.startsWith('{conduit:chores}:'))).toEqual([]);
    });

    test('stays bounded', async () => {
      const node = aNode(quiet);
      await node.ran(1);
      const visits = Array.from({ length: 120 }, () => ({ siteId: randomUUID() }));
      await Promise.all(visits.map((ids) => node.queue.add('site.visit', ids)));
      await node.ran(121);
      await node.queue.close(CLOSING_MS);
      expect(await redis.client.zcard('{conduit:chores}:chores:completed')).toBe(1);
      expect(await redis.client.zcard('{conduit:chores}:chores:deadlines')).toBe(0);
      expect((await redis.keys()).length).toBeLessThan(15);
    });
  });

  describe('a node that closes', () => {
    test('lets its running job finish', async () => {
      let finished = false;
      const does = async () => {
        await new Promise((resolve) => setTimeout(resolve, 100));
        finished = true;
      };
      const node = aNode({ ...quiet, does });
      await node.ran(1);
      await node.queue.close(CLOSING_MS);
      expect(finished).toBe(true);
      expect(await completedJobs(redis)).toHaveLength(1);
    });
  });
}
