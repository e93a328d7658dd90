/** Making keys and moving them between node:crypto and the raw forms that travel and are stored. */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  randomBytes,
  type KeyObject,
} from 'node:crypto';
import { promisify } from 'node:util';

const generate = promisify(generateKeyPair);

export interface KeyPair {
  privateKey: KeyObject;
  publicKey: KeyObject;
}

/** RSA-3072, e = 65537: about half a second on another thread; the event loop stays free. */
export function makeTlsKey(): Promise<KeyPair> {
  return generate('rsa', { modulusLength: 3072, publicExponent: 0x10001 });
}

/** ECDSA over P-256: made and used in a fraction of the time; what a server signs at each handshake. */
export function makeServerKey(): Promise<KeyPair> {
  return generate('ec', { namedCurve: 'P-256' });
}

const RAW_KEY_BYTES = 32;

/**
 * Ed25519 (RFC 8032). Both of these keys are 32 random bytes and nothing else, and are not left to
 * node:crypto's generator: in Node 20 what that one leaves behind locks the key once more when it is
 * collected as garbage, so a JWK export in which this happens waits for itself, and the process with it.
 */
export function makeIdentityKey(): KeyPair {
  return fromRandom(ed25519FromSeed);
}

/** X25519 (RFC 7748). */
export function makeEncryptionKey(): KeyPair {
  return fromRandom(x25519FromScalar);
}

function fromRandom(make: (raw: Uint8Array) => KeyPair): KeyPair {
  const raw = randomBytes(RAW_KEY_BYTES);
  try {
    return make(raw);
  } finally {
    raw.fill(0);
  }
}

/**
 * Raw keys go in and out as JWK (RFC 8037): node:crypto takes them so ten times as fast as by DER,
 * whose parser in OpenSSL 3 asks every provider in turn.
 */
const curves = { ed25519: 'Ed25519', x25519: 'X25519' } as const;

/** The 32 raw bytes of an Ed25519 or X25519 public key, also of a private key's public half. */
export function rawPublicKey(key: KeyObject): Buffer {
  return Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url');
}

/** @throws Error unless `raw` is 32 bytes */
export function publicKeyFromRaw(type: keyof typeof curves, raw: Uint8Array): KeyObject {
  if (raw.length !== RAW_KEY_BYTES) throw new Error('raw public key of wrong length');
  const key = { kty: 'OKP', crv: curves[type], x: Buffer.from(raw).toString('base64url') };
  return createPublicKey({ key, format: 'jwk' });
}

/** @param seed 32 bytes (RFC 8032 §5.1.5) */
export function ed25519FromSeed(seed: Uint8Array): KeyPair {
  if (seed.length !== RAW_KEY_BYTES) throw new Error('Ed25519 seed of wrong length');
  return fromRawPrivate('ed25519', seed);
}

/** @param scalar 32 bytes, clamped where it is used (RFC 7748 §5) */
export function x25519FromScalar(scalar: Uint8Array): KeyPair {
  if (scalar.length !== RAW_KEY_BYTES) throw new Error('X25519 scalar of wrong length');
  return fromRawPrivate('x25519', scalar);
}

/** `x` is asked for and not looked at: the private key is `d` alone. Published vectors hold us to it. */
function fromRawPrivate(type: keyof typeof curves, raw: Uint8Array): KeyPair {
  const key = { kty: 'OKP', crv: curves[type], d: Buffer.from(raw).toString('base64url'), x: '' };
  const privateKey = createPrivateKey({ key, format: 'jwk' });
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

/** SHA-256 over the SubjectPublicKeyInfo: the pin of a CA (RFC 7469 §2.4) and the name of a TLS key. */
export function spkiSha256(key: KeyObject): Buffer {
  return createHash('sha256')
    .update(key.export({ format: 'der', type: 'spki' }))
    .digest();
}

/** Only these are let near OpenSSL's slower paths and into certificates. */
export function isAcceptableRsaKey(key: KeyObject): boolean {
  const { modulusLength, publicExponent } = key.asymmetricKeyDetails ?? {};
  return (
    key.asymmetricKeyType === 'rsa' &&
    modulusLength !== undefined &&
    modulusLength >= 3072 &&
    modulusLength <= 4096 &&
    publicExponent === 0x10001n
  );
}
