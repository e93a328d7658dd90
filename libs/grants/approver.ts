/**
 * Someone whose word admits a grant: a key of the practice's own server, or a person's passkey. Who
 * counts is kept in the agent's own store and never taken from a message. An approver's id is made
 * of all that its signature is checked against, so one id can never stand for two keys.
 */
import { createHash, createPublicKey, type KeyObject } from 'node:crypto';

import { canonicalJson } from '#libs/grants/canonical-json.js';
import { firstWrongField, instant, matches, oneOf, type Shape } from '#libs/grants/field-checks.js';
import { approverIdOf } from '#libs/grants/key-thumbprint.js';
import { exhaustive } from '#libs/kernel/exhaustive.js';

export interface Ed25519Approver {
  kind: 'ed25519';
  approverId: string;
  /** base64url of the raw public key. */
  publicKey: string;
  name: string;
  /** ISO 8601 UTC. */
  addedAt: string;
}

/** COSE algorithm numbers (RFC 9053, RFC 8812): ES256, EdDSA with Ed25519, RS256. */
export const passkeyAlgorithms = [-7, -8, -257] as const;
export type PasskeyAlgorithm = (typeof passkeyAlgorithms)[number];

/** All that a passkey's assertion is checked against. */
export interface PasskeyKey {
  /** base64url of the SubjectPublicKeyInfo. */
  publicKey: string;
  algorithm: PasskeyAlgorithm;
  /** base64url, as the authenticator chose it. */
  credentialId: string;
  /** Host name that the passkey was made for. */
  rpId: string;
  /** Exactly as browsers spell it: `https://console.example.org`. */
  origin: string;
}

export interface PasskeyApprover extends PasskeyKey {
  kind: 'webauthn';
  approverId: string;
  name: string;
  /** ISO 8601 UTC. */
  addedAt: string;
}

export type Approver = Ed25519Approver | PasskeyApprover;

/** SHA-256 over everything of the key: its first bits are the six words, more of them are the id. */
export function passkeyFingerprint(key: PasskeyKey): Buffer {
  const { algorithm, credentialId, origin, publicKey, rpId } = key;
  const text = canonicalJson({ algorithm, credentialId, origin, publicKey, rpId });
  return createHash('sha256').update('conduit-passkey-v1').update(text, 'utf8').digest();
}

export const passkeyApproverId = (key: PasskeyKey): string =>
  `ap-${passkeyFingerprint(key).toString('hex').slice(0, 32)}`;

/** The public key of a passkey. @throws Error when `publicKey` is no SubjectPublicKeyInfo */
export function passkeyPublicKey({ publicKey }: PasskeyKey): KeyObject {
  return createPublicKey({
    key: Buffer.from(publicKey, 'base64url'),
    format: 'der',
    type: 'spki',
  });
}

export const approverIdPattern = /^ap-[0-9a-f]{32}$/;
const approverName = matches(/^[^\p{C}]{1,100}$/u);

const ed25519Shape: Shape = {
  required: {
    approverId: matches(approverIdPattern),
    kind: oneOf(['ed25519']),
    publicKey: matches(/^[A-Za-z0-9_-]{43}$/),
    name: approverName,
    addedAt: instant,
  },
};

/** An RSA-4096 SubjectPublicKeyInfo has 550 bytes; a credential id at most 1,023 (WebAuthn §4). */
export const passkeyKeyChecks = {
  publicKey: matches(/^[A-Za-z0-9_-]{40,1200}$/),
  algorithm: oneOf(passkeyAlgorithms),
  credentialId: matches(/^[A-Za-z0-9_-]{8,1364}$/),
  rpId: matches(/^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/),
  origin: (value: unknown) => typeof value === 'string' && value.length <= 300,
  name: approverName,
};

const passkeyShape: Shape = {
  required: {
    ...passkeyKeyChecks,
    approverId: matches(approverIdPattern),
    kind: oneOf(['webauthn']),
    addedAt: instant,
  },
};

/** The origin is spelt as browsers spell it, safe from eavesdroppers, and one the RP id covers. */
function belongsTogether({ origin, rpId }: PasskeyKey): boolean {
  if (!URL.canParse(origin)) return false;
  const { protocol, hostname, origin: spelt } = new URL(origin);
  const isSafe = protocol === 'https:' || (protocol === 'http:' && hostname === 'localhost');
  return isSafe && spelt === origin && (hostname === rpId || hostname.endsWith(`.${rpId}`));
}

/** The one spelling of a key that the algorithm is for, and no weaker one. */
function isAcceptableKey(passkey: PasskeyKey): boolean {
  let key: KeyObject;
  try {
    key = passkeyPublicKey(passkey);
  } catch {
    return false;
  }
  const spelt = key.export({ format: 'der', type: 'spki' }).toString('base64url');
  return spelt === passkey.publicKey && fitsAlgorithm(key, passkey.algorithm);
}

function fitsAlgorithm(key: KeyObject, algorithm: PasskeyAlgorithm): boolean {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details = {} } = key;
  switch (algorithm) {
    case -7:
      return type === 'ec' && details.namedCurve === 'prime256v1';
    case -8:
      return type === 'ed25519';
    case -257:
      return (
        type === 'rsa' &&
        (details.modulusLength ?? 0) >= 2048 &&
        (details.modulusLength ?? 0) <= 4096 &&
        details.publicExponent === 65537n
      );
    default:
      return exhaustive(algorithm);
  }
}

/** Whether fields of the right form make a passkey that can be checked at all. */
export const isUsablePasskey = (key: PasskeyKey): boolean =>
  belongsTogether(key) && isAcceptableKey(key);

/** Whether a value is an approver, to the last field; an entry whose id belongs to another key is not one. */
export function isApprover(value: unknown): value is Approver {
  if (firstWrongField(value, ed25519Shape) === undefined) {
    const { approverId, publicKey } = value as Ed25519Approver;
    return approverIdOf(Buffer.from(publicKey, 'base64url')) === approverId;
  }
  if (firstWrongField(value, passkeyShape) !== undefined) return false;
  const passkey = value as PasskeyApprover;
  return passkeyApproverId(passkey) === passkey.approverId && isUsablePasskey(passkey);
}
