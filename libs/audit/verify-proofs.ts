/**
 * Verifies Merkle proofs, by the algorithms of RFC 9162 §2.1.3.2 and §2.1.4.2 (the same trees as
 * RFC 6962's). Nothing is trusted but the hashes that the caller already holds; whatever does not
 * fit, down to one byte too many, is a plain no.
 */
import { HASH_BYTES, nodeHash } from '#libs/audit/tree-hash.js';

const isSize = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;

const isHash = (hash: Uint8Array): boolean => hash.length === HASH_BYTES;

/**
 * The root that the proof leads to from the leaf, or undefined where it cannot be such a proof.
 * @param proof from the leaf's sibling up to the root's child
 */
export function rootOfInclusion(
  index: number,
  size: number,
  leaf: Buffer,
  proof: readonly Buffer[],
): Buffer | undefined {
  if (!isSize(index) || !isSize(size) || index >= size) return undefined;
  if (!isHash(leaf) || !proof.every(isHash)) return undefined;
  let hash = leaf;
  let node = index;
  let last = size - 1;
  for (const sibling of proof) {
    if (last === 0) return undefined;
    if (node % 2 === 1 || node === last) {
      hash = nodeHash(sibling, hash);
      while (node % 2 === 0 && node !== 0) {
        node = Math.floor(node / 2);
        last = Math.floor(last / 2);
      }
    } else {
      hash = nodeHash(hash, sibling);
    }
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 ? hash : undefined;
}

/** Whether the tree with this root has this leaf at this place. */
export function verifyInclusion(
  place: { index: number; size: number; root: Buffer },
  leaf: Buffer,
  proof: readonly Buffer[],
): boolean {
  return rootOfInclusion(place.index, place.size, leaf, proof)?.equals(place.root) ?? false;
}

export interface TreeHead {
  size: number;
  root: Buffer;
}

/** Whether the newer tree holds all of the older one's leaves in their places. */
export function verifyConsistency(
  older: TreeHead,
  newer: TreeHead,
  proof: readonly Buffer[],
): boolean {
  if (!isSize(older.size) || !isSize(newer.size) || older.size > newer.size) return false;
  if (older.size === newer.size) return proof.length === 0 && older.root.equals(newer.root);
  if (older.size === 0) return proof.length === 0;
  if (!proof.every(isHash)) return false;
  let node = older.size - 1;
  let last = newer.size - 1;
  while (node % 2 === 1) {
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  // A whole subtree of the newer tree is its own beginning: then the proof leaves it out.
  const [seed, ...rest] = node === 0 ? [older.root, ...proof] : proof;
  if (seed === undefined) return false;
  let olderRoot = seed;
  let newerRoot = seed;
  for (const hash of rest) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      olderRoot = nodeHash(hash, olderRoot);
      newerRoot = nodeHash(hash, newerRoot);
      while (node % 2 === 0 && node !== 0) {
        node = Math.floor(node / 2);
        last = Math.floor(last / 2);
      }
    } else {
      newerRoot = nodeHash(newerRoot, hash);
    }
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && olderRoot.equals(older.root) && newerRoot.equals(newer.root);
}
