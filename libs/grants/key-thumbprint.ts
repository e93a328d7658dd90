import { createHash, createPublicKey, type KeyObject } from 'node:crypto';

/** DER prefix of an Ed25519 SubjectPublicKeyInfo; the raw 32-byte key follows (RFC 8410 §4). */
const ED25519_SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** The raw 32 bytes of an Ed25519 public key. */
export function rawPublicKey(key: KeyObject): Buffer {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return publicKey.export({ type: 'spki', format: 'der' }).subarray(ED25519_SPKI_PREFIX.length);
}

/**
 * A key object from the raw 32 bytes of an Ed25519 public key.
 * @throws when the bytes are no such key
 */
export function publicKeyOfRaw(raw: Uint8Array): KeyObject {
  const key = createPublicKey({
    key: Buffer.concat([ED25519_SPKI_PREFIX, raw]),
    type: 'spki',
    format: 'der',
  });
  if (raw.length !== 32 || key.asymmetricKeyType !== 'ed25519')
    throw new TypeError('not an Ed25519 key');
  return key;
}

/** SHA-256, base64url, of a raw public key: how a grant names keys. */
export function keyThumbprint(raw: Uint8Array): string {
  return createHash('sha256').update(raw).digest('base64url');
}

/** The id of an approver: derived from the key, so that one id can never stand for two keys. */
export function approverIdOf(raw: Uint8Array): string {
  return `ap-${createHash('sha256').update(raw).digest('hex').slice(0, 32)}`;
}
