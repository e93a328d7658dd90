/**
 * One step of the log: takes the records that wait, gives them the next leaf numbers, adds them to the
 * tree and signs its new head, all in one transaction. Whatever ends the process or the database
 * in between leaves the log as it was, with the records still waiting; nothing that is signed is seen by anybody
 * before it is committed. Only the node that holds the lock works; the lock goes with its transaction.
 */
import { Injectable } from '@nestjs/common';
import { Kysely, sql, type Transaction } from 'kysely';
import { LogKey } from '#apps/broker/src/audit/log-key.js';
import { readTileRows } from '#apps/broker/src/audit/log-tiles.js';
import { signCheckpoint } from '#libs/audit/checkpoint.js';
import { GrowingTree } from '#libs/audit/growing-tree.js';
import { edgeOf, type Tile } from '#libs/audit/tiles.js';
import type { Database } from '#libs/db/schema.js';
import { Clock } from '#libs/kernel/clock.js';
import { rawPublicKey } from '#libs/pki/keys.js';

/** Any constant will do, as long as nothing else in the database uses it. */
const LOCK_ID = 7_166_273_485n;
const MOST_RECORDS = 4_096;
/** Checkpoints that no witness's last word is about go after so long. */
const KEPT_DAYS = 30;

/** `nothing`: no record waits. `elsewhere`: another node is at it. */
export type SequencingStep =
  { state: 'nothing' | 'elsewhere' } | { state: 'advanced'; size: number };

/** The log in the store is not one that this node can continue. */
export class LogUnfit extends Error {
  constructor(readonly reason: 'other-key' | 'damaged') {
    super(reason);
  }
}

interface WaitingRecord {
  seq: string;
  leaf_hash: Buffer;
}

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
    return this.database
      .transaction()
      .setIsolationLevel('read committed')
      .execute((transaction) => this.step(transaction));
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

  private async step(transaction: Transaction<Database>): Promise<SequencingStep> {
    const lock = await sql<{ held: boolean }>`
      select pg_try_advisory_xact_lock(${LOCK_ID.toString()}::bigint) as held`.execute(transaction);
    if (!lock.rows[0]?.held) return { state: 'elsewhere' };
    const records = await takeWaiting(transaction);
    if (records.length === 0) return { state: 'nothing' };
    const tree = await this.open(transaction);
    const first = tree.size;
    const tiles = tree.append(records.map((record) => record.leaf_hash));
    await writeLeaves(transaction, first, records);
    await writeTiles(transaction, tiles);
    await this.signHead(transaction, tree, first);
    return { state: 'advanced', size: tree.size };
  }

  /** The tree as its last head says it is; a damaged store must not lead to a head that contradicts that one. */
  private async open(transaction: Transaction<Database>): Promise<GrowingTree> {
    const publicKey = rawPublicKey(this.key.privateKey);
    const head = await transaction.selectFrom('audit_log').selectAll().executeTakeFirst();
    if (!head) {
      const tree = GrowingTree.empty();
      await transaction
        .insertInto('audit_log')
        .values({ origin: this.key.origin, public_key: publicKey, size: 0, root: tree.root() })
        .execute();
      return tree;
    }
    if (!head.public_key.equals(publicKey) || head.origin !== this.key.origin) {
      throw new LogUnfit('other-key');
    }
    const size = Number(head.size);
    const tiles = await readTileRows(transaction, edgeOf(size));
    try {
      const tree = GrowingTree.of(size, tiles);
      if (tree.root().equals(head.root)) return tree;
    } catch {
      // A tile is missing: as bad as a wrong one.
    }
    throw new LogUnfit('damaged');
  }

  private async signHead(
    transaction: Transaction<Database>,
    tree: GrowingTree,
    before: number,
  ): Promise<void> {
    const { origin, privateKey } = this.key;
    const [size, root, nowMs] = [tree.size, tree.root(), this.clock.now()];
    const signed = signCheckpoint({ origin, size, root }, privateKey);
    const { numUpdatedRows } = await transaction
      .updateTable('audit_log')
      .set({ size, root })
      .where('size', '=', String(before))
      .executeTakeFirstOrThrow();
    if (numUpdatedRows !== 1n) throw new LogUnfit('damaged');
    await transaction
      .insertInto('audit_checkpoints')
      .values({ size, made_at: new Date(nowMs), signed })
      .execute();
    await sql`
      delete from audit_checkpoints
      where made_at < ${new Date(nowMs - KEPT_DAYS * 86_400_000)} and size < ${before}::bigint
        and not exists (select from audit_witnesses w where w.size = audit_checkpoints.size)`.execute(
      transaction,
    );
  }
}

/** In the order of their numbers, as far as they are committed. Others will be found another time. */
async function takeWaiting(transaction: Transaction<Database>): Promise<WaitingRecord[]> {
  const { rows } = await sql<WaitingRecord>`
    with taken as (
      delete from audit_waiting
      where seq in (select seq from audit_waiting order by seq limit ${MOST_RECORDS})
      returning seq
    )
    select r.seq, r.leaf_hash from taken join audit_records r using (seq) order by r.seq`.execute(
    transaction,
  );
  return rows;
}

async function writeLeaves(
  transaction: Transaction<Database>,
  first: number,
  records: readonly WaitingRecord[],
): Promise<void> {
  const numbers = JSON.stringify(records.map(({ seq }) => seq));
  await sql`
    insert into audit_leaves (leaf_index, seq)
    select ${first}::bigint + n - 1, seq::bigint
    from json_array_elements_text(${numbers}::json) with ordinality as batch (seq, n)`.execute(
    transaction,
  );
}

async function writeTiles(
  transaction: Transaction<Database>,
  tiles: readonly Tile[],
): Promise<void> {
  await transaction
    .insertInto('audit_tiles')
    .values(tiles.map(({ level, index, hashes }) => ({ level, tile_index: index, hashes })))
    .onConflict((conflict) =>
      conflict
        .columns(['level', 'tile_index'])
        .doUpdateSet({ hashes: (eb) => eb.ref('excluded.hashes') }),
    )
    .execute();
}
