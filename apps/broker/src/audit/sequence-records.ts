/**
 * One step of the log: gives records the next leaf numbers, adds them to the tree and signs its new head,
 * all in one transaction. Records that wait are taken from their line; a batch that comes straight from the
 * trail is stored in the same transaction, and never waits. Whatever ends the process or the database
 * in between leaves the log as it was; nothing that is signed is seen by anybody
 * before it is committed. Only the node that holds the lock works; the lock goes with its transaction.
 */
import { Injectable } from '@nestjs/common';
import { Kysely, sql, type Transaction } from 'kysely';
import { LogUnfit, openTree, writeHead } from '#apps/broker/src/audit/log-head.js';
import { LogKey } from '#apps/broker/src/audit/log-key.js';
import { recordBatch } from '#apps/broker/src/audit/record-batch.js';
import type { AuditRecord } from '#libs/audit/audit-record.js';
import { HASH_BYTES } from '#libs/audit/tree-hash.js';
import type { Database } from '#libs/db/schema.js';
import { Clock } from '#libs/kernel/clock.js';

const MOST_RECORDS = 4_096;

/** `nothing`: no record waits. `elsewhere`: another node is at it. */
export type SequencingStep =
  { state: 'nothing' | 'elsewhere' } | { state: 'advanced'; size: number };

/** Numbers leaves from `first` on. @returns their hashes, in that order */
type NumberLeaves = (transaction: Transaction<Database>, first: number) => Promise<Buffer[]>;

@Injectable()
export class SequenceRecords {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly key: LogKey,
    private readonly clock: Clock,
  ) {}

  /** @throws LogUnfit, or the store's error; then nothing has changed */
  async execute(): Promise<SequencingStep> {
    // Asked outside, so that an idle node opens no transaction.
    if (!(await this.anyWaiting())) return { state: 'nothing' };
    return this.step(takeWaiting);
  }

  /**
   * Stores a batch and takes it into the log at once.
   * @returns false when the log can't be continued here and now; then nothing is stored
   * @throws the store's error; then the batch may have been stored, or not
   */
  async store(records: readonly AuditRecord[]): Promise<boolean> {
    try {
      const { state } = await this.step((transaction, first) =>
        storeNumbered(transaction, first, records),
      );
      return state === 'advanced';
    } catch (error) {
      if (error instanceof LogUnfit) return false;
      throw error;
    }
  }

  async anyWaiting(): Promise<boolean> {
    const { rows } = await sql`select from audit_waiting limit 1`.execute(this.database);
    return rows.length > 0;
  }

  /** How many leaves the log has. */
  async size(): Promise<number> {
    const head = await this.database.selectFrom('audit_log').select('size').executeTakeFirst();
    return Number(head?.size ?? 0);
  }

  private step(numberLeaves: NumberLeaves): Promise<SequencingStep> {
    return this.database
      .transaction()
      .setIsolationLevel('read committed')
      .execute(async (transaction) => {
        const tree = await openTree(transaction, this.key);
        if (!tree) return { state: 'elsewhere' };
        const before = tree.size;
        const leaves = await numberLeaves(transaction, before);
        if (leaves.length === 0) return { state: 'nothing' };
        const tiles = tree.append(leaves);
        await writeHead(transaction, this.key, { tree, before, tiles, nowMs: this.clock.now() });
        return { state: 'advanced', size: tree.size };
      });
  }
}

/** In the order of their numbers, as far as they are committed. Others will be found another time. */
async function takeWaiting(transaction: Transaction<Database>, first: number): Promise<Buffer[]> {
  const { rows } = await sql<{ hashes: Buffer | null }>`
    with taken as (
      delete from audit_waiting
      where seq in (select seq from audit_waiting order by seq limit ${MOST_RECORDS})
      returning seq
    ), numbered as (
      insert into audit_leaves (leaf_index, seq)
      select ${first}::bigint + row_number() over (order by seq) - 1, seq from taken
      returning leaf_index, seq
    )
    select string_agg(leaf_hash, ''::bytea order by leaf_index) as hashes
    from numbered join audit_records using (seq)`.execute(transaction);
  const hashes = rows[0]?.hashes ?? Buffer.alloc(0);
  return Array.from({ length: hashes.length / HASH_BYTES }, (_, at) =>
    hashes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES),
  );
}

/** A leaf's number goes by the batch's order. The record's own is drawn beforehand, so that the leaf need not look for it. */
async function storeNumbered(
  transaction: Transaction<Database>,
  first: number,
  records: readonly AuditRecord[],
): Promise<Buffer[]> {
  const { rows, leaves } = recordBatch(records);
  const { numAffectedRows } = await sql`
    with batch as materialized (
      select *, nextval(pg_get_serial_sequence('audit_records', 'seq')) as seq from ${rows} as lines
    ), stored as (
      insert into audit_records (seq, recorded_at, practice_id, record, leaf_hash)
      overriding system value
      select seq, recorded_at, practice_id, record, leaf_hash from batch
    )
    insert into audit_leaves (leaf_index, seq)
    select ${first}::bigint + n - 1, seq from batch`.execute(transaction);
  if (numAffectedRows !== BigInt(leaves.length)) throw new Error('a batch was not stored whole');
  return leaves;
}
