/**
 * A tree of which only the frontier is kept: the roots of its complete subtrees from left to right
 * (a compact range from 0). Enough to append for ever and to know the root at any time; 54 hashes
 * at the most.
 */
import { EMPTY_ROOT, foldRight, HASH_BYTES, nodeHash } from '#libs/audit/tree-hash.js';

/** How many complete subtrees a tree of `size` leaves has: the ones in its binary form. */
function peakCount(size: number): number {
  let count = 0;
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) count += rest % 2;
  return count;
}

export class Frontier {
  private constructor(
    private leaves: number,
    private readonly peaks: Buffer[],
  ) {}

  static empty(): Frontier {
    return new Frontier(0, []);
  }

  /**
   * @param peaks roots of the complete subtrees, the widest first
   * @throws RangeError when a tree of that size has another number of them
   */
  static of(size: number, peaks: readonly Buffer[]): Frontier {
    const fits = Number.isSafeInteger(size) && size >= 0 && peaks.length === peakCount(size);
    if (!fits || peaks.some((peak) => peak.length !== HASH_BYTES)) {
      throw new RangeError('no frontier of a tree of that size');
    }
    return new Frontier(size, [...peaks]);
  }

  get size(): number {
    return this.leaves;
  }

  get hashes(): readonly Buffer[] {
    return this.peaks;
  }

  /**
   * Adds a leaf by its hash.
   * @param height of the subtrees that are asked for, at least 1
   * @returns the root of the subtree of that height that the leaf completed, if it did
   */
  append(leaf: Buffer, height = 0): Buffer | undefined {
    let hash = leaf;
    let level = 0;
    let completed: Buffer | undefined;
    for (let width = this.leaves; width % 2 === 1; width = Math.floor(width / 2)) {
      hash = nodeHash(this.peaks.pop() as Buffer, hash);
      level += 1;
      if (level === height) completed = hash;
    }
    this.peaks.push(hash);
    this.leaves += 1;
    return completed;
  }

  root(): Buffer {
    return this.leaves === 0 ? EMPTY_ROOT : foldRight(this.peaks);
  }
}
