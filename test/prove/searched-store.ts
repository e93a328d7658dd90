/** What the broker's database holds, as text, and a record as a careless program would write it. */
import { sql } from 'kysely';
import { textLeafHash } from '#libs/audit/tree-hash.js';
import { openDatabase, type DatabasePlace } from '#libs/db/open-database.js';
import { searchBytes, type Leak } from '#test/support/leak-search.js';

export interface TableSearch {
  leaks: Leak[];
  tables: number;
  bytesRead: number;
}

/** Every row of every table, as text: pages on disk may be compressed. */
export async function searchTables(
  place: DatabasePlace,
  needles: readonly string[],
): Promise<TableSearch> {
  const { kysely, close } = await openDatabase(place);
  try {
    const tables = await sql<{ name: string }>`
      select table_name as name from information_schema.tables where table_schema = 'public'
    `.execute(kysely);
    const found: TableSearch = { leaks: [], tables: tables.rows.length, bytesRead: 0 };
    for (const { name } of tables.rows) {
      const { rows } = await sql<{ text: string }>`
        select t::text as text from ${sql.table(name)} t
      `.execute(kysely);
      const bytes = Buffer.from(rows.map(({ text }) => text).join('\n'));
      found.bytesRead += bytes.length;
      found.leaks.push(...searchBytes(`table ${name}`, bytes, needles));
    }
    return found;
  } finally {
    await close();
  }
}

/** An audit record that holds what none may hold. */
export async function plantAuditRecord(place: DatabasePlace, marker: string): Promise<void> {
  const { kysely, close } = await openDatabase(place);
  const record = JSON.stringify({ type: 'query.failed', errorMessage: marker });
  const leaf_hash = textLeafHash(record);
  await kysely
    .insertInto('audit_records')
    .values({ recorded_at: new Date(), practice_id: null, record, leaf_hash })
    .execute();
  await close();
}
