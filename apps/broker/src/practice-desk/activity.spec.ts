/** A practice's activity over the real store: paged, filtered, in sentences, and nobody else's. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { StoredAuditTrail } from '#apps/broker/src/audit/audit-trail.postgres.js';
import { MemoryEventLog } from '#apps/broker/src/logging/event-log.js';
import { ActivityPeople } from '#apps/broker/src/practice-desk/activity-people.js';
import { ReadActivity } from '#apps/broker/src/practice-desk/read-activity.js';
import { ReadToday } from '#apps/broker/src/practice-desk/read-today.js';
import type { AuditRecord } from '#libs/audit/audit-record.js';
import type { ActivityEntry, ActivityFilter } from '#libs/console-api/practice.js';
import { openMemoryStore } from '#libs/db/empty-store.fixture.js';
import type { OpenedDatabase } from '#libs/db/open-database.js';
import { aGrant } from '#libs/grants/grant.fixture.js';
import { FixedClock } from '#libs/kernel/clock.js';

const ROWS = 10_000;
const START_MS = Date.parse('2026-03-04T01:00:00Z');
const NAME = 'Zz O’Brien & "Søn" %_\\';

let store: OpenedDatabase;
let trail: StoredAuditTrail;
let activity: ReadActivity;
const clock = new FixedClock(START_MS);

const note = (record: Omit<AuditRecord, 'ts'>) => trail.note(record);
const aRead = (changes: Partial<AuditRecord> = {}): Omit<AuditRecord, 'ts'> => ({
  type: 'query.executed',
  practice: 'practice-1',
  site: 'site-1',
  integrator: 'integrator-1',
  lane: 'immediate',
  mode: 'reader',
  outcome: 'successful',
  durationBucket: '<=50',
  rowsBucket: '<=100',
  bytesBucket: '<=1024',
  ...changes,
});

beforeAll(async () => {
  store = await openMemoryStore();
  const { kysely } = store;
  trail = new StoredAuditTrail(kysely, clock, new MemoryEventLog());
  activity = new ReadActivity(kysely, new ActivityPeople(kysely));
  for (const n of ['1', '2']) {
    const practice = { practice_id: `practice-${n}`, name: `Zz Clinic ${n}` };
    await kysely.insertInto('practices').values(practice).execute();
    await kysely
      .insertInto('sites')
      .values({
        ...{ site_id: `site-${n}`, practice_id: practice.practice_id, name: `Zz Site ${n}` },
        ...{ pms_type: 'Sandbox', pms_site_id: n, status: 'active', authoritative: true },
        ...{ catalogues: '[]', updated_at: new Date(START_MS) },
      })
      .execute();
    await kysely
      .insertInto('integrators')
      .values({
        ...{ integrator_id: `integrator-${n}`, name: n === '1' ? NAME : 'Zz Two' },
        ...{ purposes: '[]', countries: '["AU"]' },
      })
      .execute();
  }
  const document = JSON.stringify(aGrant({ grantId: 'grant-1', purposes: ['TREAT', 'PUBHLTH'] }));
  await kysely
    .insertInto('grants')
    .values({
      ...{ grant_id: 'grant-1', seq: 1, site_id: 'site-1', integrator_id: 'integrator-2' },
      ...{ state: 'active', signed: JSON.stringify({ document, approvals: [] }) },
      ...{ expires_at: new Date(START_MS) },
    })
    .execute();
  // A hundred in each moment, so that pages are cut between acts of the same millisecond.
  for (let n = 0; n < ROWS; n += 1) {
    if (n % 100 === 0) clock.advance(1);
    note(aRead({ requestId: `row-${n}` }));
  }
  clock.advance(1_000);
  note(aRead({ practice: 'practice-2', site: 'site-2', requestId: 'foreign' }));
  note(aRead({ type: 'query.refused', outcome: 'refused', errorCode: 'GRANT_PAUSED' }));
  note(aRead({ integrator: 'integrator-2', mode: 'nonQuery', grantId: 'grant-1' }));
  note({ type: 'access.paused', practice: 'practice-1', actorRef: 'operator' });
  note({ type: 'session.started', practice: 'practice-1', actorRef: 'person-1' });
  await trail.flush();
}, 60_000);

afterAll(() => store.close());

const read = async (filter: ActivityFilter): Promise<ActivityEntry[]> =>
  (await activity.page('practice-1', filter)).entries;

describe('activity', () => {
  test('of ten thousand acts each is on exactly one page, newest first', async () => {
    const seen: string[] = [];
    let before: string | undefined;
    do {
      const page = await activity.page('practice-1', {}, before, 999);
      seen.push(...page.entries.map(({ seq }) => seq));
      before = page.next;
    } while (before !== undefined);
    expect(seen).toHaveLength(ROWS + 3);
    expect(new Set(seen).size).toBe(seen.length);
    const sorted = [...seen].sort((one, other) => Number(other) - Number(one));
    expect(seen).toEqual(sorted);
  });

  test('a page is quick, wherever it is', async () => {
    const begun = performance.now();
    await activity.page('practice-1', { integratorId: 'integrator-1' }, `${START_MS + 2}.9999`);
    expect(performance.now() - begun).toBeLessThan(1_000);
  });

  test('another practice’s acts, and those that concern nobody there, are not in it', async () => {
    const all = await activity.all('practice-1', {});
    expect(all.entries.some(({ requestId }) => requestId === 'foreign')).toBe(false);
    expect(all.entries.some(({ who }) => who === 'person-1')).toBe(false);
    expect(all.isCut).toBe(false);
  });

  test('is said in sentences, with names as they are', async () => {
    expect((await read({ outcome: 'refused' })).map(({ words }) => words)).toEqual([
      `${NAME} was refused at Zz Site 1: the practice has paused access for now.`,
    ]);
    expect(await read({ kind: 'permission' })).toMatchObject([
      { words: 'All software was paused.', who: 'Conduit staff' },
    ]);
  });

  test('is filtered by who, why, and when', async () => {
    expect(await read({ integratorId: 'integrator-2' })).toMatchObject([
      {
        words: 'Zz Two changed data at Zz Site 1.',
        purpose: 'Treatment of patients; Public health',
      },
    ]);
    expect(await read({ purpose: 'TREAT' })).toHaveLength(1);
    expect(await read({ purpose: 'PUBHLTH' })).toHaveLength(1);
    expect(await read({ purpose: 'HRESCH' })).toEqual([]);
    expect(await read({ siteId: 'site-2' })).toEqual([]);
    const from = new Date(START_MS + 100).toISOString();
    expect(await read({ from, to: new Date(START_MS + 101).toISOString() })).toHaveLength(50);
    expect(await read({ to: new Date(START_MS).toISOString() })).toEqual([]);
  });

  test('no filter means more than it says', async () => {
    for (const integratorId of ['%', '_'.repeat(12), 'integrator-1"%', '\\', 'integrator']) {
      expect(await read({ integratorId })).toEqual([]);
    }
  });
});

test('today counts what each did since midnight at the practice', async () => {
  const today = new ReadToday(store.kysely, clock);
  const { since, sums } = await today.execute('practice-1', 'Australia/Sydney');
  expect(since).toBe('2026-03-03T13:00:00.000Z');
  expect(sums.get('integrator-1')).toMatchObject({
    ...{ reads: ROWS, writes: 0, refused: 1, failed: 0 },
    kinds: [{ kind: 'immediate', count: ROWS }],
    durations: [{ bucket: '<=50', count: ROWS }],
  });
  expect(sums.get('integrator-2')).toMatchObject({ reads: 0, writes: 1 });
  expect((await today.execute('practice-2', 'Australia/Perth')).sums.size).toBe(1);
});

test('a count that took long serves whoever asks next, for twenty times as long', async () => {
  let nowMs = clock.now();
  // Each look at the clock is half a second later than the one before.
  const slow = { now: () => (nowMs += 500) };
  const today = new ReadToday(store.kysely, slow);
  const first = await today.execute('practice-1', 'Australia/Sydney');
  expect(await today.execute('practice-1', 'Australia/Sydney')).toBe(first);
  nowMs += 60_000;
  expect(await today.execute('practice-1', 'Australia/Sydney')).not.toBe(first);
});
