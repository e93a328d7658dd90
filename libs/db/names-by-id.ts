/** Names in place of the ids of practices, sites and integrators. */
import { sql, type Kysely } from 'kysely';
import type { Database } from '#libs/db/schema.js';

const idColumns = {
  practices: 'practice_id',
  sites: 'site_id',
  integrators: 'integrator_id',
} as const;

/**
 * @param ids repeated or missing ones are left out; with none the store is not asked
 * @param ofPractice of this practice alone, where the table knows whose a row is
 * @returns the name of each id that there is
 */
export async function namesById(
  database: Kysely<Database>,
  table: keyof typeof idColumns,
  ids: Iterable<string | null | undefined>,
  ofPractice?: string,
): Promise<Map<string, string>> {
  const wanted = [...new Set(ids)].filter((id) => id !== null && id !== undefined);
  if (wanted.length === 0) return new Map();
  const column = sql.ref(idColumns[table]);
  const isOwn =
    ofPractice === undefined || table === 'integrators'
      ? sql`true`
      : sql`practice_id = ${ofPractice}`;
  const { rows } = await sql<{ id: string; name: string }>`
    select ${column} as id, name from ${sql.table(table)}
    where ${column} = any(${wanted}::text[]) and ${isOwn}`.execute(database);
  return new Map(rows.map(({ id, name }) => [id, name]));
}
