/** From due to gone: planned, seen, held, undone, carried out, and what is left of it. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  sql,
  type KyselyPlugin,
  type PluginTransformQueryArgs,
  type PluginTransformResultArgs,
} from 'kysely';
import { FindRecords } from '#apps/broker/src/activity/find-records.js';
import { executionLimits } from '#apps/broker/src/retention/execute-destructions.js';
import {
  confirmed,
  RetentionRoom,
  SEVEN_YEARS,
  START_MS,
} from '#apps/broker/src/retention/retention-room.fixture.js';
import { readAudit } from '#libs/db/read-audit.js';

const { batch } = executionLimits;
const practiceId = 'practice-1';
const reason = 'Zz Solicitors ask us to keep it';

let room: RetentionRoom;
beforeAll(async () => void (room = await RetentionRoom.open()));
beforeEach(() => room.empty());
afterEach(() => void (executionLimits.batch = batch));
afterAll(() => room.close());

const queriesLeft = async (): Promise<number> => (await room.recorded('query.executed')).length;
const ruleOf = async (kind = 'audit-record') =>
  (await room.shown.practice(practiceId)).rules.find((rule) => rule.kind === kind);

describe('audit records that are due', () => {
  beforeEach(() => room.addOldRecords());

  test('are planned, wait seven days, and go; their places stay, and the log says what was done', async () => {
    const before = await room.verified();
    expect(before.wrong).toEqual([]);
    await room.night();
    const { next } = (await ruleOf()) ?? {};
    expect(next).toMatchObject({ records: 6, oldest: '2019-03-04T01:00:00.000Z' });
    expect(Date.parse(next?.executeAfter ?? '') - room.clock.now()).toBe(7 * 86_400_000);
    room.later(6.9);
    await room.night();
    expect(await queriesLeft()).toBe(8);
    room.later(0.2);
    await room.night();
    expect(await queriesLeft()).toBe(1);
    const { register } = await room.shown.practice(practiceId);
    expect(register).toMatchObject([
      { kind: 'audit-record', action: 'destroyed', ruleVersion: 1, records: 6 },
    ]);
    const acts = await room.recorded('records.destroyed');
    expect(acts.map(({ practice, count, filter }) => [practice, count, filter])).toEqual(
      expect.arrayContaining([
        ['practice-1', 6, 'audit-record/1'],
        ['practice-2', 1, 'audit-record/1'],
        [undefined, 1, 'audit-record/1'],
      ]),
    );
    const after = await room.verified();
    expect(after.wrong).toEqual([]);
    expect(after.notices).toContain(
      `6 records from 2019-03-04 to 2019-03-09 destroyed under rule audit-record/1 on ${new Date(
        room.clock.now(),
      )
        .toISOString()
        .slice(0, 10)}: 6 of their places in the log are proven.`,
    );
  });

  test('nothing is planned twice, and nothing at all when nothing is due', async () => {
    await room.night();
    const plans = await room.count('retention_plans');
    await Promise.all([room.plans.execute(), room.plans.execute()]);
    expect(await room.count('retention_plans')).toBe(plans);
    expect((await ruleOf('usage-count'))?.next).toBeUndefined();
  });

  test('that have no leaf in the log yet stay until they have one', async () => {
    await sql`set session_replication_role = replica`.execute(room.kysely);
    await sql`delete from audit_leaves where leaf_index = 0`.execute(room.kysely);
    await sql`set session_replication_role = origin`.execute(room.kysely);
    await room.night();
    room.later(8);
    await room.executing().execute();
    expect(await queriesLeft()).toBe(2);
  });

  test('stay when their destruction is undone, and are planned anew a month later', async () => {
    await room.night();
    room.later(5);
    const plans = { practiceId, kind: 'audit-record' } as const;
    expect(await room.longer.undo(plans, room.person)).toEqual({ undone: 1, gone: 0 });
    expect(await room.longer.undo(plans, room.person)).toEqual({ undone: 0, gone: 0 });
    room.later(24);
    await room.night();
    expect(await queriesLeft()).toBe(7);
    expect((await ruleOf())?.next).toBeUndefined();
    room.later(6.1);
    await room.night();
    expect((await ruleOf())?.next).toMatchObject({ records: 6 });
    expect(await room.recorded('destruction.undone')).toHaveLength(1);
  });

  test('stay longer where the practice chose so, also those that were planned already', async () => {
    await room.night();
    const longer = { kind: 'audit-record', days: SEVEN_YEARS + 100, stepUp: confirmed } as const;
    await room.longer.change(practiceId, room.person, longer);
    room.later(8);
    await room.night();
    expect(await queriesLeft()).toBe(7);
    expect(await ruleOf()).toMatchObject({ days: SEVEN_YEARS, ownDays: SEVEN_YEARS + 100 });
    room.later(93);
    await room.untilGone();
    expect(await queriesLeft()).toBe(1);
    for (const days of [SEVEN_YEARS - 1, 1, SEVEN_YEARS * 10])
      await expect(
        room.longer.change(practiceId, room.person, { ...longer, days }),
      ).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    const fixed = { ...longer, kind: 'webhook-delivery', days: 30 } as const;
    await expect(room.longer.change(practiceId, room.person, fixed)).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
    });
  });

  test('a period that was made longer after all was planned is looked at again before anything goes', async () => {
    await room.night();
    await room.kysely
      .insertInto('retention_periods')
      .values({
        ...{ practice_id: practiceId, kind: 'audit-record', days: SEVEN_YEARS + 100 },
        ...{ set_by: 'zz', set_at: new Date() },
      })
      .execute();
    room.later(8);
    await room.night();
    expect(await queriesLeft()).toBe(7);
  });

  test('go a bounded batch at a time, each with an entry of its own', async () => {
    executionLimits.batch = 4;
    await room.untilGone();
    expect(await queriesLeft()).toBe(1);
    expect((await room.recorded('records.destroyed')).map(({ count }) => count)).toEqual(
      expect.arrayContaining([4, 2, 1, 1]),
    );
    const { register } = await room.shown.practice(practiceId);
    expect(register).toMatchObject([{ records: 6 }]);
    expect((await room.verified()).wrong).toEqual([]);
  });

  test('go although another plan fails each time, and the job fails all the same', async () => {
    await room.night();
    room.later(8);
    await room.kysely
      .updateTable('retention_plans')
      .set({ execute_after: new Date(START_MS) })
      .where('practice_id', '=', practiceId)
      .execute();
    const { record } = room.trail;
    const refused = new Error('planned');
    room.trail.record = (act, within) =>
      act.practice === practiceId ? Promise.reject(refused) : record.call(room.trail, act, within);
    for (const left of [7, 7]) {
      await expect(room.executing().execute()).rejects.toBe(refused);
      expect(await queriesLeft()).toBe(left);
    }
    room.trail.record = record;
    await room.night();
    expect(await queriesLeft()).toBe(1);
  });

  test('are not tried one by one while the store is away', async () => {
    await room.night();
    room.later(8);
    expect(await room.count('retention_plans')).toBe(3);
    const away = failAt(1);
    const job = room.executing(room.kysely.withPlugin(away));
    await expect(job.execute()).rejects.toMatchObject({ message: 'planned' });
    // The first plan, and whether anything is there.
    expect(away.refused).toBe(2);
  });

  test('a crash at any statement destroys nothing without its entry, and the next run goes on', async () => {
    executionLimits.batch = 4;
    await room.night();
    room.later(8);
    const all = (await room.texts()).length;
    let statement = 0;
    for (let isWhole = false; !isWhole; statement += 1) {
      const crash = failAt(statement);
      isWhole = await room
        .executing(room.kysely.withPlugin(crash))
        .execute()
        .then(() => true)
        .catch(() => false);
      const entries = await room.kysely
        .selectFrom('retention_register')
        .select('records')
        .execute();
      const gone = entries.reduce((sum, { records }) => sum + Number(records), 0);
      const acts = await room.recorded('records.destroyed');
      expect(acts).toHaveLength(entries.length);
      expect((await room.texts()).length).toBe(all - gone + acts.length);
      expect(await room.count('audit_destroyed')).toBe(gone);
    }
    // Each of the first batch’s, at least.
    expect(statement).toBeGreaterThan(12);
    await room.sequenced();
    expect(await queriesLeft()).toBe(1);
    expect((await room.verified()).wrong).toEqual([]);
  });
});

/** Throws just before that statement, counted from 0, and before each that is tried afterwards. */
function failAt(statement: number): KyselyPlugin & { refused: number } {
  let count = 0;
  const plugin = {
    refused: 0,
    transformQuery: ({ node }: PluginTransformQueryArgs) => {
      if (count === statement) {
        plugin.refused += 1;
        throw new Error('planned');
      }
      count += 1;
      return node;
    },
    transformResult: ({ result }: PluginTransformResultArgs) => Promise.resolve(result),
  };
  return plugin;
}

describe('a hold', () => {
  beforeEach(() => room.addOldRecords());

  test('on what is due, and on what is planned, says what it stops, and nothing of it goes', async () => {
    await room.night();
    const placed = await room.holds.place({ practiceId }, room.person, { reason }, confirmed);
    expect(placed.stops).toMatchObject([{ kind: 'audit-record', records: 6 }]);
    expect(placed.gone).toEqual([]);
    room.later(8);
    await room.night();
    expect(await queriesLeft()).toBe(7);
    room.later(50);
    await room.night();
    expect((await ruleOf())?.next).toBeUndefined();
    expect(await room.recorded('hold.placed')).toMatchObject([
      { practice: practiceId, actorRef: 'owner-1' },
    ]);
    expect(JSON.stringify(await room.texts())).not.toContain('Solicitors');
  });

  test('of a time, a software or a site reaches that alone, and what does not say', async () => {
    const held = {
      reason,
      siteId: 'site-1',
      integratorId: 'integrator-1',
      kind: 'audit-record',
    } as const;
    const window = { from: '2019-03-05T00:00:00.000Z', to: '2019-03-07T00:00:00.000Z' };
    await room.holds.place({ practiceId }, room.person, { ...held, ...window }, confirmed);
    await room.untilGone();
    // The two within, the one that is not due.
    expect(await queriesLeft()).toBe(3);
    const other = { ...held, siteId: 'site-2' };
    await expect(
      room.holds.place({ practiceId }, room.person, other, confirmed),
    ).rejects.toMatchObject({ code: 'CONSOLE_ENTRY_NOT_FOUND' });
  });

  test('of one software also reaches what does not say of which software it is', async () => {
    const dueMs = room.clock.now();
    room.clock.advance(START_MS - dueMs);
    room.trail.note({ type: 'practice.changed', practice: practiceId });
    await room.sequenced();
    room.clock.advance(dueMs - room.clock.now());
    const terms = { reason, integratorId: 'integrator-2' };
    const { stops } = await room.holds.place({ practiceId }, room.person, terms, confirmed);
    expect(stops).toEqual([]);
    await room.untilGone();
    expect(await room.recorded('practice.changed')).toHaveLength(1);
    expect(await queriesLeft()).toBe(1);
  });

  test('on what is gone says plainly what went, when and by which rule', async () => {
    await room.untilGone();
    const terms = { reason, to: '2019-03-06T00:00:00.000Z' };
    const placed = await room.holds.place({ practiceId }, room.person, terms, confirmed);
    expect(placed.stops).toEqual([]);
    expect(placed.gone).toMatchObject([
      { kind: 'audit-record', records: 6, oldest: '2019-03-04T01:00:00.000Z', ruleVersion: 1 },
    ]);
    const later = { reason, from: '2019-04-01T00:00:00.000Z' };
    const nothing = await room.holds.place({ practiceId }, room.person, later, confirmed);
    expect(nothing.gone).toEqual([]);
  });

  test('of the operator reaches an integrator’s records at every practice; lifted, they wait anew', async () => {
    await room.night();
    const terms = { integratorId: 'integrator-1', reason };
    const { holdId, stops } = await room.holds.place({}, room.officer, terms, confirmed);
    expect(stops).toMatchObject([{ records: 7 }]);
    room.later(6.5);
    await room.holds.lift({}, room.officer, holdId, confirmed);
    await room.holds.lift({}, room.officer, holdId, confirmed);
    expect(await room.recorded('hold.lifted')).toHaveLength(1);
    room.later(1);
    await room.night();
    // Planned before the hold: without a new wait it would be gone by now.
    expect(await queriesLeft()).toBe(8);
    room.later(7.1);
    await room.night();
    expect(await queriesLeft()).toBe(1);
  });

  test('is its own side’s to lift, and its reason its own side’s to read', async () => {
    const terms = { practiceId, reason };
    const { holdId } = await room.holds.place({}, room.officer, terms, confirmed);
    await expect(
      room.holds.lift({ practiceId }, room.person, holdId, confirmed),
    ).rejects.toMatchObject({ code: 'CONSOLE_ENTRY_NOT_FOUND' });
    const { holds } = await room.shown.practice(practiceId);
    expect(holds).toMatchObject([{ holdId, placedAs: 'operator' }]);
    expect(JSON.stringify(holds)).not.toContain('Solicitors');
    expect((await room.shown.operator()).holds).toMatchObject([
      { reason, practiceName: 'Zz Clinic 1' },
    ]);
    expect((await room.shown.practice('practice-2')).holds).toEqual([]);
  });

  test.each([
    [{ reason }],
    [{ reason, siteId: 'site-1', integratorId: 'integrator-1' }],
    [{ reason, practiceId, from: '2019-03-06T00:00:00Z', to: '2019-03-05T00:00:00Z' }],
  ])('that makes no sense is refused: %j', async (terms) => {
    await expect(room.holds.place({}, room.officer, terms, confirmed)).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
    });
  });

  test('is not placed when the log can’t be written, and nothing is destroyed then', async () => {
    await room.night();
    room.later(8);
    const refused = new Error('planned');
    const { record } = room.trail;
    room.trail.record = () => Promise.reject(refused);
    await expect(room.holds.place({ practiceId }, room.person, { reason }, confirmed)).rejects.toBe(
      refused,
    );
    await expect(room.executing().execute()).rejects.toBe(refused);
    room.trail.record = record;
    expect(await room.count('retention_holds')).toBe(0);
    expect(await queriesLeft()).toBe(8);
    expect(await room.count('retention_register')).toBe(0);
  });
});

describe('a name', () => {
  const named = (ids: string[]) => room.people.names({ kind: 'practice', practiceId }, ids);

  test('goes ninety days after the last role; the log verifies as before and names nobody', async () => {
    const gone = await room.aPerson('Zz Quincy', practiceId);
    const stays = await room.aPerson('Zz Olive', practiceId, true);
    await room.note({ type: 'access.paused', actorRef: gone });
    await room.sequenced();
    expect((await named([gone])).get(gone)).toBe('Zz Quincy');
    const before = await room.verified();
    room.later(83);
    await room.night();
    expect(await ruleOf('person-name')).toMatchObject({ next: { records: 1 } });
    room.later(6.9);
    await room.night();
    expect((await named([gone])).get(gone)).toBe('Zz Quincy');
    room.later(0.2);
    await room.night();
    expect([...(await named([gone, stays])).values()]).toEqual(
      expect.arrayContaining(['A person whose name was erased', 'Zz Olive']),
    );
    const after = await room.verified();
    expect([before.wrong, after.wrong]).toEqual([[], []]);
    expect(after.records).toBe(before.records + 1);
    const { rows } = await sql<{ all: string }>`
      select string_agg(t::text, '') as all from (
        select p.*::text as t from people p union all select r.record from audit_records r
        union all select e.*::text from retention_register e
        union all select pl.*::text from retention_plans pl) as everything`.execute(room.kysely);
    expect(rows[0]?.all).not.toContain('Quincy');
  });

  test('goes a week after an owner asks, unless it is undone or held', async () => {
    const ids = [];
    for (const name of ['Zz One', 'Zz Two', 'Zz Three'])
      ids.push(await room.aPerson(name, practiceId));
    const [one = '', two = ''] = ids;
    const { erasedAfter } = await room.names.ask(practiceId, room.person, one, confirmed);
    expect(await room.names.ask(practiceId, room.person, one, confirmed)).toEqual({ erasedAfter });
    expect(await room.recorded('erasure.asked')).toMatchObject([
      { personRef: one, actorRef: 'owner-1' },
    ]);
    await room.names.ask(practiceId, room.person, two, confirmed);
    const left = await room.names.left(practiceId);
    expect(left.filter((person) => person.erasedAfter === erasedAfter)).toHaveLength(2);
    const everything = { practiceId, kind: 'person-name' } as const;
    expect(await room.longer.undo(everything, room.person)).toMatchObject({ undone: 2 });
    await room.names.ask(practiceId, room.person, one, confirmed);
    room.later(7);
    await room.night();
    expect((await room.names.left(practiceId)).map(({ personId }) => personId).sort()).toEqual(
      ids.slice(1).sort(),
    );
    const { erasedAfter: promised } = await room.names.ask(practiceId, room.person, two, confirmed);
    await room.holds.place({ practiceId }, room.person, { reason }, confirmed);
    const held = await room.names.left(practiceId);
    expect(held.map(({ isHeld, erasedAfter: date }) => [isHeld, date])).toEqual([
      [true, undefined],
      [true, undefined],
    ]);
    expect(promised).toBeDefined();
    room.later(100);
    await room.night();
    expect(await room.names.left(practiceId)).toHaveLength(2);
  });

  test('that a hold keeps is not promised to go: whoever asks is told', async () => {
    const [here, elsewhere] = [
      await room.aPerson('Zz Here', practiceId),
      await room.aPerson('Zz Elsewhere', 'practice-2'),
    ];
    const ask = () => room.names.ask(practiceId, room.person, here, confirmed);
    const terms = { reason, kind: 'person-name' } as const;
    const { holdId } = await room.holds.place({ practiceId }, room.person, terms, confirmed);
    await expect(ask()).rejects.toMatchObject({ code: 'NAME_HELD' });
    expect(await room.count('retention_plans')).toBe(0);
    expect(await room.recorded('erasure.asked')).toEqual([]);
    const theirs = await room.names.ask('practice-2', room.person, elsewhere, confirmed);
    expect(theirs.erasedAfter).toBeDefined();
    await room.holds.lift({ practiceId }, room.person, holdId, confirmed);
    expect((await ask()).erasedAfter).toBeDefined();
  });

  test('of somebody with a role, of another practice, or of nobody is not erased', async () => {
    const stays = await room.aPerson('Zz Olive', practiceId, true);
    const foreign = await room.aPerson('Zz Fritz', 'practice-2');
    const ask = (id: string) => room.names.ask(practiceId, room.person, id, confirmed);
    await expect(ask(stays)).rejects.toMatchObject({ code: 'PERSON_HAS_ROLES' });
    for (const id of [foreign, 'nobody'])
      await expect(ask(id)).rejects.toMatchObject({ code: 'CONSOLE_ENTRY_NOT_FOUND' });
    expect(await room.names.left(practiceId)).toEqual([]);
  });

  test('of somebody who got a role again in the meantime stays', async () => {
    const back = await room.aPerson('Zz Back', practiceId);
    await room.names.ask(practiceId, room.person, back, confirmed);
    await room.kysely
      .insertInto('person_roles')
      .values({
        ...{ person_role_id: 'again', person_id: back, role: 'practice-manager' },
        ...{ practice_id: practiceId, integrator_id: null, expires_at: null, invited_by: 'zz' },
      })
      .execute();
    room.later(8);
    await room.night();
    expect((await named([back])).get(back)).toBe('Zz Back');
    expect(await room.count('retention_register')).toBe(0);
  });
});

describe('the store', () => {
  beforeEach(() => room.addOldRecords());

  test('lets no audit record go without its entry, and no entry go at all', async () => {
    const refused = { code: '42501' };
    const run = (statement: string) => sql.raw(statement).execute(room.kysely);
    await expect(run('delete from audit_records where seq = 1')).rejects.toMatchObject(refused);
    await room.untilGone();
    await expect(run('delete from audit_records')).rejects.toMatchObject(refused);
    for (const table of ['retention_register', 'audit_destroyed']) {
      await expect(run(`delete from ${table}`)).rejects.toMatchObject(refused);
      await expect(run(`update ${table} set destruction_id = 'x'`)).rejects.toMatchObject(refused);
    }
    // An entry for another tenant, or another time, opens nothing.
    await run(`insert into audit_destroyed select 8, destruction_id from retention_register
      where practice_id = 'practice-2' limit 1`);
    await expect(run('delete from audit_records where seq = 9')).rejects.toMatchObject(refused);
  });

  test('shows each practice its own plans, periods, holds and entries, and nothing without a tenant', async () => {
    await room.night();
    await room.holds.place({ practiceId }, room.person, { reason, kind: 'usage-count' }, confirmed);
    room.later(8);
    await room.night();
    const tables = ['retention_plans', 'retention_register', 'retention_holds'] as const;
    const seen = async (scope: Parameters<typeof readAudit>[1]) => {
      const found: (string | null)[] = [];
      for (const table of tables) {
        const rows = await readAudit(room.kysely, scope, (within) =>
          within.selectFrom(table).select('practice_id').execute(),
        );
        found.push(...rows.map((row) => row.practice_id));
      }
      return [...new Set(found)].sort();
    };
    expect(await seen({ kind: 'practice', practiceId })).toEqual([practiceId]);
    expect(await seen({ kind: 'practice', practiceId: 'practice-2' })).toEqual(['practice-2']);
    expect(await seen({ kind: 'integrator', integratorId: 'integrator-2' })).toEqual([]);
    expect(await seen({ kind: 'operator' })).toEqual(
      expect.arrayContaining([practiceId, 'practice-2']),
    );
    const { plans, register } = await room.shown.operator();
    expect([plans, register].every((rows) => Array.isArray(rows))).toBe(true);
    expect(JSON.stringify(register)).not.toContain('query.executed');
  });

  test('tells the readers of activity how many records of their time are gone', async () => {
    await room.untilGone();
    const records = new FindRecords(room.kysely);
    const gone = (scope: Parameters<typeof readAudit>[1], ...times: string[]) =>
      records.destroyed(scope, ...times.map((time) => new Date(time)));
    const practice = { kind: 'practice', practiceId } as const;
    expect(await gone(practice)).toEqual({ records: 6, to: '2019-03-09T01:00:00.000Z' });
    expect(await gone(practice, '2019-04-01T00:00:00Z')).toBeUndefined();
    expect(await gone({ kind: 'integrator', integratorId: 'integrator-1' })).toMatchObject({
      records: 7,
    });
    expect(await gone({ kind: 'integrator', integratorId: 'integrator-2' })).toBeUndefined();
    expect(await gone({ kind: 'operator' })).toBeUndefined();
  });

  test('tells the owner of a line, and of a receipt’s time, that it is gone, and nobody else', async () => {
    await room.untilGone();
    expect(await room.destroyed.isGone({ practiceId }, '1')).toBe(true);
    expect(await room.destroyed.isGone({ practiceId: 'practice-2' }, '1')).toBe(false);
    expect(await room.destroyed.covers({ integratorId: 'integrator-1' }, START_MS)).toBe(true);
    expect(await room.destroyed.covers({ integratorId: 'integrator-2' }, START_MS)).toBe(false);
    expect(await room.destroyed.covers({ integratorId: 'integrator-1' }, room.clock.now())).toBe(
      false,
    );
  });
});
