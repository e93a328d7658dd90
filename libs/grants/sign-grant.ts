/**
 * Signing and verifying a grant. What is signed is SHA-256("conduit-grant-v1" ‖ canonical text): the
 * same 32 bytes that a passkey takes as its challenge, so both kinds of approval vouch for one thing.
 */
import { createHash, sign, verify, type KeyObject } from 'node:crypto';

import { canonicalJson } from '#libs/grants/canonical-json.js';
import type { Grant, GrantSignature, SignedGrant } from '#libs/grants/grant.js';
import { exhaustive } from '#libs/kernel/exhaustive.js';
import { publicKeyFromRaw } from '#libs/pki/keys.js';

/** Someone whose word admits a grant: kept in the agent's own store, never taken from a message. */
export interface Approver {
  approverId: string;
  kind: GrantSignature['kind'];
  /** base64url of the raw public key. */
  publicKey: string;
  name: string;
  /** ISO 8601 UTC. */
  addedAt: string;
}

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
  | { ok: false; reason: 'approvals-missing' | 'approver-unknown' | 'signature-wrong' };

function verifies(document: string, approval: GrantSignature, approver: Approver): boolean {
  switch (approval.kind) {
    case 'ed25519':
      return (
        approver.kind === 'ed25519' &&
        verify(
          null,
          grantDigest(document),
          publicKeyFromRaw('ed25519', Buffer.from(approver.publicKey, 'base64url')),
          Buffer.from(approval.signature, 'base64url'),
        )
      );
    default:
      return exhaustive(approval.kind);
  }
}

/**
 * Whether a grant carries at least one approval and every one it carries is right. One that is
 * unknown or wrong voids the document: nobody honest adds such a thing.
 */
export function verifyApprovals(
  signed: SignedGrant,
  approvers: ReadonlyMap<string, Approver>,
): ApprovalVerdict {
  if (signed.approvals.length === 0) return { ok: false, reason: 'approvals-missing' };
  for (const approval of signed.approvals) {
    const approver = approvers.get(approval.approverId);
    if (!approver) return { ok: false, reason: 'approver-unknown' };
    if (!verifies(signed.document, approval, approver))
      return { ok: false, reason: 'signature-wrong' };
  }
  return { ok: true };
}
