import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { sql } from 'kysely';
import { auditLimits, StoredAuditTrail } from '#apps/broker/src/audit/audit-trail.postgres.js';
import { insertRecords } from '#apps/broker/src/audit/record-batch.js';
import { MemoryEventLog } from '#apps/broker/src/logging/event-log.js';
import { textLeafHash } from '#libs/audit/tree-hash.js';
import { openMemoryStore } from '#libs/db/empty-store.fixture.js';
import type { OpenedDatabase } from '#libs/db/open-database.js';
import { FixedClock } from '#libs/kernel/clock.js';

let store: OpenedDatabase;
const clock = new FixedClock(Date.UTC(2026, 0, 2));

beforeAll(async () => {
  store = await openMemoryStore();
});

afterAll(() => store.close());

const aTrail = (log = new MemoryEventLog()) => new StoredAuditTrail(store.kysely, clock, log);

const recordsOf = (requestPrefix: string) =>
  store.kysely
    .selectFrom('audit_records')
    .selectAll()
    .where('record', 'like', `%"requestId":"${requestPrefix}%`)
    .orderBy('seq')
    .execute();

test('stores noted records in their order with the leaf hash of their canonical text', async () => {
  const trail = aTrail();
  for (let index = 0; index < 600; index++) {
    trail.note({ type: 'query.executed', requestId: `order-${index}`, practice: 'p' });
  }
  await trail.flush();
  const rows = await recordsOf('order-');
  expect(rows.map((row) => JSON.parse(row.record).requestId)).toEqual(
    Array.from({ length: 600 }, (_, index) => `order-${index}`),
  );
  expect(rows[0]).toMatchObject({
    practice_id: 'p',
    record: expect.stringMatching(
      /^\{"practice":"p","requestId":"order-0","salt":"[\w-]{22}","ts":"2026-01-02T00:00:00\.000Z","type":"query\.executed"\}$/,
    ),
  });
  expect(rows[0]?.leaf_hash).toEqual(textLeafHash(rows[0]?.record ?? ''));
});

test('a security act is stored before the caller goes on, or rolled back with its transaction', async () => {
  const trail = aTrail();
  await trail.record({ type: 'key.created', requestId: 'act-1' });
  expect(await recordsOf('act-1')).toHaveLength(1);
  const failed = store.kysely.transaction().execute(async (transaction) => {
    await trail.record({ type: 'key.created', requestId: 'act-2' }, transaction);
    throw new Error('planned');
  });
  await expect(failed).rejects.toThrow('planned');
  expect(await recordsOf('act-2')).toHaveLength(0);
});

test('stops dispatch after five seconds without a write and catches up afterwards', async () => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
  try {
    const log = new MemoryEventLog();
    const trail = aTrail(log);
    await sql`alter table audit_records rename to audit_records_gone`.execute(store.kysely);
    trail.note({ type: 'query.executed', requestId: 'stall-1' });
    jest.advanceTimersByTime(auditLimits.batchWaitMs);
    await expect(trail.record({ type: 'key.created' })).rejects.toMatchObject({
      code: 'AUDIT_UNAVAILABLE',
    });
    // The store answers in turn: by now the batch has failed too.
    await sql`select 1`.execute(store.kysely);
    await new Promise((resolve) => setImmediate(resolve));
    expect(trail.accepts()).toBe(true);
    jest.advanceTimersByTime(auditLimits.stallMs + 1);
    // Whoever sets the clock back gains nothing.
    clock.advance(-3_600_000);
    expect(trail.accepts()).toBe(false);
    clock.advance(3_600_000);
    await sql`alter table audit_records_gone rename to audit_records`.execute(store.kysely);
    await trail.flush();
    expect(trail.accepts()).toBe(true);
    expect(await recordsOf('stall-1')).toHaveLength(1);
    expect(log.lines.map((line) => line.event)).toEqual(['audit.stalled', 'audit.recovered']);
  } finally {
    jest.useRealTimers();
  }
});

describe('with a log that takes batches in as they are stored', () => {
  const storing = (trail: StoredAuditTrail, answer: (stored: Promise<void>) => Promise<boolean>) =>
    trail.follow({
      keepsUp: () => true,
      store: (records) => answer(insertRecords(store.kysely, records)),
      stored: () => undefined,
    });

  test('a batch is stored once, whether its log answers yes, no, or never did', async () => {
    const answers = {
      yes: (stored: Promise<void>) => stored.then(() => true),
      lost: (stored: Promise<void>) => stored.then(() => Promise.reject(new Error('planned'))),
    };
    for (const [name, answer] of Object.entries(answers)) {
      const trail = aTrail();
      storing(trail, answer);
      for (const at of [1, 2, 3])
        trail.note({ type: 'query.executed', requestId: `${name}-${at}` });
      await trail.flush();
      expect(await recordsOf(`${name}-`)).toHaveLength(3);
    }
    const trail = aTrail();
    trail.follow({ keepsUp: () => true, store: async () => false, stored: () => undefined });
    trail.note({ type: 'query.executed', requestId: 'no-1' });
    await trail.flush();
    expect(await recordsOf('no-')).toHaveLength(1);
  });

  test('what is noted while somebody waits for the last of it is stored once', async () => {
    const trail = aTrail();
    const seen: string[] = [];
    const store = async (records: readonly { requestId?: string }[]) => {
      await new Promise((resolve) => setImmediate(resolve));
      seen.push(...records.map(({ requestId }) => requestId ?? ''));
      return true;
    };
    trail.follow({ keepsUp: () => true, store, stored: () => undefined });
    const note = (requestId: string) => trail.note({ type: 'query.executed', requestId });
    const ids = Array.from({ length: 3 * auditLimits.batchRecords }, (_, at) => `twice-${at}`);
    ids.slice(0, 200).forEach(note);
    const flushed = trail.flush();
    ids.slice(200).forEach(note);
    await Promise.all([flushed, trail.flush()]);
    expect(seen).toEqual(ids);
  });

  test('what was stored by a try whose answer was lost is not stored again by a later one', async () => {
    const trail = aTrail();
    const rename = (from: string, to: string) =>
      sql`alter table ${sql.table(from)} rename to ${sql.table(to)}`.execute(store.kysely);
    storing(trail, async (stored) => {
      await stored;
      await rename('audit_records', 'audit_records_gone');
      throw new Error('planned');
    });
    trail.note({ type: 'query.executed', requestId: 'again-1' });
    await expect(trail.flush()).rejects.toMatchObject({ code: '42P01' });
    await rename('audit_records_gone', 'audit_records');
    trail.note({ type: 'query.executed', requestId: 'again-2' });
    await trail.flush();
    expect(await recordsOf('again-')).toHaveLength(2);
  });
});

test('refusals have no more room than memory has; what was run is kept, and nothing more is', async () => {
  const bound = jest.replaceProperty(auditLimits, 'waitingRecords', 300);
  const log = new MemoryEventLog();
  const trail = aTrail(log);
  await sql`alter table audit_records rename to audit_records_gone`.execute(store.kysely);
  for (let index = 0; index <= auditLimits.waitingRecords; index++) {
    trail.note({ type: 'key.refused', requestId: `flood-${index}` });
  }
  trail.note({ type: 'query.executed', requestId: 'ran-1' });
  expect(trail.accepts()).toBe(false);
  await sql`alter table audit_records_gone rename to audit_records`.execute(store.kysely);
  await trail.flush();
  expect(trail.accepts()).toBe(true);
  expect(await recordsOf('ran-1')).toHaveLength(1);
  expect(await recordsOf('flood-')).toHaveLength(auditLimits.waitingRecords);
  expect(log.lines.at(-1)).toMatchObject({ event: 'audit.recovered', fields: { dropped: 1 } });
  bound.restore();
});
