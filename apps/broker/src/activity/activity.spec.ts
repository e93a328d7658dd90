/** Activity over the real store: paged, filtered, in sentences, and nobody else's. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { StoredAuditTrail } from '#apps/broker/src/audit/audit-trail.postgres.js';
import { MemoryEventLog } from '#apps/broker/src/logging/event-log.js';
import { ActivityPeople } from '#apps/broker/src/activity/activity-people.js';
import { FindRecords, searchQuery } from '#apps/broker/src/activity/find-records.js';
import { NameActivity } from '#apps/broker/src/activity/name-activity.js';
import { ReadActivity } from '#apps/broker/src/activity/read-activity.js';
import type { SoughtRecords } from '#apps/broker/src/activity/sought-records.js';
import { ReadToday } from '#apps/broker/src/practice-desk/read-today.js';
import type { AuditRecord } from '#libs/audit/audit-record.js';
import type { ActivityEntry, ActivityFilter } from '#libs/console-api/activity.js';
import { openMemoryStore } from '#libs/db/empty-store.fixture.js';
import type { OpenedDatabase } from '#libs/db/open-database.js';
import { readAudit, type AuditScope } from '#libs/db/read-audit.js';
import type { Purpose } from '#libs/grants/grant.js';
import { aGrant } from '#libs/grants/grant.fixture.js';
import { FixedClock } from '#libs/kernel/clock.js';
import { sql } from 'kysely';

const ROWS = 3_000;
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
  const names = new NameActivity(kysely, new ActivityPeople(kysely));
  activity = new ReadActivity(new FindRecords(kysely), names);
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
  await storeGrant(1, ['TREAT', 'PUBHLTH']);
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
  note({ type: 'key.created', integrator: 'integrator-2', actorRef: 'operator' });
  note({ type: 'grant.proposed', practice: 'practice-1', integrator: 'integrator-2' });
  await trail.flush();
}, 60_000);

afterAll(() => store.close());

async function storeGrant(seq: number, purposes: Purpose[]): Promise<void> {
  const document = JSON.stringify(aGrant({ grantId: 'grant-1', seq, purposes }));
  await store.kysely
    .insertInto('grants')
    .values({
      ...{ grant_id: 'grant-1', seq, site_id: 'site-1', integrator_id: 'integrator-2' },
      ...{ state: 'active', signed: JSON.stringify({ document, approvals: [] }) },
      ...{ expires_at: new Date(START_MS) },
    })
    .execute();
}

const practice = { kind: 'practice', practiceId: 'practice-1' } as const;
const integrator = { kind: 'integrator', integratorId: 'integrator-2' } as const;
const operator = { kind: 'operator' } as const;

const read = async (
  filter: ActivityFilter,
  reader: AuditScope = practice,
): Promise<ActivityEntry[]> => (await activity.page(reader, filter)).entries;

async function everyWord(reader: AuditScope): Promise<string[]> {
  const words = [];
  for await (const acts of activity.all(reader, {})) {
    words.push(...acts.map(({ record }) => JSON.stringify(record)));
  }
  return words;
}

describe('activity', () => {
  test('of thousands of acts each is on exactly one page, newest first', async () => {
    const seen: string[] = [];
    let before: string | undefined;
    do {
      const page = await activity.page(practice, {}, before, 999);
      seen.push(...page.entries.map(({ seq }) => seq));
      before = page.next;
    } while (before !== undefined);
    expect(seen).toHaveLength(ROWS + 4);
    expect(new Set(seen).size).toBe(seen.length);
    const sorted = [...seen].sort((one, other) => Number(other) - Number(one));
    expect(seen).toEqual(sorted);
  });

  test('another practice’s acts, and those that concern nobody there, are not in it', async () => {
    const all = await everyWord(practice);
    expect(all).toHaveLength(ROWS + 4);
    expect(all.filter((record) => /foreign|person-1/.test(record))).toEqual([]);
  });

  test('of a bounded file says whether there was more', async () => {
    const most = activity.all(practice, {}, 2_500);
    expect((await most.next()).value).toHaveLength(2_000);
    expect((await most.next()).value).toHaveLength(500);
    expect(await most.next()).toEqual({ done: true, value: true });
    const few = activity.all(practice, { outcome: 'refused' });
    await few.next();
    expect(await few.next()).toEqual({ done: true, value: false });
  });

  test('is said in sentences, with names as they are', async () => {
    expect((await read({ outcome: 'refused' })).map(({ words }) => words)).toEqual([
      `${NAME} was refused at Zz Site 1: the practice has paused access for now.`,
    ]);
    expect((await read({ kind: 'permission' })).slice(1)).toMatchObject([
      { words: 'All software was paused.', who: 'Conduit staff' },
    ]);
  });

  test('is filtered by who, why, and when', async () => {
    expect(await read({ integratorId: 'integrator-2' })).toMatchObject([
      { kind: 'permission' },
      {
        words: 'Zz Two changed data at Zz Site 1.',
        purpose: 'Treatment of patients; Public health',
      },
    ]);
    expect(await read({ purpose: 'TREAT' })).toHaveLength(1);
    expect(await read({ purpose: 'PUBHLTH' })).toHaveLength(1);
    expect(await read({ purpose: 'HRESCH' })).toEqual([]);
    expect(await read({ siteId: 'site-2' })).toEqual([]);
    const from = new Date(START_MS + 20).toISOString();
    expect(await read({ from, to: new Date(START_MS + 21).toISOString() })).toHaveLength(50);
    expect(await read({ to: new Date(START_MS).toISOString() })).toEqual([]);
  });

  test('no filter means more than it says', async () => {
    for (const integratorId of ['%', '_'.repeat(12), 'integrator-1"%', '\\', 'integrator']) {
      expect(await read({ integratorId })).toEqual([]);
    }
  });
});

describe('an integrator', () => {
  test('reads its own acts at every practice, and what was decided, not what is on its way', async () => {
    expect((await read({}, integrator)).map(({ words }) => words)).toEqual([
      'Zz Two got an API key.',
      'Zz Two changed data at Zz Site 1, Zz Clinic 1.',
    ]);
    expect(await read({ siteId: 'site-1' }, integrator)).toHaveLength(1);
    expect(await read({ siteId: 'site-2' }, integrator)).toEqual([]);
    expect(await read({ purpose: 'PUBHLTH' }, integrator)).toHaveLength(1);
    expect(await read({ integratorId: 'integrator-1' }, integrator)).toEqual([]);
  });
});

describe('the operator', () => {
  test('reads what its own people did, and no decision of a practice', async () => {
    expect(await read({}, operator)).toMatchObject([
      { words: 'Zz Two got an API key.', who: 'Conduit staff', kind: 'keys' },
    ]);
    expect(await read({ kind: 'records' }, operator)).toEqual([]);
  });

  test('goes on to read what somebody did who is no longer of it', async () => {
    const role = {
      person_role_id: 'r',
      role: 'operator-security',
      invited_by: 'operator',
    } as const;
    const person = { person_id: 'olga', name: 'Zz Olga', email: null, updated_at: new Date() };
    await store.kysely.insertInto('people').values(person).execute();
    await store.kysely
      .insertInto('person_roles')
      .values({ ...role, person_id: 'olga' })
      .execute();
    await store.kysely.deleteFrom('person_roles').execute();
    note({ type: 'agent.revoked', practice: 'practice-2', actorRef: 'olga' });
    await trail.flush();
    expect((await read({}, operator))[0]).toMatchObject({ who: 'Zz Olga', kind: 'server' });
    const other = { kind: 'practice', practiceId: 'practice-2' } as const;
    expect((await read({}, other))[0]).toMatchObject({ who: 'Conduit staff' });
  });
});

describe('the database', () => {
  const carelessly = (reader: AuditScope) =>
    readAudit(store.kysely, reader, (within) =>
      within.selectFrom('audit_records').select(['record', 'practice_id']).execute(),
    );

  test('shows a reader that forgot to say whose rows it wants that reader’s alone', async () => {
    const own = await carelessly(practice);
    expect(own.length).toBeGreaterThan(ROWS);
    expect(own.every((row) => row.practice_id === 'practice-1')).toBe(true);
    const ofIntegrator = await carelessly(integrator);
    expect(ofIntegrator.map(({ record }) => JSON.parse(record).integrator)).toEqual(
      ofIntegrator.map(() => 'integrator-2'),
    );
    expect(ofIntegrator).toHaveLength(3);
    const ofOperator = await carelessly(operator);
    expect(ofOperator.every(({ record }) => /"actorRef":"(operator|olga)"/.test(record))).toBe(
      true,
    );
    expect(await carelessly({ kind: 'practice', practiceId: '' })).toEqual([]);
  });

  test('lets a reader write nothing and read no other table', async () => {
    const asReader = (query: string) =>
      readAudit(store.kysely, practice, (within) => sql.raw(query).execute(within));
    await expect(asReader('select * from people')).rejects.toMatchObject({ code: '42501' });
    await expect(asReader('delete from audit_waiting')).rejects.toMatchObject({
      code: expect.stringMatching(/25006|42501/),
    });
    const { rows } = await sql`select current_user as who`.execute(store.kysely);
    expect(rows).not.toEqual([{ who: 'conduit_audit_reader' }]);
  });
});

/** How many rows the plan's scans of records took in hand. */
async function rowsTouched(
  reader: AuditScope,
  sought: SoughtRecords,
  limit: number,
  width: number,
) {
  const query = searchQuery({ scope: reader, sought, limit }, undefined, width, limit);
  const { rows } = await readAudit(store.kysely, reader, (within) =>
    sql<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>`explain (analyze, format json) ${query}`.execute(
      within,
    ),
  );
  const plan = rows[0]?.['QUERY PLAN'];
  return touchedBy((typeof plan === 'string' ? JSON.parse(plan) : plan)[0].Plan);
}

interface PlanNode {
  'Relation Name'?: string;
  'Actual Rows'?: number;
  'Rows Removed by Filter'?: number;
  Plans?: PlanNode[];
}

function touchedBy(node: PlanNode): number {
  const own = (node['Actual Rows'] ?? 0) + (node['Rows Removed by Filter'] ?? 0);
  const here = node['Relation Name'] === 'audit_records' ? own : 0;
  return (node.Plans ?? []).reduce((sum, child) => sum + touchedBy(child), here);
}

describe('a search', () => {
  beforeAll(() => sql`analyze audit_records`.execute(store.kysely));

  const types = ['query.executed', 'query.refused', 'query.failed'] as const;
  const nobody = { kind: 'practice', practiceId: 'practice-9' } as const;
  const emptiness: [string, AuditScope, SoughtRecords][] = [
    ['an integrator that was never here', practice, { types, integratorId: 'integrator-9' }],
    ['an outcome that never was', practice, { types, outcome: 'lost' }],
    ['acts that never were', practice, { types: ['approver.admitted'] }],
    ['a practice of an integrator', integrator, { types, practiceId: 'practice-9' }],
    ['a practice without acts', nobody, { types }],
    ['an integrator without acts', { kind: 'integrator', integratorId: 'integrator-9' }, { types }],
  ];

  test.each(emptiness)('for %s looks at next to nothing', async (_, reader, sought) => {
    expect(await rowsTouched(reader, sought, 51, 250)).toBeLessThan(10);
  });

  test('for what no index leads to looks at no more than it may, and says how far it came', async () => {
    const own = { kind: 'integrator', integratorId: 'integrator-1' } as const;
    expect(await rowsTouched(own, { types }, 51, 250)).toBeLessThanOrEqual(250);
    const seldom = { types, siteId: 'site-9' };
    expect(await rowsTouched(practice, seldom, 51, 250)).toBeLessThanOrEqual(250);
    const find = new FindRecords(store.kysely);
    const limits = { widths: [250, 2_500] };
    const found = await find.page(practice, seldom, undefined, 50, limits);
    expect(found).toMatchObject({
      found: [],
      next: expect.any(String),
      searchedTo: expect.anything(),
    });
    let pages = 1;
    for (let next = found.next; next !== undefined; pages += 1) {
      next = (await find.page(practice, seldom, next, 50, limits)).next;
    }
    expect(pages).toBe(Math.ceil(ROWS / 2_750));
  });

  test('goes on beyond its first looks only while there is time', async () => {
    const find = new FindRecords(store.kysely);
    const seldom = { types, siteId: 'site-9' };
    const within = (ms: number) => ({ widths: [250], more: { records: 75_000, ms } });
    const whole = await find.page(practice, seldom, undefined, 50, within(60_000));
    expect(whole).toEqual({ found: [] });
    const cut = await find.page(practice, seldom, undefined, 50, within(0));
    const first = await find.page(practice, seldom, undefined, 50, { widths: [250] });
    expect(cut).toEqual(first);
    expect(cut.next).toBeDefined();
    const some = { widths: [250], more: { records: 500, ms: 60_000 } };
    const further = await find.page(practice, seldom, undefined, 50, some);
    expect(further.next).toBeDefined();
    expect(further.searchedTo!.getTime()).toBeLessThan(cut.searchedTo!.getTime());
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

test('the purpose of an act is what was permitted when it was done', async () => {
  const purposesOf = async (filter: ActivityFilter) =>
    (await read({ ...filter, siteId: 'site-1', kind: 'records' }, integrator)).map(
      ({ requestId, purpose }) => [requestId, purpose],
    );
  const act = { integrator: 'integrator-2', grantId: 'grant-1' };
  note(aRead({ ...act, grantSeq: 1, requestId: 'first' }));
  note(aRead({ ...act, grantSeq: 2, requestId: 'second' }));
  note(aRead({ ...act, grantSeq: 12, requestId: 'gone' }));
  await trail.flush();
  await storeGrant(2, ['HRESCH']);
  const both = 'Treatment of patients; Public health';
  expect(await purposesOf({})).toEqual([
    ['gone', undefined],
    ['second', expect.stringMatching(/research/i)],
    ['first', both],
    // Its record names no document, and the documents differ.
    [undefined, undefined],
  ]);
  expect(await purposesOf({ purpose: 'TREAT' })).toEqual([['first', both]]);
  expect(await purposesOf({ purpose: 'HRESCH' })).toMatchObject([['second', expect.anything()]]);
  expect(await purposesOf({ purpose: 'HPAYMT' })).toEqual([]);
});
