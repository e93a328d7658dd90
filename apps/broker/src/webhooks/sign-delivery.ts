/**
 * The headers that prove a delivery. Sources: Halo Cloud's webhooks (hex HMAC-SHA256 over body, dot,
 * ISO time) and Standard Webhooks 1.0 (`v1` HMAC-SHA256 and `v1a` Ed25519 over id, dot, seconds, dot,
 * body). While a secret is being replaced, both sign.
 */
import { createHmac, sign } from 'node:crypto';
import type { WebhookSignature } from '#libs/contracts/webhooks.js';
import type { SigningKeys } from '#apps/broker/src/webhooks/webhook-secrets.js';

export interface Signing {
  style: WebhookSignature;
  current: SigningKeys;
  /** The secret before, while it still counts. */
  previous?: SigningKeys;
}

/** @param sentAtMs of this attempt: receivers refuse what is old */
export function signatureHeaders(
  { style, current, previous }: Signing,
  eventId: string,
  sentAtMs: number,
  body: Buffer,
): Record<string, string> {
  if (style === 'halo') return haloHeaders(current, previous, eventId, sentAtMs, body);
  const timestamp = String(Math.floor(sentAtMs / 1_000));
  const signed = Buffer.concat([Buffer.from(`${eventId}.${timestamp}.`), body]);
  const keys = previous ? [current, previous] : [current];
  return {
    'webhook-id': eventId,
    'webhook-timestamp': timestamp,
    'webhook-signature': keys.map((those) => standardSignatures(those, signed)).join(' '),
  };
}

/**
 * Halo's header has room for one signature. During a rotation it stays with the old secret, so that
 * software that knows no other header goes on; the new one signs beside it.
 */
function haloHeaders(
  current: SigningKeys,
  previous: SigningKeys | undefined,
  eventId: string,
  sentAtMs: number,
  body: Buffer,
): Record<string, string> {
  const timestamp = new Date(sentAtMs).toISOString();
  const signatureBy = ({ secret }: SigningKeys): string =>
    createHmac('sha256', secret).update(body).update(`.${timestamp}`).digest('hex');
  return {
    'X-Halo-Id': eventId,
    'X-Halo-Timestamp': timestamp,
    'X-Halo-Signature-256': signatureBy(previous ?? current),
    ...(previous && { 'X-Halo-Signature-256-Next': signatureBy(current) }),
  };
}

function standardSignatures({ hmacKey, privateKey }: SigningKeys, signed: Buffer): string {
  const symmetric = createHmac('sha256', hmacKey).update(signed).digest('base64');
  const asymmetric = sign(null, signed, privateKey).toString('base64');
  return `v1,${symmetric} v1a,${asymmetric}`;
}
