/**
 * The agent's signed word that a grant is in force on the practice's server, or has ended there:
 * how the broker, and whoever asks it later, knows that a withdrawal arrived.
 */
import type { KeyObject } from 'node:crypto';

import {
  signStatement,
  verifyStatement,
  type SignedStatement,
  type StatementForm,
} from '#libs/grants/agent-statement.js';
import { instant, integer, matches, oneOf } from '#libs/grants/field-checks.js';
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

export type SignedReceipt = SignedStatement;

const id = matches(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/);

const form: StatementForm = {
  type: 'conduit-grant-receipt-v1',
  maxCharacters: 2_048,
  shape: {
    required: {
      type: oneOf(['conduit-grant-receipt-v1']),
      agentId: id,
      grantId: id,
      seq: integer(1, Number.MAX_SAFE_INTEGER),
      digest: matches(/^[A-Za-z0-9_-]{43}$/),
      state: oneOf(['active', 'revoked']),
      at: instant,
    },
  },
};

/** base64url of a grant document's digest, as receipts carry it. */
export const receiptDigestOf = (grantDocument: string): string =>
  grantDigest(grantDocument).toString('base64url');

/** Signs with `signer`, which takes the 32 bytes and answers an Ed25519 signature. */
export const signReceipt = (
  receipt: GrantReceipt,
  signer: (bytes: Uint8Array) => Uint8Array,
): SignedReceipt => signStatement(receipt, signer);

/** The receipt when its form and signature are right, otherwise undefined. */
export const verifyReceipt = (signed: unknown, agentKey: KeyObject): GrantReceipt | undefined =>
  verifyStatement<GrantReceipt>(signed, form, agentKey);
