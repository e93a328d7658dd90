/**
 * The log's newest head: the tree is opened from its last tiles and held against the root that was signed; what
 * was added is written with the next head, in one statement that does nothing unless the head is where it was.
 */
import { sql, type Kysely, type Transaction } from 'kysely';
import type { LogKey } from '#apps/broker/src/audit/log-key.js';
import type { RecordBatch } from '#apps/broker/src/audit/record-batch.js';
import { signCheckpoint } from '#libs/audit/checkpoint.js';
import { GrowingTree } from '#libs/audit/growing-tree.js';
import type { Tile } from '#libs/audit/tiles.js';
import type { TreeHead } from '#libs/audit/verify-proofs.js';
import type { Database } from '#libs/db/schema.js';
import { rawPublicKey } from '#libs/pki/keys.js';

/** Any constant will do, as long as nothing else in the database uses it. */
const LOCK_ID = 7_166_273_485n;
/** Checkpoints that no witness's last word is about go after so long. */
const KEPT_DAYS = 30;
/** They are looked for each time that so many leaves have come. */
const FORGET_EVERY = 4_096;

/** The log in the store is not one that this node can continue. */
export class LogUnfit extends Error {
  constructor(readonly reason: 'other-key' | 'damaged') {
    super(reason);
  }
}

interface OpenedRow {
  origin: string | null;
  public_key: Buffer;
  size: string;
  root: Buffer;
  level: number | null;
  tile_index: string;
  hashes: Buffer;
}

/**
 * The tree as its last head says it is, until the transaction ends this node's alone; a damaged store must not
 * lead to a head that contradicts that one.
 * @returns undefined while another node is at it
 * @throws LogUnfit
 */
export async function openTree(
  transaction: Transaction<Database>,
  key: LogKey,
): Promise<GrowingTree | undefined> {
  const { rows } = await sql<OpenedRow>`
    select * from open_audit_log(${LOCK_ID.toString()}::bigint)`.execute(transaction);
  const [head] = rows;
  if (!head) return undefined;
  const publicKey = rawPublicKey(key.privateKey);
  if (head.origin === null) {
    const tree = GrowingTree.empty();
    await transaction
      .insertInto('audit_log')
      .values({ origin: key.origin, public_key: publicKey, size: 0, root: tree.root() })
      .execute();
    return tree;
  }
  if (!head.public_key.equals(publicKey) || head.origin !== key.origin) {
    throw new LogUnfit('other-key');
  }
  try {
    const tree = GrowingTree.of(Number(head.size), rows.flatMap(tileOf));
    if (tree.root().equals(head.root)) return tree;
  } catch {
    // A tile is missing: as bad as a wrong one.
  }
  throw new LogUnfit('damaged');
}

const tileOf = ({ level, tile_index, hashes }: OpenedRow): Tile[] =>
  level === null ? [] : [{ level, index: Number(tile_index), hashes }];

export interface NextHead {
  before: TreeHead;
  /** What is signed, one after the other; the last is the log's new head. */
  heads: readonly TreeHead[];
  /** That the leaves changed. */
  tiles: readonly Tile[];
  nowMs: number;
  /** Records that are stored with their leaves; without: those of leaves that are stored already. */
  rows?: RecordBatch['rows'] | undefined;
}

/**
 * Writes the tiles, the head and the checkpoints, and the records of a batch, by one statement. On its own it needs no
 * transaction around it: it takes the lock itself, and holds it to its end.
 * @returns false: another node is at it, or the head is not where it was; then nothing is written
 */
export async function writeHead(
  database: Kysely<Database>,
  { origin, privateKey }: LogKey,
  { before, heads, tiles, nowMs, rows }: NextHead,
): Promise<boolean> {
  const { size, root } = heads.at(-1) ?? before;
  const signed = heads.map(
    (head) => sql`(${head.size}::bigint, ${signCheckpoint({ origin, ...head }, privateKey)}::text)`,
  );
  const { numAffectedRows } = await sql`
    with head as (
      update audit_log set size = ${size}, root = ${root}
      where size = ${before.size} and root = ${before.root}
        and pg_try_advisory_xact_lock(${LOCK_ID.toString()}::bigint)
      returning size
    ), grown as (
      insert into audit_tiles (level, tile_index, hashes)
      select tile.* from (values ${sql.join(tiles.map(tileRow))}) as tile, head
      on conflict (level, tile_index) do update set hashes = excluded.hashes
    )${rows ? storedAt(before.size, rows) : sql``}
    insert into audit_checkpoints (size, made_at, signed)
    select made.size, ${new Date(nowMs)}::timestamptz, made.signed
    from (values ${sql.join(signed)}) as made (size, signed), head`.execute(database);
  if (numAffectedRows !== BigInt(heads.length)) return false;
  if (Math.floor(before.size / FORGET_EVERY) !== Math.floor(size / FORGET_EVERY)) {
    await forgetCheckpoints(database, before.size, nowMs);
  }
  return true;
}

const tileRow = ({ level, index, hashes }: Tile) =>
  sql`(${level}::smallint, ${index}::bigint, ${hashes}::bytea)`;

/** A leaf's number goes by the batch's order. */
const storedAt = (first: number, rows: RecordBatch['rows']) => sql`, stored as (
  insert into audit_records (recorded_at, practice_id, record, leaf_hash, leaf_index)
  select recorded_at, practice_id, record, leaf_hash, ${first}::bigint + n - 1
  from ${rows} as batch where exists (select from head) order by n
)`;

async function forgetCheckpoints(
  database: Kysely<Database>,
  before: number,
  nowMs: number,
): Promise<void> {
  await sql`
    delete from audit_checkpoints
    where made_at < ${new Date(nowMs - KEPT_DAYS * 86_400_000)} and size < ${before}::bigint
      and not exists (select from audit_witnesses w where w.size = audit_checkpoints.size)
      and not exists (select from outside_witnesses o where o.size = audit_checkpoints.size)`.execute(
    database,
  );
}
