/**
 * Which hashes prove that a leaf is in a tree, and that one tree continues another (RFC 6962 §2.1.1
 * and §2.1.2). A proof is first a list of leaf ranges, then the hashes of the complete subtrees that
 * these are made of: so all that is needed can be fetched at once, wherever it is kept.
 */
import { EMPTY_ROOT, foldRight } from '#libs/audit/tree-hash.js';

/** Leaves from `start` up to and without `end`. */
export interface LeafRange {
  start: number;
  end: number;
}

/** The complete subtree over leaves [index·2^level, (index+1)·2^level). */
export interface TreeNode {
  level: number;
  index: number;
}

/** Gives the hashes of complete subtrees, in the order asked for. */
export type NodeReader = (nodes: readonly TreeNode[]) => Promise<Buffer[]>;

/** The largest power of two below `width`; `width` is at least 2. */
function splitOf(width: number): number {
  let split = 1;
  while (split * 2 < width) split *= 2;
  return split;
}

/**
 * The siblings on the way from a leaf to the root, the leaf's own first.
 * @throws RangeError unless 0 ≤ index < size
 */
export function inclusionRanges(index: number, size: number): LeafRange[] {
  if (!(Number.isSafeInteger(size) && Number.isSafeInteger(index) && 0 <= index && index < size)) {
    throw new RangeError('no such leaf');
  }
  const ranges: LeafRange[] = [];
  let start = 0;
  let end = size;
  while (end - start > 1) {
    const middle = start + splitOf(end - start);
    if (index < middle) {
      ranges.push({ start: middle, end });
      end = middle;
    } else {
      ranges.push({ start, end: middle });
      start = middle;
    }
  }
  return ranges.reverse();
}

/**
 * What leads from the root over `from` leaves to the root over `to`. Nothing where either is trivial.
 * @throws RangeError unless 0 ≤ from ≤ to
 */
export function consistencyRanges(from: number, to: number): LeafRange[] {
  if (!(Number.isSafeInteger(to) && Number.isSafeInteger(from) && 0 <= from && from <= to)) {
    throw new RangeError('no such trees');
  }
  if (from === 0 || from === to) return [];
  const ranges: LeafRange[] = [];
  let start = 0;
  let end = to;
  while (end > from) {
    const middle = start + splitOf(end - start);
    if (from <= middle) {
      ranges.push({ start: middle, end });
      end = middle;
    } else {
      ranges.push({ start, end: middle });
      start = middle;
    }
  }
  // The subtree that both trees share is only left out when it is the older tree itself.
  if (start > 0) ranges.push({ start, end });
  return ranges.reverse();
}

/** The complete subtrees side by side that a range of a proof is made of, the widest first. */
export function nodesOf({ start, end }: LeafRange): TreeNode[] {
  const nodes: TreeNode[] = [];
  for (let at = start; at < end;) {
    let level = 0;
    let width = 1;
    while (at + width * 2 <= end && at % (width * 2) === 0) {
      width *= 2;
      level += 1;
    }
    nodes.push({ level, index: at / width });
    at += width;
  }
  return nodes;
}

/** The hashes of the ranges, read all at once. */
async function readRanges(ranges: readonly LeafRange[], read: NodeReader): Promise<Buffer[]> {
  const nodes = ranges.map(nodesOf);
  const hashes = await read(nodes.flat());
  let at = 0;
  return nodes.map((own) => foldRight(hashes.slice(at, (at += own.length))));
}

/** RFC 6962 §2.1.1: from the leaf's sibling up to the root's child. */
export function inclusionProof(index: number, size: number, read: NodeReader): Promise<Buffer[]> {
  return readRanges(inclusionRanges(index, size), read);
}

const keyOf = ({ start, end }: LeafRange): string => `${start} ${end}`;

/** As inclusionProof for many leaves, in their order; a hash that several of them need is read once. */
export async function inclusionProofs(
  indexes: readonly number[],
  size: number,
  read: NodeReader,
): Promise<Buffer[][]> {
  const proofs = indexes.map((index) => inclusionRanges(index, size));
  const unique = new Map(proofs.flat().map((range) => [keyOf(range), range]));
  const hashes = await readRanges([...unique.values()], read);
  const found = new Map([...unique.keys()].map((key, at) => [key, hashes[at] as Buffer]));
  return proofs.map((ranges) => ranges.map((range) => found.get(keyOf(range)) as Buffer));
}

/** RFC 6962 §2.1.2. */
export function consistencyProof(from: number, to: number, read: NodeReader): Promise<Buffer[]> {
  return readRanges(consistencyRanges(from, to), read);
}

/** Root of the tree that the first `size` leaves are. @throws RangeError where the tree has fewer */
export async function rootOf(size: number, read: NodeReader): Promise<Buffer> {
  const [root] = size === 0 ? [EMPTY_ROOT] : await readRanges([{ start: 0, end: size }], read);
  return root as Buffer;
}
