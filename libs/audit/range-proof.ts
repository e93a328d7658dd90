/**
 * That a row of leaves stands in a log without a gap, for a few hashes whatever their number: the roots of
 * the complete subtrees before the row, from which whoever has the leaves works out the tree behind
 * them, and the proof that the log's head continues that tree.
 */
import { Frontier } from '#libs/audit/frontier.js';
import { consistencyProof, nodesOf, type NodeReader } from '#libs/audit/tree-proofs.js';
import { verifyConsistency, type TreeHead } from '#libs/audit/verify-proofs.js';

export interface RangeProof {
  /** The first leaf of the row. */
  from: number;
  /** Of the tree of `from` leaves, the widest first. */
  peaks: Buffer[];
  /** From the tree behind the row to the head. */
  consistency: Buffer[];
}

/** @throws RangeError unless 0 ≤ from ≤ to ≤ size */
export async function proveRange(
  { from, to }: { from: number; to: number },
  size: number,
  read: NodeReader,
): Promise<RangeProof> {
  if (!(from >= 0 && from <= to && to <= size)) throw new RangeError('no such row of leaves');
  const peaks = await read(nodesOf({ start: 0, end: from }));
  return { from, peaks, consistency: await consistencyProof(to, size, read) };
}

/** Whether the log with this head has exactly these leaves, by their hashes, from `from` on. */
export function verifyRange(
  leaves: readonly Buffer[],
  { from, peaks, consistency }: RangeProof,
  head: TreeHead,
): boolean {
  let tree: Frontier;
  try {
    tree = Frontier.of(from, peaks);
  } catch {
    return false;
  }
  for (const leaf of leaves) tree.append(leaf);
  return verifyConsistency({ size: tree.size, root: tree.root() }, head, consistency);
}
