/**
 * The tree at its growing edge: what must be known to append leaves, the tiles that an append
 * changes, and the root. Everything left of the edge is in tiles that never change again.
 */
import { Frontier } from '#libs/audit/frontier.js';
import { edgeOf, hashInTile, TILE_HEIGHT, TILE_WIDTH, type Tile } from '#libs/audit/tiles.js';
import { HASH_BYTES } from '#libs/audit/tree-hash.js';

const TILE_BYTES = TILE_WIDTH * HASH_BYTES;

export class GrowingTree {
  private constructor(
    private readonly frontier: Frontier,
    /** By level: the unfinished tile's hashes. */
    private readonly edge: Buffer[],
  ) {}

  static empty(): GrowingTree {
    return new GrowingTree(Frontier.empty(), []);
  }

  /**
   * Continues a tree of `size` leaves from its tiles. More hashes than belong to that size, of an
   * append that was not finished, are left out of account.
   * @param tiles those of edgeOf(size) that are not empty; others are ignored
   * @throws RangeError when a tile is missing or too short: such a store has lost something
   */
  static of(size: number, tiles: readonly Tile[]): GrowingTree {
    const edge = edgeOf(size).map(({ level, index, width }) => {
      if (width === 0) return Buffer.alloc(0);
      const found = tiles.find((tile) => tile.level === level && tile.index === index);
      if (!found || found.hashes.length < width * HASH_BYTES) {
        throw new RangeError('a tile of the tree is missing');
      }
      return Buffer.from(found.hashes.subarray(0, width * HASH_BYTES));
    });
    return new GrowingTree(Frontier.of(size, peaksOf(edge)), edge);
  }

  get size(): number {
    return this.frontier.size;
  }

  root(): Buffer {
    return this.frontier.root();
  }

  /**
   * Adds leaves by their hashes.
   * @returns every tile that is new or longer, each once, as it is after the last leaf
   */
  append(leaves: readonly Buffer[]): Tile[] {
    const changed = new Map<string, Tile>();
    const first = this.size;
    const ofTiles = leaves.flatMap((leaf) => this.frontier.append(leaf, TILE_HEIGHT) ?? []);
    this.extend(0, { count: first, hashes: leaves, ofTiles }, changed);
    return [...changed.values()];
  }

  private extend(
    level: number,
    { count, hashes, ofTiles }: Growth,
    changed: Map<string, Tile>,
  ): void {
    const finished: Buffer[] = [];
    let pending = [this.edge[level] ?? Buffer.alloc(0)];
    let width = count % TILE_WIDTH;
    let index = Math.floor(count / TILE_WIDTH);
    const note = (tile: Buffer) => changed.set(`${level}/${index}`, { level, index, hashes: tile });
    for (const hash of hashes) {
      pending.push(hash);
      width += 1;
      if (width < TILE_WIDTH) continue;
      const tile = Buffer.concat(pending, TILE_BYTES);
      note(tile);
      finished.push(ofTiles?.[finished.length] ?? (hashInTile(tile, 0, TILE_WIDTH) as Buffer));
      pending = [];
      width = 0;
      index += 1;
    }
    const rest = Buffer.concat(pending);
    this.edge[level] = rest;
    if (rest.length > 0 && hashes.length > 0) note(rest);
    const above = { count: Math.floor(count / TILE_WIDTH), hashes: finished };
    if (finished.length > 0) this.extend(level + 1, above, changed);
  }
}

/** What a level gets more. */
interface Growth {
  /** How many hashes it had so far. */
  count: number;
  hashes: readonly Buffer[];
  /** The hashes over the tiles that this completes, where they are known already. */
  ofTiles?: readonly Buffer[];
}

/** The roots of the complete subtrees, the widest first, out of the unfinished tiles. */
function peaksOf(edge: readonly Buffer[]): Buffer[] {
  const peaks: Buffer[] = [];
  for (const hashes of [...edge].reverse()) {
    const width = hashes.length / HASH_BYTES;
    let first = 0;
    for (let count = TILE_WIDTH / 2; count >= 1; count /= 2) {
      if (width - first < count) continue;
      peaks.push(hashInTile(hashes, first, count) as Buffer);
      first += count;
    }
  }
  return peaks;
}
