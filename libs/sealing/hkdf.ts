/** HKDF's two halves apart (RFC 5869); node:crypto has them only as one. */
import { createHmac } from 'node:crypto';

type HkdfHash = 'sha256' | 'sha512';

const hashBytes: Record<HkdfHash, number> = { sha256: 32, sha512: 64 };

/** RFC 5869 §2.2. An empty salt stands for a hash length of zeros. @returns one hash length */
export function hkdfExtract(hash: HkdfHash, salt: Uint8Array, ...input: Uint8Array[]): Buffer {
  const hmac = createHmac(hash, salt);
  for (const part of input) hmac.update(part);
  return hmac.digest();
}

/**
 * RFC 5869 §2.3.
 * @param prk uniformly random, at least a hash length where nothing says otherwise
 * @param bytes at most 255 hash lengths
 * @throws RangeError beyond that
 */
export function hkdfExpand(
  hash: HkdfHash,
  prk: Uint8Array,
  info: Uint8Array,
  bytes: number,
): Buffer {
  const blocks = Math.ceil(bytes / hashBytes[hash]);
  if (blocks > 255) throw new RangeError('HKDF cannot make so many bytes');
  const made: Buffer[] = [];
  let before: Buffer = Buffer.alloc(0);
  for (let number = 1; number <= blocks; number += 1) {
    const hmac = createHmac(hash, prk).update(before).update(info);
    before = hmac.update(Buffer.of(number)).digest();
    made.push(before);
  }
  return made.length === 1
    ? (made[0] as Buffer).subarray(0, bytes)
    : Buffer.concat(made, made.length * hashBytes[hash]).subarray(0, bytes);
}
