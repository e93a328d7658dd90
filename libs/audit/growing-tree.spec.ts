import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeBundle, encodeBundle } from '#libs/audit/entry-bundle.js';
import { GrowingTree } from '#libs/audit/growing-tree.js';
import { readTiles } from '#libs/audit/read-tiles.js';
import { edgeOf, parseTilePath, tilePath, type Tile, type TilePlace } from '#libs/audit/tiles.js';
import { EMPTY_ROOT, HASH_BYTES, nodeHash, textLeafHash } from '#libs/audit/tree-hash.js';
import { consistencyProof, inclusionProof, type NodeReader } from '#libs/audit/tree-proofs.js';
import { verifyConsistency, verifyInclusion } from '#libs/audit/verify-proofs.js';

const MOST = 300;
const leaves = Array.from({ length: 70_000 }, (_, index) => textLeafHash(`leaf ${index}`));

/** RFC 6962 §2.1, word for word: what everything else is held against. */
function treeHash(from: number, to: number): Buffer {
  if (to === from) return EMPTY_ROOT;
  if (to - from === 1) return leaves[from] as Buffer;
  let split = 1;
  while (split * 2 < to - from) split *= 2;
  return nodeHash(treeHash(from, from + split), treeHash(from + split, to));
}

/** Keeps tiles as a store would: the last that was written of each. */
class TileShelf {
  readonly tiles = new Map<string, Tile>();

  put(tiles: Tile[]): void {
    for (const tile of tiles) this.tiles.set(`${tile.level}/${tile.index}`, tile);
  }

  readonly read = async (places: readonly TilePlace[]): Promise<Tile[]> =>
    places.flatMap(({ level, index }) => this.tiles.get(`${level}/${index}`) ?? []);
}

function grown(size: number): { tree: GrowingTree; shelf: TileShelf } {
  const shelf = new TileShelf();
  const tree = GrowingTree.empty();
  shelf.put(tree.append(leaves.slice(0, size)));
  return { tree, shelf };
}

const { shelf: big } = grown(MOST);
const complete = new Map<string, Buffer>();
for (let level = 0; 2 ** level <= MOST; level++) {
  for (let index = 0; (index + 1) * 2 ** level <= MOST; index++) {
    complete.set(`${level}/${index}`, treeHash(index * 2 ** level, (index + 1) * 2 ** level));
  }
}
/** Without tiles: thousands of proofs are asked for. */
const readNodes: NodeReader = async (nodes) =>
  nodes.map(({ level, index }) => complete.get(`${level}/${index}`) as Buffer);
const roots = Array.from({ length: MOST + 1 }, (_, size) => treeHash(0, size));
const at = (size: number) => ({ size, root: roots[size] as Buffer });

test('every leaf is proven in every tree of up to 300, and nothing else is', async () => {
  let wrong = 0;
  for (let size = 1; size <= MOST; size++) {
    for (let index = 0; index < size; index++) {
      const proof = await inclusionProof(index, size, readNodes);
      const place = { index, ...at(size) };
      if (!verifyInclusion(place, leaves[index] as Buffer, proof)) wrong += 1;
      if (verifyInclusion(place, leaves[index + 1] as Buffer, proof)) wrong += 1;
    }
  }
  expect(wrong).toBe(0);
});

test('every tree of up to 300 continues every earlier one, and no other', async () => {
  let wrong = 0;
  for (let to = 1; to <= MOST; to++) {
    for (let from = 1; from <= to; from++) {
      const proof = await consistencyProof(from, to, readNodes);
      const other = { size: from, root: roots[from - 1] as Buffer };
      if (!verifyConsistency(at(from), at(to), proof)) wrong += 1;
      if (verifyConsistency(other, at(to), proof)) wrong += 1;
    }
  }
  expect(wrong).toBe(0);
});

test('any bit changed in a proof spoils it', async () => {
  const places = fc.tuple(fc.integer({ min: 2, max: MOST }), fc.nat(), fc.nat());
  await fc.assert(
    fc.asyncProperty(places, async ([size, some, bit]) => {
      const index = some % size;
      const read = readTiles(size, big.read);
      const inclusion = await inclusionProof(index, size, read);
      const consistency = await consistencyProof(1 + (some % (size - 1)), size, read);
      for (const proof of [inclusion, consistency]) {
        const all = Buffer.concat(proof);
        const chosen = bit % (all.length * 8);
        all[chosen >> 3] = (all[chosen >> 3] as number) ^ (1 << (chosen & 7));
        proof.forEach((_, at) => {
          proof[at] = all.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES);
        });
      }
      expect(verifyInclusion({ index, ...at(size) }, leaves[index] as Buffer, inclusion)).toBe(
        false,
      );
      expect(verifyConsistency(at(1 + (some % (size - 1))), at(size), consistency)).toBe(false);
    }),
  );
});

describe('a tree that grows by batches', () => {
  test('is the same however it was cut, also when it was opened again in between', () => {
    const batches = fc.array(fc.integer({ min: 0, max: 700 }), { maxLength: 6 });
    fc.assert(
      fc.property(batches, (counts) => {
        const shelf = new TileShelf();
        let tree = GrowingTree.empty();
        for (const count of counts) {
          tree = GrowingTree.of(tree.size, [...shelf.tiles.values()]);
          shelf.put(tree.append(leaves.slice(tree.size, tree.size + count)));
        }
        expect(tree.root()).toEqual(treeHash(0, tree.size));
        const { shelf: whole } = grown(tree.size);
        expect(shelf.tiles).toEqual(whole.tiles);
      }),
      { numRuns: 20 },
    );
  });

  test('takes up where a checkpoint was, whatever an unfinished append has left behind', () => {
    const { shelf } = grown(600);
    const tree = GrowingTree.of(500, [...shelf.tiles.values()]);
    expect(tree.root()).toEqual(treeHash(0, 500));
    tree.append(leaves.slice(500, 520));
    expect(tree.root()).toEqual(treeHash(0, 520));
  });

  test('does not begin where a tile is missing or too short', () => {
    const { shelf } = grown(600);
    shelf.tiles.delete('0/2');
    expect(() => GrowingTree.of(600, [...shelf.tiles.values()])).toThrow(RangeError);
    const short = { level: 0, index: 2, hashes: Buffer.alloc(87 * HASH_BYTES) };
    expect(() => GrowingTree.of(600, [...shelf.tiles.values(), short])).toThrow(RangeError);
  });

  test('of 70,000 leaves has the tiles that tlog-tiles says, and their proofs hold', async () => {
    const { tree, shelf } = grown(70_000);
    const widths = [...shelf.tiles.values()].map(({ level, hashes }) => [
      level,
      hashes.length / HASH_BYTES,
    ]);
    const count = (level: number, width: number): number =>
      widths.filter(([l, w]) => l === level && w === width).length;
    expect([count(0, 256), count(0, 112), count(1, 256), count(1, 17), count(2, 1)]).toEqual([
      273, 1, 1, 1, 1,
    ]);
    expect(widths).toHaveLength(277);
    const root = tree.root();
    expect(root).toEqual(treeHash(0, 70_000));
    const read = readTiles(70_000, shelf.read);
    for (const index of [0, 255, 256, 65_535, 65_536, 69_999]) {
      const proof = await inclusionProof(index, 70_000, read);
      expect(verifyInclusion({ index, size: 70_000, root }, leaves[index] as Buffer, proof)).toBe(
        true,
      );
    }
    for (const size of [1, 300, 65_536]) {
      const proof = await consistencyProof(size, 70_000, read);
      const older = { size, root: treeHash(0, size) };
      expect(verifyConsistency(older, { size: 70_000, root }, proof)).toBe(true);
    }
  });

  test('gives no proof where a tile is missing', async () => {
    const { shelf } = grown(600);
    shelf.tiles.delete('1/0');
    await expect(inclusionProof(0, 600, readTiles(600, shelf.read))).rejects.toThrow(RangeError);
  });
});

describe('tiles', () => {
  test.each([
    ['tile/0/000', 0, 0, 256],
    ['tile/0/x001/x234/067', 0, 1_234_067, 256],
    ['tile/3/999.p/7', 3, 999, 7],
    ['tile/1/x001/000', 1, 1_000, 256],
    ['tile/entries/005.p/12', 'entries', 5, 12],
    ['tile/63/x001/x000/000.p/255', 63, 1_000_000, 255],
  ] as const)('%s is found where tlog-tiles says', (path, level, index, width) => {
    expect(tilePath(level, index, width)).toBe(path);
    expect(parseTilePath(path)).toEqual({ level, index, width });
  });

  test.each([
    'tile/00/000',
    'tile/64/000',
    'tile/-1/000',
    'tile/0/0',
    'tile/0/1000',
    'tile/0/x000/001',
    'tile/0/001/002',
    'tile/0/x001',
    'tile/0/000.p/0',
    'tile/0/000.p/256',
    'tile/0/000.p/07',
    'tile/0/000.p/',
    'tile/0/x999/x999/x999/x999/x999/999',
    'tile/0/000/',
    '/tile/0/000',
    'tile/data/000',
    'tile/0/../000',
  ])('%s is no path of a tile', (path) => {
    expect(parseTilePath(path)).toBeUndefined();
  });

  test('a tree of 256 has a full tile and a partial one above it', () => {
    expect(edgeOf(256)).toEqual([
      { level: 0, index: 1, width: 0 },
      { level: 1, index: 0, width: 1 },
    ]);
  });
});

describe('entry bundles', () => {
  test('carry each record behind its length', () => {
    const bundle = encodeBundle([Buffer.alloc(0), Buffer.from('a')]);
    expect(bundle.toString('hex')).toBe('0000000161');
    expect(decodeBundle(bundle)).toEqual([Buffer.alloc(0), Buffer.from('a')]);
  });

  test('are refused when they are cut, and when a record is too long', () => {
    expect(decodeBundle(Buffer.from('000161ff', 'hex'))).toBeUndefined();
    expect(decodeBundle(Buffer.from('0002ff', 'hex'))).toBeUndefined();
    expect(() => encodeBundle([Buffer.alloc(65_536)])).toThrow(RangeError);
  });
});
