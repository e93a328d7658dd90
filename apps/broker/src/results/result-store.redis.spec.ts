import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import type { BackgroundJobs } from '#apps/broker/src/jobs/background-jobs.js';
import { keysOf } from '#apps/broker/src/results/result-keys.js';
import { RedisResultStore } from '#apps/broker/src/results/result-store.redis.js';
import type { ResultOwner } from '#apps/broker/src/results/result-store.port.js';
import { SweepHeld } from '#apps/broker/src/results/sweep-held.js';
import { TransientBudget } from '#apps/broker/src/transient/transient-budget.js';
import { TransientStore } from '#apps/broker/src/transient/transient-store.js';
import { untilReady } from '#test/support/ready-store.js';
import type { SealedPage } from '#libs/contracts/result-page.js';
import { FixedClock } from '#libs/kernel/clock.js';
import { hasRedis, redisServers, type TestRedis } from '#test/support/test-redis.js';

const HOUR_MS = 3_600_000;
const KB = 1_024;

(hasRedis('stored results') ? describe : describe.skip).each(redisServers)(
  'results on %s',
  (_name, start) => {
    let redis: TestRedis;
    let store: TransientStore;
    const clock = new FixedClock(1_800_000_000_000);
    const receipts: { reason?: string; count?: number; queryId?: string }[] = [];
    const scheduled: { ownerId: string; delayMs?: number }[] = [];
    const config = Object.assign(new BrokerConfig(), {
      maxTransientBytes: 40 * KB,
      maxTransientBytesEach: 25 * KB,
    });

    beforeAll(async () => {
      redis = await start();
      store = await untilReady(TransientStore.open(redis.url));
    }, 30_000);
    afterAll(async () => {
      store?.close();
      await redis?.stop();
    });
    afterEach(async () => {
      receipts.length = 0;
      scheduled.length = 0;
      await redis.empty();
    });

    function aStore(): { results: RedisResultStore; sweep: SweepHeld } {
      const audit = { note: (record: object) => receipts.push(record) } as unknown as AuditTrail;
      const jobs = {
        add: async (_job: string, ids: { ownerId: string }, terms: object) =>
          scheduled.push({ ownerId: ids.ownerId, ...terms }),
      } as unknown as BackgroundJobs;
      const budget = new TransientBudget(store, config, clock);
      const results = new RedisResultStore(store, budget, jobs, audit, clock);
      return { results, sweep: new SweepHeld(budget, results, store, config) };
    }

    const anOwner = (integratorId: string = randomUUID()): ResultOwner => ({
      id: randomUUID(),
      integratorId,
      siteId: randomUUID(),
      queryId: randomUUID(),
    });

    const aPage = (page: number, bytes = 10 * KB): SealedPage => ({
      header: { page, rowsStart: page * 10, rowsEnd: page * 10 + 9, plainBytes: bytes - 72 },
      sealed: randomBytes(bytes),
    });

    test('are read as they were put, in order of their numbers', async () => {
      const { results } = aStore();
      const owner = anOwner();
      const [second, first] = [aPage(2), aPage(1)];
      expect(await results.putPage(owner, second)).toBe('stored');
      expect(await results.putPage(owner, first)).toBe('stored');
      expect((await results.pages(owner)).kept).toEqual([first.header, second.header]);
      expect(await results.readPage(owner, 1)).toEqual(first);
      expect(await results.readPage(owner, 3)).toBeUndefined();
      expect(await results.lastPage(owner)).toBe(2);
    });

    test('are told before they are there, until they are', async () => {
      const { results } = aStore();
      const owner = anOwner();
      const coming = [1, 2, 3].map((page) => aPage(page).header);
      const told = async () => (await results.pages(owner)).coming.map(({ page }) => page);
      await results.noteComing(owner, coming);
      expect(await results.pages(owner)).toEqual({ kept: [], coming });
      expect(await results.readPage(owner, 1)).toBeUndefined();
      await results.putPage(owner, aPage(1));
      expect(await told()).toEqual([2, 3]);
      await results.noteComing(owner, [aPage(2).header]);
      expect(await told()).toEqual([2]);
      await results.putPage(owner, aPage(2));
      await results.purgePage(owner, 2, 'deleted');
      expect(await told()).toEqual([]);
    });

    test('that never came are forgotten by Redis itself', async () => {
      const { results } = aStore();
      const owner = anOwner();
      await results.noteComing(owner, [aPage(1).header]);
      const [about] = keysOf(owner.id, 1);
      expect(await redis.client.pttl(about)).toBeGreaterThan(0);
      await results.putPage(owner, aPage(1));
      await results.noteComing(owner, [aPage(2).header]);
      expect(await redis.client.pttl(about)).toBeGreaterThan(24 * HOUR_MS);
    });

    test('keep the first of a page that comes twice, and count it once', async () => {
      const { results } = aStore();
      const owner = anOwner();
      const page = aPage(1);
      for (let n = 0; n < 5; n += 1) {
        expect(await results.putPage(owner, n === 0 ? page : aPage(1))).toBe('stored');
      }
      expect(await results.readPage(owner, 1)).toEqual(page);
      expect(await results.putPage(owner, aPage(2))).toBe('stored');
    });

    test('of one integrator end at its share, and others go on', async () => {
      const { results } = aStore();
      const owner = anOwner();
      for (const page of [1, 2]) await results.putPage(owner, aPage(page));
      expect(await results.putPage(owner, aPage(3))).toBe('full');
      const other = anOwner();
      expect(await results.putPage(other, aPage(1))).toBe('stored');
      expect(await results.putPage(other, aPage(2))).toBe('stored');
      expect(await results.putPage(anOwner(), aPage(1))).toBe('full');
      await results.purge(owner, 'deleted');
      expect(await results.putPage(anOwner(), aPage(1))).toBe('stored');
    });

    test('take a page that is larger than the share, when there is nothing else', async () => {
      const { results } = aStore();
      const owner = anOwner();
      expect(await results.putPage(owner, aPage(1, 30 * KB))).toBe('stored');
      expect(await results.putPage(owner, aPage(2, 1 * KB))).toBe('full');
    });

    test('make room by the pages that were fetched, but for the last of them', async () => {
      const { results } = aStore();
      const owner = anOwner();
      for (const page of [1, 2]) await results.putPage(owner, aPage(page));
      expect(await results.makeRoom(owner)).toBe(false);
      await results.noteFetched(owner, 1);
      expect(await results.makeRoom(owner)).toBe(false);
      await results.noteFetched(owner, 2);
      expect(await results.makeRoom(owner)).toBe(true);
      expect(await results.putPage(owner, aPage(3))).toBe('stored');
      expect((await results.pages(owner)).kept.map(({ page }) => page)).toEqual([2, 3]);
      expect(receipts).toMatchObject([{ reason: 'fetched', count: 1, queryId: owner.queryId }]);
    });

    test('leave one receipt when they are purged, whoever purges them again', async () => {
      const { results } = aStore();
      const owner = anOwner();
      for (const page of [0, 1, 2]) await results.putPage(owner, aPage(page, KB));
      await Promise.all([results.purge(owner, 'deleted'), results.purge(owner, 'cancelled')]);
      await results.purge(owner, 'deleted');
      expect(receipts).toHaveLength(1);
      expect(receipts[0]).toMatchObject({ count: 3, queryId: owner.queryId });
      expect((await results.pages(owner)).kept).toEqual([]);
      expect(await results.lastPage(owner)).toBe(2);
      expect((await redis.keys()).filter((key) => key.startsWith('conduit:result:'))).toHaveLength(
        1,
      );
    });

    test('are not read any more after their time, and then removed', async () => {
      const { results } = aStore();
      const owner = anOwner();
      await results.putPage(owner, aPage(1));
      const quarter = clock.now() + HOUR_MS / 4;
      await results.keepUntil(owner, quarter);
      await results.keepUntil(owner, quarter + HOUR_MS);
      expect(scheduled).toHaveLength(1);
      clock.advance(HOUR_MS / 4);
      await results.purgeWhenDue(owner);
      expect(await results.readPage(owner, 1)).toBeDefined();
      expect(scheduled).toHaveLength(2);
      clock.advance(HOUR_MS);
      expect(await results.readPage(owner, 1)).toBeUndefined();
      expect((await results.pages(owner)).kept).toEqual([]);
      await results.purgeWhenDue(owner);
      expect(receipts).toMatchObject([{ reason: 'fetched', count: 1 }]);
    });

    test('are never kept for longer than a day', async () => {
      const { results, sweep } = aStore();
      const [fetched, forgotten] = [anOwner(), anOwner()];
      await results.putPage(fetched, aPage(1));
      await results.putPage(forgotten, aPage(1));
      await results.keepUntil(fetched, clock.now() + 48 * HOUR_MS);
      clock.advance(24 * HOUR_MS + 1);
      expect(await results.readPage(fetched, 1)).toBeUndefined();
      await sweep.execute();
      expect(receipts.map(({ reason }) => reason).sort()).toEqual(['expired', 'fetched']);
      expect(await results.putPage(anOwner(fetched.integratorId), aPage(1, 24 * KB))).toBe(
        'stored',
      );
    });
  },
);
