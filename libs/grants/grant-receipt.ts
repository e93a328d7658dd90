/**
 * The agent's signed word that a grant is in force on the practice's server, or has ended there:
 * how the broker, and whoever asks it later, knows that a withdrawal arrived.
 */
import { createHash, sign, verify, type KeyObject } from 'node:crypto';

import { canonicalJson, readCanonicalJson } from '#libs/grants/canonical-json.js';
import {
  firstWrongField,
  instant,
  integer,
  matches,
  oneOf,
  type Shape,
} from '#libs/grants/field-checks.js';
import { grantDigest } from '#libs/grants/sign-grant.js';

export interface GrantReceipt {
  type: 'conduit-grant-receipt-v1';
  agentId: string;
  grantId: string;
  seq: number;
  /** base64url of the digest of the document that the receipt speaks of. */
  digest: string;
  state: 'active' | 'revoked';
  /** ISO 8601 UTC. */
  at: string;
}

/** Canonical text of the receipt and its Ed25519 signature by the agent's identity key. */
export interface SignedReceipt {
  document: string;
  signature: string;
}

const id = matches(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/);

const receiptShape: Shape = {
  required: {
    type: oneOf(['conduit-grant-receipt-v1']),
    agentId: id,
    grantId: id,
    seq: integer(1, Number.MAX_SAFE_INTEGER),
    digest: matches(/^[A-Za-z0-9_-]{43}$/),
    state: oneOf(['active', 'revoked']),
    at: instant,
  },
};

const signedShape: Shape = {
  required: {
    document: (value) => typeof value === 'string' && value.length <= 2_048,
    signature: matches(/^[A-Za-z0-9_-]{86}$/),
  },
};

const receiptDigest = (document: string): Buffer =>
  createHash('sha256').update('conduit-grant-receipt-v1').update(document, 'utf8').digest();

/** base64url of a grant document's digest, as receipts carry it. */
export const receiptDigestOf = (grantDocument: string): string =>
  grantDigest(grantDocument).toString('base64url');

/** Signs with `signer`, which takes the 32 bytes and answers an Ed25519 signature. */
export function signReceipt(
  receipt: GrantReceipt,
  signer: (bytes: Uint8Array) => Uint8Array,
): SignedReceipt {
  const document = canonicalJson(receipt);
  const signature = Buffer.from(signer(receiptDigest(document))).toString('base64url');
  return { document, signature };
}

/** A signer over a private key in memory. */
export const ed25519Signer =
  (key: KeyObject) =>
  (bytes: Uint8Array): Buffer =>
    sign(null, bytes, key);

/** The receipt when its form and signature are right, otherwise undefined. */
export function verifyReceipt(signed: unknown, agentKey: KeyObject): GrantReceipt | undefined {
  if (firstWrongField(signed, signedShape) !== undefined) return undefined;
  const { document, signature } = signed as SignedReceipt;
  const reading = readCanonicalJson(document, 2_048);
  if (!reading.ok || firstWrongField(reading.value, receiptShape) !== undefined) return undefined;
  return verify(null, receiptDigest(document), agentKey, Buffer.from(signature, 'base64url'))
    ? (reading.value as GrantReceipt)
    : undefined;
}
