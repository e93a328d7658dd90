/**
 * For those who receive Conduit's webhooks: checks that a delivery is genuine and fresh. Uses nothing
 * but node:crypto, so that the file can be copied as it is. Promises: compares in constant time; knows
 * both signature styles and both secrets during a rotation; never throws on what a stranger sends.
 *
 * A fresh delivery can still be repeated within the tolerance: keep the ids of that time and ignore
 * one that comes again. Conduit itself repeats a delivery whose answer it did not see.
 */
import { createHmac, createPublicKey, timingSafeEqual, verify } from 'node:crypto';

export interface WebhookRequest {
  /** As Node's http gives them: names in lower case. */
  headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The bytes as they came, before any parser. */
  body: Uint8Array;
}

export interface WebhookTrust {
  /** `whsec_…`; several while they are being replaced. */
  secrets?: readonly string[];
  /** `whpk_…`, for `v1a` signatures; needs no secret at the receiver. */
  publicKeys?: readonly string[];
  /** How far the delivery's clock may be from ours, either way. */
  toleranceMs?: number;
  nowMs?: number;
}

export type WebhookVerdict =
  | { ok: true; id: string }
  | { ok: false; reason: 'headers-missing' | 'timestamp-out-of-range' | 'signature-wrong' };

const DEFAULT_TOLERANCE_MS = 5 * 60_000;
/** More candidates than a rotation needs cost only us. */
const MAX_SIGNATURES = 16;
/** DER before a raw Ed25519 key in SubjectPublicKeyInfo (RFC 8410 §4). */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/**
 * Whether a request is a genuine, fresh delivery, in whichever style it is signed.
 * @returns the event's id to remember, or why not; then answer 400 and do nothing
 */
export function verifyWebhook(request: WebhookRequest, trust: WebhookTrust): WebhookVerdict {
  const claim = haloClaim(request, trust) ?? standardClaim(request, trust);
  if (!claim) return { ok: false, reason: 'headers-missing' };
  const { nowMs = Date.now(), toleranceMs = DEFAULT_TOLERANCE_MS } = trust;
  const isFresh = Math.abs(nowMs - claim.sentAtMs) <= toleranceMs;
  if (!isFresh) return { ok: false, reason: 'timestamp-out-of-range' };
  if (!claim.isGenuine()) return { ok: false, reason: 'signature-wrong' };
  return { ok: true, id: claim.id };
}

interface Claim {
  id: string;
  sentAtMs: number;
  isGenuine(): boolean;
}

function headerOf({ headers }: WebhookRequest, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function haloClaim(request: WebhookRequest, { secrets = [] }: WebhookTrust): Claim | undefined {
  const id = headerOf(request, 'x-halo-id');
  const timestamp = headerOf(request, 'x-halo-timestamp');
  const signatures = ['x-halo-signature-256', 'x-halo-signature-256-next']
    .map((name) => headerOf(request, name))
    .filter((signature) => signature !== undefined);
  if (id === undefined || timestamp === undefined || signatures.length === 0) return undefined;
  const expected = secrets.map((secret) =>
    createHmac('sha256', secret).update(request.body).update(`.${timestamp}`).digest('hex'),
  );
  return {
    id,
    // Anything that is no time is compared as NaN and so is never fresh.
    sentAtMs: Date.parse(timestamp),
    isGenuine: () =>
      idOf(request.body) === id &&
      signatures.some((signature) => expected.some((right) => isSame(signature, right))),
  };
}

function standardClaim(request: WebhookRequest, trust: WebhookTrust): Claim | undefined {
  const id = headerOf(request, 'webhook-id');
  const timestamp = headerOf(request, 'webhook-timestamp');
  const signatures = headerOf(request, 'webhook-signature');
  if (id === undefined || timestamp === undefined || signatures === undefined) return undefined;
  const signed = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), request.body]);
  return {
    id,
    sentAtMs: /^\d{1,12}$/.test(timestamp) ? Number(timestamp) * 1_000 : NaN,
    isGenuine: () =>
      signatures
        .split(' ', MAX_SIGNATURES)
        .some((signature) => isStandardSignature(signature, signed, trust)),
  };
}

function isStandardSignature(signature: string, signed: Buffer, trust: WebhookTrust): boolean {
  const [version, value = ''] = signature.split(',', 2);
  if (version === 'v1') {
    return (trust.secrets ?? []).some((secret) => {
      const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
      return isSame(value, createHmac('sha256', key).update(signed).digest('base64'));
    });
  }
  if (version !== 'v1a') return false;
  return (trust.publicKeys ?? []).some((text) => {
    const raw = Buffer.from(text.replace(/^whpk_/, ''), 'base64');
    if (raw.length !== 32) return false;
    const der = Buffer.concat([SPKI_PREFIX, raw]);
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
    return verify(null, signed, key, Buffer.from(value, 'base64'));
  });
}

/** Halo's signature does not cover its id header: the id in the signed body is the one that counts. */
function idOf(body: Uint8Array): unknown {
  try {
    return (JSON.parse(Buffer.from(body).toString('utf8')) as { id?: unknown } | null)?.id;
  } catch {
    return undefined;
  }
}

function isSame(given: string, right: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(right);
  return a.length === b.length && timingSafeEqual(a, b);
}
