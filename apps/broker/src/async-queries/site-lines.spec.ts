import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { lineLimits, SiteLines, type InLine } from '#apps/broker/src/async-queries/site-lines.js';
import { TransientStore } from '#apps/broker/src/transient/transient-store.js';
import { FixedClock } from '#libs/kernel/clock.js';
import { hasRedis, redisServers, type TestRedis } from '#test/support/test-redis.js';
import { untilReady } from '#test/support/ready-store.js';

(hasRedis('lines of queries') ? describe : describe.skip).each(redisServers)(
  'the line of a site on %s',
  (_name, start) => {
    let redis: TestRedis;
    let store: TransientStore;
    const clock = new FixedClock(1_800_000_000_000);

    beforeAll(async () => {
      redis = await start();
      store = await untilReady(TransientStore.open(redis.url));
    }, 30_000);
    afterAll(async () => {
      store?.close();
      await redis?.stop();
    });
    afterEach(() => redis.empty());

    const lines = (): SiteLines => new SiteLines(store, clock);
    const siteId = randomUUID();
    const claim = async (site: string, resting?: string[]): Promise<InLine | undefined> =>
      (await lines().claim(site, { ...(resting && { resting }), atMost: 1 }))[0];

    async function joined(integratorId: string, count: number): Promise<InLine[]> {
      const all: InLine[] = [];
      for (let n = 0; n < count; n += 1) {
        const query = { id: randomUUID(), siteId, integratorId, createdAtMs: clock.now() };
        clock.advance(1);
        await lines().join(query);
        all.push(query);
      }
      return all;
    }

    test('serves an integrator in the order in which it came', async () => {
      const queries = await joined('a', 3);
      for (const query of queries) {
        expect(await claim(siteId)).toEqual(query);
        await lines().leave(query);
      }
      expect(await claim(siteId)).toBeUndefined();
    });

    test('lets a quiet integrator pass one that floods', async () => {
      await joined('flood', 20);
      const served: string[] = [];
      const next = async (): Promise<void> => {
        const claimed = await claim(siteId);
        if (!claimed) return;
        served.push(claimed.integratorId);
        await lines().leave(claimed);
      };
      for (let n = 0; n < 5; n += 1) await next();
      await joined('quiet', 3);
      for (let n = 0; n < 6; n += 1) await next();
      expect(served.slice(5).filter((who) => who === 'quiet')).toHaveLength(3);
    });

    test('gives no integrator all places', async () => {
      const { claims, claimsEach } = lineLimits;
      await joined('flood', claimsEach + 2);
      for (let n = 0; n < claimsEach; n += 1) expect(await claim(siteId)).toBeDefined();
      expect(await claim(siteId)).toBeUndefined();
      await joined('quiet', claims - claimsEach + 2);
      for (let n = claimsEach; n < claims; n += 1) {
        expect(await claim(siteId)).toMatchObject({ integratorId: 'quiet' });
      }
      expect(await claim(siteId)).toBeUndefined();
    });

    test('hands out several at once in the same turns and within the same bounds', async () => {
      const { claims, claimsEach, claimsAtOnce } = lineLimits;
      const first = await joined('a', claimsEach + 4);
      const second = await joined('b', 4);
      const some = await lines().claim(siteId);
      expect(some).toHaveLength(claimsAtOnce);
      expect(some.slice(0, 4)).toEqual([first[0], second[0], first[1], second[1]]);
      const all = [...some];
      for (let more = some; more.length === claimsAtOnce; all.push(...more)) {
        more = await lines().claim(siteId);
      }
      expect(all.filter(({ integratorId }) => integratorId === 'a')).toHaveLength(claimsEach);
      expect(new Set(all.map(({ id }) => id)).size).toBe(claimsEach + 4);
      await joined('c', claims);
      expect(await lines().claim(siteId, { atMost: claims })).toHaveLength(claims - claimsEach - 4);
      expect(await lines().claim(siteId)).toEqual([]);
    });

    test('claims no more than the agent can soon begin', async () => {
      await joined('flood', 30);
      await joined('other', 30);
      const claimed = await lines().claim(siteId, { places: { all: 6, each: 3 } });
      expect(claimed.map(({ integratorId }) => integratorId).sort()).toEqual([
        ...Array.from({ length: 6 }, () => 'flood'),
        ...Array.from({ length: 6 }, () => 'other'),
      ]);
      expect(await lines().claim(siteId, { places: { all: 6, each: 3 } })).toEqual([]);
    });

    test('claims for an agent with a single place one that runs and one that waits', async () => {
      await joined('flood', 5);
      expect(await lines().claim(siteId, { places: { all: 1, each: 1 } })).toHaveLength(2);
    });

    test('lets in whoever has nothing under way, however much the others have', async () => {
      const places = { all: 2, each: 2 };
      await joined('flood', 10);
      await joined('other', 10);
      expect(await lines().claim(siteId, { places })).toHaveLength(4);
      const [first] = (await joined('quiet', 3)) as [InLine];
      expect(await lines().claim(siteId, { places })).toEqual([first]);
      expect(await lines().claim(siteId, { places })).toEqual([]);
    });

    test('serves next, of those that had as much, the one that has least under way', async () => {
      await joined('a', 10);
      expect(await lines().claim(siteId, { atMost: 4 })).toHaveLength(4);
      const [first] = (await joined('z', 1)) as [InLine];
      expect(await claim(siteId)).toEqual(first);
    });

    test('passes over an integrator that rests', async () => {
      await joined('a', 1);
      expect(await claim(siteId, ['a'])).toBeUndefined();
      await joined('b', 1);
      expect(await claim(siteId, ['a'])).toMatchObject({ integratorId: 'b' });
      expect(await claim(siteId)).toMatchObject({ integratorId: 'a' });
    });

    test('counts a query once, however often it joins', async () => {
      const [query] = (await joined('a', 1)) as [InLine];
      await lines().join(query);
      expect(await claim(siteId)).toEqual(query);
      await lines().join(query);
      expect(await claim(siteId)).toBeUndefined();
    });

    test('says who stands where', async () => {
      const [first, second] = (await joined('a', 2)) as [InLine, InLine];
      await joined('b', 2);
      expect([await lines().place(first), await lines().place(second)]).toEqual([1, 2]);
      await claim(siteId);
      expect([await lines().place(first), await lines().place(second)]).toEqual(['claimed', 1]);
      await lines().leave(first);
      expect(await lines().place(first)).toBeUndefined();
    });

    test('takes back a claim that is not renewed, to where it stood', async () => {
      const [first] = (await joined('a', 2)) as [InLine];
      expect(await claim(siteId)).toEqual(first);
      clock.advance(lineLimits.leaseMs - 1);
      expect(await lines().giveBackLapsed(siteId)).toBe(0);
      expect(await lines().renew(first)).toBe(true);
      clock.advance(lineLimits.leaseMs - 1);
      expect(await lines().giveBackLapsed(siteId)).toBe(0);
      clock.advance(2);
      expect(await lines().giveBackLapsed(siteId)).toBe(1);
      expect(await lines().renew(first)).toBe(false);
      expect(await claim(siteId)).toEqual(first);
    });

    test('holds no claim for longer than a lease because a clock was ahead', async () => {
      const [dead, living] = (await joined('a', 2)) as [InLine, InLine];
      clock.advance(3_600_000);
      expect([await claim(siteId), await claim(siteId)]).toEqual([dead, living]);
      clock.advance(-3_600_000);
      expect(await lines().giveBackLapsed(siteId)).toBe(0);
      clock.advance(lineLimits.leaseMs - 1);
      expect(await lines().renew(living)).toBe(true);
      clock.advance(2);
      expect(await lines().giveBackLapsed(siteId)).toBe(1);
      expect([await lines().place(dead), await lines().place(living)]).toEqual([1, 'claimed']);
    });

    test('is known while somebody stands in it', async () => {
      const [query] = (await joined('a', 1)) as [InLine];
      expect(await lines().sites()).toEqual([siteId]);
      await claim(siteId);
      expect(await lines().sites()).toEqual([siteId]);
      await lines().leave(query);
      expect(await lines().sites()).toEqual([]);
      await lines().join({ ...query, id: randomUUID() });
      expect(await lines().sites()).toEqual([siteId]);
    });
  },
);
