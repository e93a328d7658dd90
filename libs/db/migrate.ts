/** Runs the table of migrations, each once, under a lock that makes several booting nodes take turns. */
import { CompiledQuery, sql, type Kysely } from 'kysely';
import { migrations, type Migration } from '#libs/db/migrations.js';
import type { Database } from '#libs/db/schema.js';

/** Any constant will do, as long as nothing else in the database uses it. */
const LOCK_ID = 7_166_273_484n;

export class NewerDatabase extends Error {
  constructor(readonly migration: string) {
    super(['the database was migrated by a newer version:', migration].join(' '));
  }
}

/**
 * All missing migrations in one transaction: a failure leaves the tables as they were.
 * @throws NewerDatabase when the database carries a migration that this version does not know (a newer broker's)
 */
export async function migrate(
  kysely: Kysely<Database>,
  table: readonly Migration[] = migrations,
): Promise<void> {
  await kysely.transaction().execute(async (transaction) => {
    // As long as the node whose turn it is takes for it.
    await sql`set local lock_timeout = 0`.execute(transaction);
    await sql`select pg_advisory_xact_lock(${LOCK_ID.toString()}::bigint)`.execute(transaction);
    await sql`create table if not exists schema_migrations (
      name text primary key,
      applied_at timestamptz not null default now()
    )`.execute(transaction);
    const applied = await sql<{ name: string }>`select name from schema_migrations`.execute(
      transaction,
    );
    const names = new Set(applied.rows.map((row) => row.name));
    const known = new Set(table.map((migration) => migration.name));
    const stranger = [...names].find((name) => !known.has(name));
    if (stranger !== undefined) {
      throw new NewerDatabase(stranger);
    }
    for (const migration of table.filter((candidate) => !names.has(candidate.name))) {
      for (const statement of migration.statements) {
        await transaction.executeQuery(CompiledQuery.raw(statement));
      }
      await sql`insert into schema_migrations (name) values (${migration.name})`.execute(
        transaction,
      );
    }
  });
}
