/**
 * HPKE (RFC 9180) in base mode, one message for each encapsulated key, with one suite:
 * DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM. It promises that what was sealed to a
 * public key with an `info` opens with its private key and the same `info`, and with nothing else.
 * It does not say who sealed: anybody can.
 */
import {
  createCipheriv,
  createDecipheriv,
  createPublicKey,
  diffieHellman,
  type KeyObject,
} from 'node:crypto';
import { ConduitError } from '#libs/errors/conduit-error.js';
import {
  type KeyPair,
  makeEncryptionKey,
  publicKeyFromRaw,
  rawPublicKey,
  x25519FromScalar,
} from '#libs/pki/keys.js';
import { hkdfExpand, hkdfExtract } from '#libs/sealing/hkdf.js';

/** Registered numbers of the suite (RFC 9180 §7): KEM 0x0020, KDF 0x0001, AEAD 0x0002. */
const kemSuite = Buffer.from('KEM\x00\x20', 'latin1');
const hpkeSuite = Buffer.from('HPKE\x00\x20\x00\x01\x00\x02', 'latin1');
const version = Buffer.from('HPKE-v1');
const modeBase = Buffer.of(0);
const nothing = Buffer.alloc(0);

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const ENC_BYTES = 32;

/** The bytes that sealing adds: the encapsulated key and the tag. */
const hpkeOverheadBytes = ENC_BYTES + TAG_BYTES;

/**
 * RFC 9180 §6.1 SealBase.
 * @param recipient 32 bytes, raw X25519
 * @param info bound into the key: opening needs the same bytes
 * @param ephemeral for published vectors alone; a key that is used twice gives everything away
 * @returns `enc ‖ ciphertext ‖ tag`
 * @throws ConduitError SEAL_BROKEN for a public key of small order or of another length
 */
export function hpkeSeal(
  recipient: Uint8Array,
  info: Uint8Array,
  plain: Uint8Array,
  aad: Uint8Array = nothing,
  ephemeral: KeyPair = makeEncryptionKey(),
): Buffer {
  const enc = rawPublicKey(ephemeral.publicKey);
  const shared = sharedSecret(ephemeral.privateKey, recipient, enc, recipient);
  const { key, nonce } = keySchedule(shared, info);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(aad);
  key.fill(0);
  const body = cipher.update(plain);
  return Buffer.concat([enc, body, cipher.final(), cipher.getAuthTag()]);
}

/**
 * RFC 9180 §6.1 OpenBase.
 * @param sealed as hpkeSeal returns it
 * @throws ConduitError SEAL_BROKEN whatever is wrong: key, info, aad, or any byte
 */
export function hpkeOpen(
  privateKey: KeyObject,
  info: Uint8Array,
  sealed: Uint8Array,
  aad: Uint8Array = nothing,
): Buffer {
  if (sealed.length < hpkeOverheadBytes) throw new ConduitError('SEAL_BROKEN');
  const enc = sealed.subarray(0, ENC_BYTES);
  const recipient = rawPublicKey(createPublicKey(privateKey));
  const { key, nonce } = keySchedule(sharedSecret(privateKey, enc, enc, recipient), info);
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  key.fill(0);
  decipher.setAAD(aad).setAuthTag(sealed.subarray(-TAG_BYTES));
  const plain = decipher.update(sealed.subarray(ENC_BYTES, -TAG_BYTES));
  try {
    decipher.final();
  } catch {
    throw new ConduitError('SEAL_BROKEN');
  }
  return plain;
}

/**
 * A key pair that the same secret always gives (RFC 9180 §7.1.3 DeriveKeyPair).
 * @param secret at least 32 bytes, uniformly random
 */
export function deriveKeyPair(secret: Uint8Array): KeyPair {
  const prk = labeledExtract(kemSuite, nothing, 'dkp_prk', secret);
  const scalar = labeledExpand(kemSuite, prk, 'sk', nothing, KEY_BYTES);
  const pair = x25519FromScalar(scalar);
  scalar.fill(0);
  return pair;
}

/** §4.1 Encap and Decap, which differ only in whose key is whose. */
function sharedSecret(
  own: KeyObject,
  peer: Uint8Array,
  enc: Uint8Array,
  recipient: Uint8Array,
): Buffer {
  let dh: Buffer;
  try {
    // OpenSSL refuses an all-zero result, as §7.1.4 demands.
    dh = diffieHellman({ privateKey: own, publicKey: publicKeyFromRaw('x25519', peer) });
  } catch {
    throw new ConduitError('SEAL_BROKEN');
  }
  const prk = labeledExtract(kemSuite, nothing, 'eae_prk', dh);
  dh.fill(0);
  const context = Buffer.concat([enc, recipient]);
  return labeledExpand(kemSuite, prk, 'shared_secret', context, KEY_BYTES);
}

/** What psk_id gives in base mode, the same every time. */
const pskIdHash = labeledExtract(hpkeSuite, nothing, 'psk_id_hash', nothing);

/** §5.1 KeySchedule; the nonce is that of the first and only message. */
function keySchedule(shared: Buffer, info: Uint8Array): { key: Buffer; nonce: Buffer } {
  const infoHash = labeledExtract(hpkeSuite, nothing, 'info_hash', info);
  const context = Buffer.concat([modeBase, pskIdHash, infoHash]);
  const secret = labeledExtract(hpkeSuite, shared, 'secret', nothing);
  shared.fill(0);
  const key = labeledExpand(hpkeSuite, secret, 'key', context, KEY_BYTES);
  return { key, nonce: labeledExpand(hpkeSuite, secret, 'base_nonce', context, NONCE_BYTES) };
}

/** §4 */
function labeledExtract(suite: Buffer, salt: Uint8Array, label: string, input: Uint8Array): Buffer {
  return hkdfExtract('sha256', salt, version, suite, Buffer.from(label), input);
}

/** §4 */
function labeledExpand(
  suite: Buffer,
  prk: Uint8Array,
  label: string,
  info: Uint8Array,
  bytes: number,
): Buffer {
  const length = Buffer.of(bytes >> 8, bytes & 0xff);
  const labeled = Buffer.concat([length, version, suite, Buffer.from(label), info]);
  return hkdfExpand('sha256', prk, labeled, bytes);
}
