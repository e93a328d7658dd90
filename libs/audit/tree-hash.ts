/**
 * The hashes of a Merkle tree as RFC 6962 §2.1 defines them, over SHA-256. A leaf and a node are
 * hashed with different first bytes, so that neither can be passed off as the other.
 */
import { hash } from 'node:crypto';

export const HASH_BYTES = 32;

const LEAF = 0;
const NODE = 1;

/** Filled and hashed in one step, never across an await: one call costs half of a hash object. */
const pair = Buffer.alloc(1 + 2 * HASH_BYTES, NODE);

/** SHA-256 by way of a text of its bytes: a Buffer that the hash makes itself costs four times as much. */
const sha256 = (of: string | Uint8Array): Buffer =>
  Buffer.from(hash('sha256', of, 'binary'), 'binary');

/** Root of the tree without leaves: SHA-256 of nothing. */
export const EMPTY_ROOT = sha256('');

/** RFC 6962 §2.1 leaf hash: SHA-256(0x00 ‖ leaf). */
export function leafHash(leaf: Uint8Array): Buffer {
  return sha256(Buffer.concat([Uint8Array.of(LEAF), leaf]));
}

/** leafHash of the text's UTF-8, in half of the time. */
export const textLeafHash = (text: string): Buffer => sha256(`\0${text}`);

/** A leaf's text, flat in memory, and its hash as a text of bytes: what a batch of leaves is made of without Buffers. */
export function hashedText(text: string): { text: string; bytes: string } {
  const leaf = `\0${text}`;
  const bytes = hash('sha256', leaf, 'binary');
  return { text: leaf.slice(1), bytes };
}

/** The same in base64, without a Buffer. */
export const textLeafHashBase64 = (text: string): string => hash('sha256', `\0${text}`, 'base64');

/** RFC 6962 §2.1 node hash: SHA-256(0x01 ‖ left ‖ right), of 32 bytes each. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  pair.set(left, 1);
  pair.set(right, 1 + HASH_BYTES);
  return sha256(pair);
}

/**
 * The root over complete subtrees that stand side by side, the widest first: each node's right
 * child is all that follows (RFC 6962 §2.1, k is the largest power of two below n).
 * @throws RangeError without hashes
 */
export function foldRight(hashes: readonly Buffer[]): Buffer {
  const last = hashes.at(-1);
  if (last === undefined) throw new RangeError('nothing to fold');
  return hashes.slice(0, -1).reduceRight((right, left) => nodeHash(left, right), last);
}
