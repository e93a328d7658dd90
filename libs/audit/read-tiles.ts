/** Reads the hashes of complete subtrees out of tiles, each tile fetched once. */
import { hashInTile, tileOf, type Tile, type TilePlace } from '#libs/audit/tiles.js';
import type { NodeReader } from '#libs/audit/tree-proofs.js';

/** Finds tiles in their store, full or as long as they are by now; leaves out those it has not. */
export type TileReader = (places: readonly TilePlace[]) => Promise<readonly Tile[]>;

const keyOf = ({ level, index }: TilePlace): string => `${level}/${index}`;

/**
 * For proofs in a tree of `size` leaves.
 * @throws RangeError (the reader) when a hash is asked for that the tiles do not have
 */
export function readTiles(size: number, fetch: TileReader): NodeReader {
  return async (nodes) => {
    if (nodes.some(({ level, index }) => (index + 1) * 2 ** level > size)) {
      throw new RangeError('the subtree is not in the tree');
    }
    const wanted = nodes.map(tileOf);
    const places = new Map(wanted.map(({ tile }) => [keyOf(tile), tile]));
    const found = places.size > 0 ? await fetch([...places.values()]) : [];
    const tiles = new Map(found.map((tile) => [keyOf(tile), tile.hashes]));
    return wanted.map(({ tile, first, count }) => {
      const hash = hashInTile(tiles.get(keyOf(tile)) ?? Buffer.alloc(0), first, count);
      if (!hash) throw new RangeError('a tile of the tree is missing');
      return hash;
    });
  };
}
