/**
 * Records on their way into the store: one statement and two parameters carry a whole batch, in order. A
 * record's text has no line feed (RFC 8785), so a batch is its lines; the store reads out of a line what it
 * needs, which costs it a quarter of reading JSON.
 */
import { sql, type Kysely, type RawBuilder } from 'kysely';
import { auditLeaf } from '#libs/audit/audit-leaf.js';
import type { AuditRecord } from '#libs/audit/audit-record.js';
import { HASH_BYTES, hashedText } from '#libs/audit/tree-hash.js';
import type { Database } from '#libs/db/schema.js';
import { mapInSteps } from '#libs/kernel/in-steps.js';

/** How far back a try is looked for whose answer was lost. */
const LOOK_BACK = 100_000;

export interface RecordBatch {
  /** A table expression: recorded_at, practice_id, record, leaf_hash, n (from 1). */
  rows: RawBuilder<unknown>;
  leaves: Buffer[];
}

export async function recordBatch(records: readonly AuditRecord[]): Promise<RecordBatch> {
  const hashed = await mapInSteps(records, (record) => hashedText(auditLeaf(record)));
  const lines = hashed.map(({ text }) => text).join('\n');
  const hashes = Buffer.from(hashed.map(({ bytes }) => bytes).join(''), 'binary');
  const leaves = hashed.map((_, at) => hashes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES));
  const rows = sql`(
    select ${field('ts')}::timestamptz as recorded_at, nullif(${field('practice')}, '') as practice_id, record,
      substr(${hashes}::bytea, ${sql.lit(HASH_BYTES)} * (n::int - 1) + 1, ${sql.lit(HASH_BYTES)}) as leaf_hash, n
    from string_to_table(${lines}::text, ${sql.lit('\n')}) with ordinality as lines (record, n))`;
  return { rows, leaves };
}

/** SQL: in canonical JSON this sequence of characters is the field itself; ids and times hold nothing to escape. */
const field = (name: 'ts' | 'practice'): RawBuilder<string> =>
  sql`split_part(split_part(record, ${sql.lit(`"${name}":"`)}, 2), '"', 1)`;

/** They then wait for the sequencer: the store sees to that. */
export async function insertRecords(
  database: Kysely<Database>,
  records: readonly AuditRecord[],
): Promise<void> {
  if (records.length === 0) return;
  const { rows } = await recordBatch(records);
  await sql`
    insert into audit_records (recorded_at, practice_id, record, leaf_hash)
    select recorded_at, practice_id, record, leaf_hash from ${rows} as batch
    order by n`.execute(database);
}

/** Of records that may have been stored by a try whose answer never came, those that were not. */
export async function notYetStored(
  database: Kysely<Database>,
  records: readonly AuditRecord[],
): Promise<AuditRecord[]> {
  const { rows, leaves } = await recordBatch(records);
  const found = await sql<{ leaf_hash: Buffer }>`
    select leaf_hash from audit_records
    where seq > (select coalesce(max(seq), 0) - ${LOOK_BACK} from audit_records)
      and leaf_hash in (select leaf_hash from ${rows} as batch)`.execute(database);
  const stored = new Set(found.rows.map(({ leaf_hash }) => leaf_hash.toString('hex')));
  return records.filter((_, at) => !stored.has(leaves[at]?.toString('hex') ?? ''));
}
