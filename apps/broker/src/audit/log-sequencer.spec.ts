import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { sql } from 'kysely';
import { StoredAuditTrail } from '#apps/broker/src/audit/audit-trail.postgres.js';
import { LogKey } from '#apps/broker/src/audit/log-key.js';
import { LogSequencer, sequencerLimits } from '#apps/broker/src/audit/log-sequencer.js';
import { SequenceRecords } from '#apps/broker/src/audit/sequence-records.js';
import { MemoryEventLog } from '#apps/broker/src/logging/event-log.js';
import { openMemoryStore } from '#libs/db/empty-store.fixture.js';
import type { OpenedDatabase } from '#libs/db/open-database.js';
import { SystemClock } from '#libs/kernel/clock.js';

const clock = new SystemClock();
let store: OpenedDatabase;
let log: MemoryEventLog;
let trail: StoredAuditTrail;
let sequencer: LogSequencer;

const sequencerWith = (seed: number) => {
  const key = new LogKey('conduit.internal/audit', Buffer.alloc(32, seed));
  return new LogSequencer(new SequenceRecords(store.kysely, key, clock), trail, log);
};
const sizes = async () => {
  const heads = store.kysely.selectFrom('audit_checkpoints').select('size').orderBy('size');
  return (await heads.execute()).map(({ size }) => Number(size));
};

beforeAll(async () => {
  store = await openMemoryStore();
});

afterAll(() => store.close());

beforeEach(() => {
  log = new MemoryEventLog();
  trail = new StoredAuditTrail(store.kysely, clock, log);
  sequencer = sequencerWith(5);
  sequencer.start();
});

afterEach(async () => {
  await sequencer.onApplicationShutdown();
  jest.restoreAllMocks();
});

test('a head follows a stored record within a second', async () => {
  const before = await sizes();
  const began = performance.now();
  await trail.record({ type: 'key.created' });
  while ((await sizes()).length === before.length) {
    expect(performance.now() - began).toBeLessThan(10_000);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
});

test('a batch is under a head as soon as it is stored, and every 256 of its leaves have one', async () => {
  const last = (await sizes()).at(-1) ?? 0;
  for (let at = 0; at < 1_024; at++) trail.note({ type: 'query.executed', requestId: `r-${at}` });
  await trail.flush();
  const heads = (await sizes()).filter((size) => size > last);
  expect(heads).toEqual([256, 512, 768, 1_024].map((more) => last + more));
});

test('256 records that had to wait do not wait for the clock', async () => {
  jest.spyOn(SequenceRecords.prototype, 'store').mockResolvedValue(false);
  const look = jest.spyOn(sequencer, 'look');
  for (let at = 0; at < 256; at++) trail.note({ type: 'query.executed', requestId: `w-${at}` });
  await trail.flush();
  expect(look).toHaveBeenCalled();
});

test('what is stored while the node stops is in the log when it has stopped', async () => {
  trail.note({ type: 'agent.left' });
  await trail.beforeApplicationShutdown();
  await sequencer.onApplicationShutdown();
  expect(
    await new SequenceRecords(store.kysely, new LogKey('x', Buffer.alloc(32)), clock).anyWaiting(),
  ).toBe(false);
});

test('nothing more is dispatched while records wait and the log does not move, and again once it does', async () => {
  jest.replaceProperty(sequencerLimits, 'stallMs', -1);
  expect(trail.accepts()).toBe(true);
  await sql`alter table audit_tiles rename to audit_tiles_gone`.execute(store.kysely);
  await trail.record({ type: 'key.created' });
  await sequencer.look();
  expect(trail.accepts()).toBe(false);
  await sql`alter table audit_tiles_gone rename to audit_tiles`.execute(store.kysely);
  await sequencer.look();
  expect(trail.accepts()).toBe(true);
  expect(log.lines.map(({ event }) => event)).toEqual(['audit-log.stalled', 'audit-log.recovered']);
  expect(log.lines[0]?.fields).toMatchObject({ reason: 'unavailable' });
});

test('a node with the key of another log stops dispatch instead of signing', async () => {
  jest.replaceProperty(sequencerLimits, 'stallMs', -1);
  await sequencer.onApplicationShutdown();
  const stranger = sequencerWith(6);
  stranger.start();
  await trail.record({ type: 'key.created' });
  await stranger.look();
  expect(trail.accepts()).toBe(false);
  expect(log.lines[0]).toMatchObject({
    event: 'audit-log.stalled',
    fields: { reason: 'other-key' },
  });
  await sequencer.look();
  await stranger.onApplicationShutdown();
});
