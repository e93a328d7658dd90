import { createHash } from 'node:crypto';

/** SHA-256, base64url, of a raw public key: how a grant names keys. */
export function keyThumbprint(raw: Uint8Array): string {
  return createHash('sha256').update(raw).digest('base64url');
}

/** The id of an approver: derived from the key, so that one id can never stand for two keys. */
export function approverIdOf(raw: Uint8Array): string {
  return `ap-${createHash('sha256').update(raw).digest('hex').slice(0, 32)}`;
}
