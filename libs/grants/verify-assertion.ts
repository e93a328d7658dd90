/**
 * A passkey's word for one hash (W3C WebAuthn Level 3, §7.2): made in a browser, checked on the
 * practice's server with node:crypto alone. It answers with a word for what is wrong, and whatever is
 * not known to be right is wrong. The signature counter is not looked at: synced passkeys have none,
 * and a document is protected from replay by its own sequence.
 */
import { createHash, timingSafeEqual, verify } from 'node:crypto';

import { passkeyPublicKey, type PasskeyApprover } from '#libs/grants/approver.js';
import type { PasskeySignature } from '#libs/grants/grant.js';

export type AssertionProblem =
  | 'client-data-malformed'
  | 'client-data-type'
  | 'challenge-wrong'
  | 'origin-wrong'
  | 'cross-origin'
  | 'authenticator-data-malformed'
  | 'rp-wrong'
  | 'user-not-present'
  | 'user-not-verified'
  | 'signature-wrong';

const HASH_BYTES = 32;
/** Hash of the RP id, flags, counter. */
const HEAD_BYTES = 37;
const flag = {
  userPresent: 0x01,
  userVerified: 0x04,
  backupEligible: 0x08,
  backedUp: 0x10,
  attestedKey: 0x40,
  extensions: 0x80,
} as const;

const sha256 = (bytes: Uint8Array | string): Buffer => createHash('sha256').update(bytes).digest();

/** What the browser says: which ceremony, over what, from which page. */
function clientDataProblem(
  bytes: Buffer,
  challenge: Buffer,
  origin: string,
): AssertionProblem | undefined {
  let said: unknown;
  try {
    said = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return 'client-data-malformed';
  }
  if (typeof said !== 'object' || said === null || Array.isArray(said))
    return 'client-data-malformed';
  const data = said as Record<string, unknown>;
  if (data['type'] !== 'webauthn.get') return 'client-data-type';
  if (data['challenge'] !== challenge.toString('base64url')) return 'challenge-wrong';
  if (data['origin'] !== origin) return 'origin-wrong';
  // A page inside somebody else's page: people could not see what they agree to.
  const isFramed = (data['crossOrigin'] ?? false) !== false || 'topOrigin' in data;
  return isFramed ? 'cross-origin' : undefined;
}

/** What the authenticator says: for which RP, and that a person was there and proved who they are. */
function authenticatorProblem(bytes: Buffer, rpId: string): AssertionProblem | undefined {
  const flags = bytes[HASH_BYTES];
  if (bytes.length < HEAD_BYTES || flags === undefined) return 'authenticator-data-malformed';
  const has = (bit: number): boolean => (flags & bit) !== 0;
  // An assertion carries no new key, and what follows the head has to be announced.
  const isOdd =
    has(flag.attestedKey) ||
    has(flag.extensions) !== bytes.length > HEAD_BYTES ||
    (has(flag.backedUp) && !has(flag.backupEligible));
  if (isOdd) return 'authenticator-data-malformed';
  if (!timingSafeEqual(bytes.subarray(0, HASH_BYTES), sha256(rpId))) return 'rp-wrong';
  if (!has(flag.userPresent)) return 'user-not-present';
  return has(flag.userVerified) ? undefined : 'user-not-verified';
}

function isSignedBy(approver: PasskeyApprover, signed: Buffer, signature: Buffer): boolean {
  try {
    // Ed25519 hashes by itself; ES256 signatures are DER, as WebAuthn §6.5.5 has them.
    const hash = approver.algorithm === -8 ? null : 'sha256';
    return verify(hash, signed, passkeyPublicKey(approver), signature);
  } catch {
    return false;
  }
}

/**
 * What is wrong with an assertion; undefined when it is right.
 * @param challenge the 32 bytes that the person agreed to
 */
export function assertionProblem(
  challenge: Buffer,
  assertion: Omit<PasskeySignature, 'kind' | 'approverId'>,
  approver: PasskeyApprover,
): AssertionProblem | undefined {
  const clientData = Buffer.from(assertion.clientDataJSON, 'base64url');
  const authenticatorData = Buffer.from(assertion.authenticatorData, 'base64url');
  const problem =
    clientDataProblem(clientData, challenge, approver.origin) ??
    authenticatorProblem(authenticatorData, approver.rpId);
  if (problem !== undefined) return problem;
  const signed = Buffer.concat([authenticatorData, sha256(clientData)]);
  const signature = Buffer.from(assertion.signature, 'base64url');
  return isSignedBy(approver, signed, signature) ? undefined : 'signature-wrong';
}
