/**
 * Signing and verifying a grant. What is signed is SHA-256("conduit-grant-v1" ‖ canonical text): the
 * same 32 bytes that a passkey takes as its challenge, so both kinds of approval vouch for one thing.
 */
import { createHash, sign, verify, type KeyObject } from 'node:crypto';

import type { Approver } from '#libs/grants/approver.js';
import { canonicalJson } from '#libs/grants/canonical-json.js';
import type { Grant, GrantSignature, SignedGrant } from '#libs/grants/grant.js';
import { assertionProblem, type AssertionProblem } from '#libs/grants/verify-assertion.js';
import { exhaustive } from '#libs/kernel/exhaustive.js';
import { publicKeyFromRaw } from '#libs/pki/keys.js';

/** The 32 bytes that an approver signs. */
export function grantDigest(document: string): Buffer {
  return createHash('sha256').update('conduit-grant-v1').update(document, 'utf8').digest();
}

/** The canonical text of a grant with one Ed25519 approval. */
export function signGrant(grant: Grant, approverId: string, privateKey: KeyObject): SignedGrant {
  const document = canonicalJson(grant);
  const signature = sign(null, grantDigest(document), privateKey).toString('base64url');
  return { document, approvals: [{ kind: 'ed25519', approverId, signature }] };
}

export type ApprovalVerdict =
  | { ok: true }
  | {
      ok: false;
      reason:
        | 'approvals-missing'
        | 'approver-repeated'
        | 'approver-unknown'
        | 'approver-kind'
        | 'signature-wrong'
        | AssertionProblem;
    };

type Problem = Extract<ApprovalVerdict, { ok: false }>['reason'];

/** What is wrong with one approval; undefined when it is right. */
function problemOf(
  document: string,
  approval: GrantSignature,
  approver: Approver | undefined,
): Problem | undefined {
  if (!approver) return 'approver-unknown';
  const digest = grantDigest(document);
  switch (approval.kind) {
    case 'ed25519': {
      if (approver.kind !== 'ed25519') return 'approver-kind';
      const key = publicKeyFromRaw('ed25519', Buffer.from(approver.publicKey, 'base64url'));
      const signature = Buffer.from(approval.signature, 'base64url');
      return verify(null, digest, key, signature) ? undefined : 'signature-wrong';
    }
    case 'webauthn':
      if (approver.kind !== 'webauthn') return 'approver-kind';
      return assertionProblem(digest, approval, approver);
    default:
      return exhaustive(approval);
  }
}

/**
 * Whether a grant carries at least one approval and every one it carries is right, no two of one
 * approver. One that is unknown or wrong voids the document: nobody honest adds such a thing.
 */
export function verifyApprovals(
  { document, approvals }: SignedGrant,
  approvers: ReadonlyMap<string, Approver>,
): ApprovalVerdict {
  if (approvals.length === 0) return { ok: false, reason: 'approvals-missing' };
  if (new Set(approvals.map(({ approverId }) => approverId)).size < approvals.length)
    return { ok: false, reason: 'approver-repeated' };
  for (const approval of approvals) {
    const reason = problemOf(document, approval, approvers.get(approval.approverId));
    if (reason !== undefined) return { ok: false, reason };
  }
  return { ok: true };
}
