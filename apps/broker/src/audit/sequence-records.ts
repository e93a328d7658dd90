/**
 * One step of the log: gives records the next leaf numbers, adds them to the tree and signs its new head,
 * all in one transaction. Records that wait are taken from their line; a batch that comes straight from the
 * trail is stored in the same transaction, and never waits. Whatever ends the process or the database
 * in between leaves the log as it was; nothing that is signed is seen by anybody
 * before it is committed. Only the node that holds the lock works; the lock goes with its transaction.
 *
 * The tree of the last head is kept for a second, so that the next batch is one statement: it stores, or does nothing
 * because another node has written since.
 */
import { Injectable } from '@nestjs/common';
import { Kysely, sql, type Transaction } from 'kysely';
import { LogUnfit, openTree, writeHead } from '#apps/broker/src/audit/log-head.js';
import { LogKey } from '#apps/broker/src/audit/log-key.js';
import { recordBatch, type RecordBatch } from '#apps/broker/src/audit/record-batch.js';
import type { AuditRecord } from '#libs/audit/audit-record.js';
import type { GrowingTree } from '#libs/audit/growing-tree.js';
import type { Tile } from '#libs/audit/tiles.js';
import { HASH_BYTES } from '#libs/audit/tree-hash.js';
import type { TreeHead } from '#libs/audit/verify-proofs.js';
import type { Database } from '#libs/db/schema.js';
import { Clock } from '#libs/kernel/clock.js';
import { inSteps } from '#libs/kernel/in-steps.js';

const MOST_RECORDS = 4_096;
/** A head is signed for so many leaves at the most. */
const LEAVES_OF_HEAD = 256;
/** So long a tree is continued before it is opened anew, and the stored tiles are held against the signed root. */
const KEPT_MS = 1_000;

/** `nothing`: no record waits. `elsewhere`: another node is at it. */
export type SequencingStep =
  { state: 'nothing' | 'elsewhere' } | { state: 'advanced'; size: number };

/** What a step adds to the log. */
interface Added {
  leaves: readonly Buffer[];
  /** Records that are not stored yet. */
  rows?: RecordBatch['rows'];
}

/** The tree of the head that this node wrote last. */
interface KeptTree {
  tree: GrowingTree;
  root: Buffer;
  /** By the machine's own clock. */
  openedMs: number;
}

@Injectable()
export class SequenceRecords {
  private kept: KeptTree | undefined;

  constructor(
    private readonly database: Kysely<Database>,
    private readonly key: LogKey,
    private readonly clock: Clock,
  ) {}

  /** @throws LogUnfit, or the store's error; then nothing has changed */
  async execute(): Promise<SequencingStep> {
    // Asked outside, so that an idle node opens no transaction.
    if (!(await this.anyWaiting())) return { state: 'nothing' };
    return this.step(async (transaction, first) => ({
      leaves: await takeWaiting(transaction, first),
    }));
  }

  /**
   * Stores a batch and takes it into the log at once.
   * @returns false when the log can't be continued here and now; then nothing is stored
   * @throws the store's error; then the batch may have been stored, or not
   */
  async store(records: readonly AuditRecord[]): Promise<boolean> {
    const batch = await recordBatch(records);
    if (await this.storeOntoKept(batch)) return true;
    try {
      const { state } = await this.step(async () => batch);
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

  /** By one statement, while nobody else has written. @returns false: nothing is stored */
  private async storeOntoKept(batch: RecordBatch): Promise<boolean> {
    const { kept } = this;
    this.kept = undefined;
    if (!kept || performance.now() - kept.openedMs > KEPT_MS) return false;
    return this.advance(this.database, kept, batch);
  }

  private step(
    add: (transaction: Transaction<Database>, first: number) => Promise<Added>,
  ): Promise<SequencingStep> {
    return this.database
      .transaction()
      .setIsolationLevel('read committed')
      .execute(async (transaction) => {
        const tree = await openTree(transaction, this.key);
        if (!tree) return { state: 'elsewhere' };
        const added = await add(transaction, tree.size);
        if (added.leaves.length === 0) return { state: 'nothing' };
        const opened = { tree, root: tree.root(), openedMs: performance.now() };
        if (!(await this.advance(transaction, opened, added))) throw new LogUnfit('damaged');
        return { state: 'advanced', size: tree.size };
      });
  }

  private async advance(
    database: Kysely<Database>,
    { tree, root, openedMs }: KeptTree,
    { leaves, rows }: Added,
  ): Promise<boolean> {
    const before = { size: tree.size, root };
    const tiles = new Map<string, Tile>();
    const heads: TreeHead[] = [];
    for await (const part of inSteps(leaves, LEAVES_OF_HEAD)) {
      for (const tile of tree.append(part)) tiles.set(`${tile.level}/${tile.index}`, tile);
      heads.push({ size: tree.size, root: tree.root() });
    }
    const isWritten = await writeHead(database, this.key, {
      ...{ before, heads, tiles: [...tiles.values()], nowMs: this.clock.now(), rows },
    });
    // A head whose transaction fails in the end is not the store's, and nothing is written onto it.
    if (isWritten) this.kept = { tree, root: tree.root(), openedMs };
    return isWritten;
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
    select string_agg(leaf_hash, ''::bytea order by numbered.leaf_index) as hashes
    from numbered join audit_records using (seq)`.execute(transaction);
  const hashes = rows[0]?.hashes ?? Buffer.alloc(0);
  return Array.from({ length: hashes.length / HASH_BYTES }, (_, at) =>
    hashes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES),
  );
}
