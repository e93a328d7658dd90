/** Records on their way into the store: one statement and one parameter carry a whole batch, in order. */
import { sql, type Kysely, type RawBuilder } from 'kysely';
import { auditLeaf } from '#libs/audit/audit-leaf.js';
import type { AuditRecord } from '#libs/audit/audit-record.js';
import { leafHash } from '#libs/audit/tree-hash.js';
import type { Database } from '#libs/db/schema.js';

/** How far back a try is looked for whose answer was lost. */
const LOOK_BACK = 100_000;

export interface RecordBatch {
  /** A table expression: recorded_at, practice_id, record, leaf_hash, n (from 1). */
  rows: RawBuilder<unknown>;
  leaves: Buffer[];
}

export function recordBatch(records: readonly AuditRecord[]): RecordBatch {
  const leaves: Buffer[] = [];
  const cells = records.map((record) => {
    const text = auditLeaf(record);
    const leaf = leafHash(Buffer.from(text));
    leaves.push(leaf);
    return [record.ts, record.practice ?? null, text, leaf.toString('hex')];
  });
  const rows = sql`(
    select (r ->> 0)::timestamptz as recorded_at, r ->> 1 as practice_id, r ->> 2 as record,
      decode(r ->> 3, 'hex') as leaf_hash, n
    from json_array_elements(${JSON.stringify(cells)}::json) with ordinality as cells (r, n))`;
  return { rows, leaves };
}

/** They then wait for the sequencer: the store sees to that. */
export async function insertRecords(
  database: Kysely<Database>,
  records: readonly AuditRecord[],
): Promise<void> {
  if (records.length === 0) return;
  await sql`
    insert into audit_records (recorded_at, practice_id, record, leaf_hash)
    select recorded_at, practice_id, record, leaf_hash from ${recordBatch(records).rows} as batch
    order by n`.execute(database);
}

/** Of records that may have been stored by a try whose answer never came, those that were not. */
export async function notYetStored(
  database: Kysely<Database>,
  records: readonly AuditRecord[],
): Promise<AuditRecord[]> {
  const { rows, leaves } = recordBatch(records);
  const found = await sql<{ leaf_hash: Buffer }>`
    select leaf_hash from audit_records
    where seq > (select coalesce(max(seq), 0) - ${LOOK_BACK} from audit_records)
      and leaf_hash in (select leaf_hash from ${rows} as batch)`.execute(database);
  const stored = new Set(found.rows.map(({ leaf_hash }) => leaf_hash.toString('hex')));
  return records.filter((_, at) => !stored.has(leaves[at]?.toString('hex') ?? ''));
}
