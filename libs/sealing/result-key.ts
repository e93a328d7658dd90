/**
 * The key that opens a caller's results in edge mode: derived from the secret of the API key and
 * an id, so it exists only while a call with that API key lasts. The store keeps the public half.
 */
import type { KeyObject } from 'node:crypto';
import { rawPublicKey } from '#libs/pki/keys.js';
import { hkdfExpand, hkdfExtract } from '#libs/sealing/hkdf.js';
import { deriveKeyPair } from '#libs/sealing/hpke.js';
import { sealContext } from '#libs/sealing/seal-context.js';

const salt = Buffer.from('conduit result key v1');
const SEED_BYTES = 32;

interface ResultKey {
  /** Raw X25519, base64url. */
  publicKey: string;
  privateKey: KeyObject;
}

/**
 * HKDF-SHA256 (RFC 5869) of the secret for this id, then DeriveKeyPair (RFC 9180 §7.1.3).
 * @param apiKeySecret the 32 random bytes within an API key
 * @param id of a query, or of whatever owns a registered query's results
 */
export function deriveResultKey(apiKeySecret: Buffer, id: string): ResultKey {
  const prk = hkdfExtract('sha256', salt, apiKeySecret);
  const seed = hkdfExpand('sha256', prk, sealContext('conduit result key v1', id), SEED_BYTES);
  const { privateKey, publicKey } = deriveKeyPair(seed);
  seed.fill(0);
  return { privateKey, publicKey: rawPublicKey(publicKey).toString('base64url') };
}
