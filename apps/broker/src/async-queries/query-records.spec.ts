import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { QueryRecord } from '#apps/broker/src/async-queries/query-record.js';
import { QueryRecords } from '#apps/broker/src/async-queries/query-records.js';
import { TransientStore } from '#apps/broker/src/transient/transient-store.js';
import { FixedClock } from '#libs/kernel/clock.js';
import { untilReady } from '#test/support/ready-store.js';
import { hasRedis, redisServers, type TestRedis } from '#test/support/test-redis.js';

const sealed = Buffer.from([0, 0xff, 0x80, 10, 13]);

(hasRedis('records of queries') ? describe : describe.skip).each(redisServers)(
  'the record of a query on %s',
  (_name, start) => {
    let redis: TestRedis;
    let store: TransientStore;
    const clock = new FixedClock(1_800_000_000_000);
    const records = (): QueryRecords => new QueryRecords(store, clock);

    beforeAll(async () => {
      redis = await start();
      store = await untilReady(TransientStore.open(redis.url));
    }, 30_000);
    afterAll(async () => {
      store?.close();
      await redis?.stop();
    });
    afterEach(() => redis.empty());

    async function created(request = sealed): Promise<QueryRecord> {
      const record = aRecord(clock.now());
      expect(await records().create(record, request)).toBe(true);
      return record;
    }

    test('waits from the moment it was taken in', async () => {
      const { id, createdAtMs } = await created();
      expect(await records().read(id)).toMatchObject({
        state: 'queued',
        began: { initialising: createdAtMs, queued: createdAtMs },
        ended: { initialising: createdAtMs },
      });
      expect(await records().create(aRecord(clock.now(), id), sealed)).toBe(false);
    });

    test('begins to run once, with its request beside it', async () => {
      const { id } = await created();
      const runId = randomUUID();
      clock.advance(5);
      const begun = await records().begin(id, runId);
      expect(begun).toMatchObject({ begun: true, request: sealed });
      expect(begun?.record).toMatchObject({ id, state: 'executing', runId, writes: false });
      expect(await records().read(id)).toMatchObject({
        state: 'executing',
        runId,
        began: { executing: clock.now() },
        ended: { queued: clock.now() },
      });
      const other = await records().begin(id, randomUUID());
      expect(other).toMatchObject({ begun: false, record: { state: 'executing', runId } });
      expect(other).not.toHaveProperty('request');
    });

    test('takes the same run, sent twice by the driver, for one', async () => {
      const { id } = await created();
      const runId = randomUUID();
      await records().begin(id, runId);
      expect(await records().begin(id, runId)).toMatchObject({ begun: true, request: sealed });
      await records().move(id, { from: ['executing'], to: 'cancelled' });
      expect(await records().begin(id, runId)).toMatchObject({ begun: false });
    });

    test('does not begin past its time, nor after its end, nor when it is gone', async () => {
      const late = await created();
      const over = await created();
      await records().move(over.id, { from: ['queued'], to: 'cancelled' });
      clock.advance(60_000);
      const refused = { begun: false, record: { state: 'queued' } };
      expect(await records().begin(late.id, randomUUID())).toMatchObject(refused);
      expect(await records().begin(over.id, randomUUID())).toMatchObject({
        begun: false,
        record: { state: 'cancelled' },
      });
      expect(await records().begin(randomUUID(), randomUUID())).toBeUndefined();
    });

    test('leaves a large request where it is until there is room for it', async () => {
      const large = Buffer.alloc(64 * 1024 + 1, 7);
      const { id } = await created(large);
      const begun = await records().begin(id, randomUUID());
      expect(begun?.begun).toBe(true);
      expect(begun).not.toHaveProperty('request');
      expect(await records().request(id)).toEqual(large);
    });
  },
);

function aRecord(nowMs: number, id = randomUUID() as string): QueryRecord {
  return {
    id,
    integratorId: randomUUID(),
    siteId: randomUUID(),
    practiceId: randomUUID(),
    keyId: randomUUID(),
    requestId: '',
    state: 'initialising',
    mode: 'reader',
    writes: false,
    columns: false,
    resultSets: 'first',
    maxTimeInQueueMs: 60_000,
    commandBytes: 8,
    requestBytes: sealed.length,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    deadlineMs: nowMs + 60_000,
    sealedTo: '',
    resultKey: '',
    idempotencyKey: id,
    runs: 0,
    began: {},
    ended: {},
  };
}
