/**
 * What an agent says under its own identity key: canonical JSON and an Ed25519 signature over
 * SHA-256(label ‖ text). The label keeps a statement of one kind from passing for one of another.
 */
import { createHash, sign, verify, type KeyObject } from 'node:crypto';

import { canonicalJson, readCanonicalJson } from '#libs/grants/canonical-json.js';
import { firstWrongField, matches, type Shape } from '#libs/grants/field-checks.js';

/** Canonical text of the statement and its Ed25519 signature, base64url. */
export interface SignedStatement {
  document: string;
  signature: string;
}

/** Kinds of statement; `type` of the document and label of the hash. */
type StatementType = 'conduit-grant-receipt-v1' | 'conduit-agent-rules-v1';

interface Statement {
  type: StatementType;
}

const digestOf = (type: StatementType, document: string): Buffer =>
  createHash('sha256').update(type).update(document, 'utf8').digest();

/** Signs with `signer`, which takes the 32 bytes and answers an Ed25519 signature. */
export function signStatement(
  statement: Statement,
  signer: (bytes: Uint8Array) => Uint8Array,
): SignedStatement {
  const document = canonicalJson(statement);
  const signature = signer(digestOf(statement.type, document));
  return { document, signature: Buffer.from(signature).toString('base64url') };
}

/** A signer over a private key in memory. */
export const ed25519Signer =
  (key: KeyObject) =>
  (bytes: Uint8Array): Buffer =>
    sign(null, bytes, key);

export interface StatementForm {
  type: StatementType;
  shape: Shape;
  maxCharacters: number;
}

/** The statement when its form and signature are right, otherwise undefined. */
export function verifyStatement<T extends Statement>(
  signed: unknown,
  { type, shape, maxCharacters }: StatementForm,
  agentKey: KeyObject,
): T | undefined {
  const signedShape: Shape = {
    required: {
      document: (value) => typeof value === 'string',
      signature: matches(/^[A-Za-z0-9_-]{86}$/),
    },
  };
  if (firstWrongField(signed, signedShape) !== undefined) return undefined;
  const { document, signature } = signed as SignedStatement;
  const reading = readCanonicalJson(document, maxCharacters);
  if (!reading.ok || firstWrongField(reading.value, shape) !== undefined) return undefined;
  const digest = digestOf(type, document);
  return verify(null, digest, agentKey, Buffer.from(signature, 'base64url'))
    ? (reading.value as T)
    : undefined;
}
