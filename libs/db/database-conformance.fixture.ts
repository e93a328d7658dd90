/** What both stores must do alike; run by database.spec.ts against PGlite and a real server. */
import { expect, test } from '@jest/globals';
import { sql, type Kysely } from 'kysely';
import { textLeafHash } from '#libs/audit/tree-hash.js';
import { migrate } from '#libs/db/migrate.js';
import { migrations } from '#libs/db/migrations.js';
import { readAudit } from '#libs/db/read-audit.js';
import type { Database } from '#libs/db/schema.js';

const moment = new Date('2026-03-01T02:03:04.567Z');

const practice = (practice_id: string) => ({ practice_id, name: 'Zz Practice' });

const auditRow = {
  recorded_at: moment,
  practice_id: null,
  record: '{"type":"key.created"}',
  leaf_hash: textLeafHash('{"type":"key.created"}'),
};

export function describeStore(kysely: () => Kysely<Database>): void {
  test('gives 64-bit integers and decimals as text, bytes as Buffers, instants as Dates', async () => {
    const { rows } = await sql<Record<string, unknown>>`select
      9007199254740993::int8 as big, 1.50::numeric as exact, ${Buffer.from([0, 255])}::bytea as bytes,
      ${moment}::timestamptz as instant, ${'{"a":[1]}'}::jsonb as document, ${null}::text as nothing,
      true as yes, 7::int4 as small`.execute(kysely());
    expect(rows[0]).toEqual({
      big: '9007199254740993',
      exact: '1.50',
      bytes: Buffer.from([0, 255]),
      instant: moment,
      document: { a: [1] },
      nothing: null,
      yes: true,
      small: 7,
    });
    expect(Buffer.isBuffer(rows[0]?.['bytes'])).toBe(true);
  });

  test('counts the rows that a statement changed', async () => {
    const db = kysely();
    await db
      .insertInto('practices')
      .values([practice('c-1'), practice('c-2')])
      .execute();
    const changed = await db
      .updateTable('practices')
      .set({ name: 'Zz Other' })
      .where('practice_id', 'in', ['c-1', 'c-2', 'c-3'])
      .executeTakeFirstOrThrow();
    expect(changed.numUpdatedRows).toBe(2n);
  });

  test('gives the SQLSTATE of a failure and none of the parameters', async () => {
    const db = kysely();
    await db.insertInto('practices').values(practice('twice')).execute();
    const failure = await db
      .insertInto('practices')
      .values(practice('twice'))
      .execute()
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: '23505' });
    expect(failure).not.toHaveProperty('params');
  });

  test('rolls a failed transaction back and takes the next statement', async () => {
    const db = kysely();
    const failed = db.transaction().execute(async (transaction) => {
      await transaction.insertInto('practices').values(practice('rolled-back')).execute();
      throw new Error('planned');
    });
    await expect(failed).rejects.toThrow('planned');
    const found = await db
      .selectFrom('practices')
      .select('practice_id')
      .where('practice_id', '=', 'rolled-back')
      .execute();
    expect(found).toEqual([]);
  });

  test('keeps concurrent transactions apart', async () => {
    const db = kysely();
    await db.insertInto('practices').values({ practice_id: 'counter', name: '0' }).execute();
    const increment = () =>
      db.transaction().execute(async (transaction) => {
        const row = await transaction
          .selectFrom('practices')
          .select('name')
          .where('practice_id', '=', 'counter')
          .forUpdate()
          .executeTakeFirstOrThrow();
        await transaction
          .updateTable('practices')
          .set({ name: String(Number(row.name) + 1) })
          .where('practice_id', '=', 'counter')
          .execute();
      });
    await Promise.all(Array.from({ length: 8 }, increment));
    const row = await db
      .selectFrom('practices')
      .select('name')
      .where('practice_id', '=', 'counter')
      .executeTakeFirstOrThrow();
    expect(row.name).toBe('8');
  });

  test.each([
    'update audit_records set record = $$x$$',
    'delete from audit_records',
    'truncate audit_records cascade',
  ])('refuses to change what the audit trail holds: %s', async (statement) => {
    const db = kysely();
    await db.insertInto('audit_records').values(auditRow).execute();
    await expect(sql.raw(statement).execute(db)).rejects.toMatchObject({ code: '42501' });
    const kept = await db.selectFrom('audit_records').select('leaf_hash').executeTakeFirstOrThrow();
    expect(kept.leaf_hash).toEqual(auditRow.leaf_hash);
  });

  test('shows a reader of the audit one tenant’s records, whatever it asks for', async () => {
    const db = kysely();
    for (const practice_id of ['r-1', 'r-2']) {
      const record = JSON.stringify({ integrator: `i-${practice_id}`, type: 'query.executed' });
      const leaf_hash = textLeafHash(record);
      const row = { recorded_at: moment, practice_id, record, leaf_hash };
      await db.insertInto('audit_records').values(row).execute();
    }
    const all = (within: Kysely<Database>) =>
      within.selectFrom('audit_records').select(['practice_id', 'integrator_id', 'type']).execute();
    const own = { practice_id: 'r-1', integrator_id: 'i-r-1', type: 'query.executed' };
    expect(await readAudit(db, { kind: 'practice', practiceId: 'r-1' }, all)).toEqual([own]);
    expect(await readAudit(db, { kind: 'integrator', integratorId: 'i-r-1' }, all)).toEqual([own]);
    expect(await readAudit(db, { kind: 'operator' }, all)).toEqual([]);
    expect((await all(db)).length).toBeGreaterThan(1);
  });

  test('shows a practice its own privacy register, and nobody else any of it', async () => {
    const db = kysely();
    for (const practice_id of ['v-1', 'v-2']) {
      await db.insertInto('practices').values({ practice_id, name: 'Zz' }).execute();
      const days = { received_on: '2026-03-04', due_on: '2026-04-03', created_at: moment };
      const privacy_request_id = `r-${practice_id}`;
      const request = {
        privacy_request_id,
        practice_id,
        kind: 'access',
        reference: 'P-1',
      } as const;
      await db
        .insertInto('privacy_requests')
        .values({ ...request, ...days })
        .execute();
      const step = { privacy_request_id, at: moment, kind: 'noted', person_id: 'x' } as const;
      await db.insertInto('privacy_steps').values(step).execute();
    }
    const all = async (within: Kysely<Database>) => {
      const requests = await within.selectFrom('privacy_requests').selectAll().execute();
      const steps = await within.selectFrom('privacy_steps').selectAll().execute();
      return [...requests, ...steps].map((row) => row.privacy_request_id);
    };
    const own = await readAudit(db, { kind: 'practice', practiceId: 'v-1' }, all);
    expect(own).toEqual(['r-v-1', 'r-v-1']);
    expect(await readAudit(db, { kind: 'integrator', integratorId: 'v-1' }, all)).toEqual([]);
    expect(await readAudit(db, { kind: 'operator' }, all)).toEqual([]);
    expect(await all(db)).toHaveLength(4);
  });

  test('runs each migration once', async () => {
    const db = kysely();
    await Promise.all([migrate(db), migrate(db)]);
    const { rows } = await sql<{
      name: string;
    }>`select name from schema_migrations order by 1`.execute(db);
    // The list is in the order in which they run, which is not that of their numbers.
    const names = migrations.map((migration) => migration.name).sort();
    expect(rows.map((row) => row.name).sort()).toEqual(names);
  });

  test('leaves the tables alone when a migration fails', async () => {
    const db = kysely();
    const broken = {
      name: '9999-broken',
      statements: ['create table half (a int)', 'select nonsense'],
    };
    await expect(migrate(db, [...migrations, broken])).rejects.toMatchObject({ code: '42703' });
    const { rows } = await sql<{ half: unknown }>`select to_regclass('half') as half`.execute(db);
    expect(rows[0]?.half).toBeNull();
  });

  test('refuses a database that a newer version has migrated', async () => {
    await expect(migrate(kysely(), migrations.slice(0, 1))).rejects.toThrow('newer version');
  });
}
