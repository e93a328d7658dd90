/**
 * The log's newest head within one transaction: the tree is opened from its last tiles and held against the
 * root that was signed; what was added is written with the next head, in one statement.
 */
import { sql, type Transaction } from 'kysely';
import type { LogKey } from '#apps/broker/src/audit/log-key.js';
import { signCheckpoint } from '#libs/audit/checkpoint.js';
import { GrowingTree } from '#libs/audit/growing-tree.js';
import type { Tile } from '#libs/audit/tiles.js';
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
  tree: GrowingTree;
  /** Its size before the leaves were added. */
  before: number;
  /** That the leaves changed. */
  tiles: readonly Tile[];
  nowMs: number;
}

/** Writes the tiles, the head and its checkpoint. @throws LogUnfit when the head is not where it was */
export async function writeHead(
  transaction: Transaction<Database>,
  { origin, privateKey }: LogKey,
  { tree, before, tiles, nowMs }: NextHead,
): Promise<void> {
  const [size, root] = [tree.size, tree.root()];
  const signed = signCheckpoint({ origin, size, root }, privateKey);
  const { numInsertedOrUpdatedRows } = await transaction
    .with('tiles', (db) =>
      db
        .insertInto('audit_tiles')
        .values(tiles.map(({ level, index, hashes }) => ({ level, tile_index: index, hashes })))
        .onConflict((conflict) =>
          conflict
            .columns(['level', 'tile_index'])
            .doUpdateSet({ hashes: (eb) => eb.ref('excluded.hashes') }),
        ),
    )
    .with('head', (db) =>
      db
        .updateTable('audit_log')
        .set({ size, root })
        .where('size', '=', String(before))
        .returning('size'),
    )
    .insertInto('audit_checkpoints')
    .columns(['size', 'made_at', 'signed'])
    .expression((db) =>
      db
        .selectFrom('head')
        .select(['size', sql<Date>`${new Date(nowMs)}::timestamptz`.as('made_at')])
        .select(sql<string>`${signed}::text`.as('signed')),
    )
    .executeTakeFirstOrThrow();
  if (numInsertedOrUpdatedRows !== 1n) throw new LogUnfit('damaged');
  if (Math.floor(before / FORGET_EVERY) !== Math.floor(size / FORGET_EVERY)) {
    await forgetCheckpoints(transaction, before, nowMs);
  }
}

async function forgetCheckpoints(
  transaction: Transaction<Database>,
  before: number,
  nowMs: number,
): Promise<void> {
  await sql`
    delete from audit_checkpoints
    where made_at < ${new Date(nowMs - KEPT_DAYS * 86_400_000)} and size < ${before}::bigint
      and not exists (select from audit_witnesses w where w.size = audit_checkpoints.size)
      and not exists (select from outside_witnesses o where o.size = audit_checkpoints.size)`.execute(
    transaction,
  );
}
