import { describe, expect, test } from '@jest/globals';

import { GrowingTree } from '#libs/audit/growing-tree.js';
import { proveRange, verifyRange, type RangeProof } from '#libs/audit/range-proof.js';
import { readTiles } from '#libs/audit/read-tiles.js';
import type { Tile } from '#libs/audit/tiles.js';
import { textLeafHash } from '#libs/audit/tree-hash.js';

const SIZE = 300;
const leaves = Array.from({ length: SIZE }, (_, n) => textLeafHash(`leaf ${n}`));
const tree = GrowingTree.empty();
const tiles: Tile[] = tree.append(leaves);
const head = { size: SIZE, root: tree.root() };
const read = readTiles(SIZE, (places) =>
  Promise.resolve(
    tiles.filter((tile) =>
      places.some(({ level, index }) => level === tile.level && index === tile.index),
    ),
  ),
);

const borders = [0, 1, 2, 3, 127, 128, 200, 255, 256, 257, 299, 300];
const rows = borders.flatMap((from) =>
  borders.filter((to) => to >= from).map((to) => ({ from, to })),
);

describe('a row of leaves', () => {
  test('is proven, wherever it begins and ends', async () => {
    for (const row of rows) {
      const proof = await proveRange(row, SIZE, read);
      expect(verifyRange(leaves.slice(row.from, row.to), proof, head)).toBe(true);
    }
  });

  test('with one left out, one more, one changed, or two in each other’s places is not', async () => {
    const proof = await proveRange({ from: 100, to: 110 }, SIZE, read);
    const row = leaves.slice(100, 110);
    const spoilt = [
      row.slice(1),
      row.slice(0, -1),
      row.toSpliced(4, 1),
      leaves.slice(100, 111),
      row.with(5, textLeafHash('another')),
      [row[1]!, row[0]!, ...row.slice(2)],
      leaves.slice(101, 111),
    ];
    for (const one of spoilt) expect(verifyRange(one, proof, head)).toBe(false);
  });

  test('is not proven by hashes that were changed, are missing, or are of another place', async () => {
    const proof = await proveRange({ from: 100, to: 110 }, SIZE, read);
    const flipped = (hash: Buffer): Buffer => Buffer.from(hash).fill((hash[0] ?? 0) ^ 1, 0, 1);
    const spoilt: RangeProof[] = [
      ...proof.peaks.map((hash, n) => ({ ...proof, peaks: proof.peaks.with(n, flipped(hash)) })),
      ...proof.consistency.map((hash, n) => ({
        ...proof,
        consistency: proof.consistency.with(n, flipped(hash)),
      })),
      { ...proof, peaks: proof.peaks.slice(1) },
      { ...proof, consistency: proof.consistency.slice(1) },
      { ...proof, from: 101 },
      { ...proof, from: -1 },
    ];
    for (const one of spoilt) expect(verifyRange(leaves.slice(100, 110), one, head)).toBe(false);
    await expect(proveRange({ from: 5, to: 4 }, SIZE, read)).rejects.toThrow(RangeError);
    await expect(proveRange({ from: 5, to: 301 }, SIZE, read)).rejects.toThrow(RangeError);
  });
});
