/**
 * The code of an invitation: 12 random bytes that find its row and 32 that prove it, base64url. It
 * stands behind the `#` of a link, which browsers send to nobody, so no log of any server has it.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { Secret } from '#libs/kernel/secret.js';

const ID_BYTES = 12;
const SECRET_BYTES = 32;
const FORM = /^([A-Za-z0-9_-]{16})([A-Za-z0-9_-]{43})$/;

export interface NewInvitationCode {
  invitationId: string;
  secretHash: Buffer;
  code: Secret;
}

const hashOf = (secret: string): Buffer =>
  createHash('sha256').update('conduit-invitation-v1').update(secret).digest();

export function newInvitationCode(): NewInvitationCode {
  const invitationId = randomBytes(ID_BYTES).toString('base64url');
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  return { invitationId, secretHash: hashOf(secret), code: new Secret(invitationId + secret) };
}

/** The two parts of what somebody typed or followed; undefined when it is no code. */
export function parseInvitationCode(
  text: string,
): { invitationId: string; secretHash: Buffer } | undefined {
  const [, invitationId, secret] = FORM.exec(text.trim()) ?? [];
  if (invitationId === undefined || secret === undefined) return undefined;
  return { invitationId, secretHash: hashOf(secret) };
}

export const isSameHash = (one: Buffer, other: Buffer): boolean =>
  one.length === other.length && timingSafeEqual(one, other);
