/**
 * The log's newest head within one transaction: the tree is opened from its last tiles and held against the
 * root that was signed; what was added is written with the next head, in one statement.
 */
import { sql, type Transaction } from 'kysely';
import type { LogKey } from '#apps/broker/src/audit/log-key.js';
import { readTileRows } from '#apps/broker/src/audit/log-tiles.js';
import { signCheckpoint } from '#libs/audit/checkpoint.js';
import { GrowingTree } from '#libs/audit/growing-tree.js';
import { edgeOf, type Tile } from '#libs/audit/tiles.js';
import type { Database } from '#libs/db/schema.js';
import { rawPublicKey } from '#libs/pki/keys.js';

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

/**
 * The tree as its last head says it is; a damaged store must not lead to a head that contradicts that one.
 * @throws LogUnfit
 */
export async function openTree(
  transaction: Transaction<Database>,
  key: LogKey,
): Promise<GrowingTree> {
  const publicKey = rawPublicKey(key.privateKey);
  const head = await transaction.selectFrom('audit_log').selectAll().executeTakeFirst();
  if (!head) {
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
