/** Metas of the broker's requests, read before anything believes them. */
import type {
  EndRegisteredMeta,
  FetchRegisteredMeta,
  PutRegisteredMeta,
} from '#libs/contracts/registered.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** These go into the journal as they are. */
const WORD = /^[A-Za-z0-9._-]{1,200}$/;
/** Raw X25519, base64url. */
const KEY = /^[A-Za-z0-9_-]{43}$/;

type Meta = Record<string, unknown>;

function texts(meta: Meta, fields: readonly string[], form: RegExp): void {
  for (const field of fields) {
    const value = meta[field];
    if (typeof value === 'string' && form.test(value)) continue;
    throw new ConduitError('REQUEST_INVALID', { facts: { field: `meta.${field}` } });
  }
}

function numbers(meta: Meta, fields: readonly string[]): void {
  for (const field of fields) {
    const value = meta[field];
    if (Number.isSafeInteger(value) && (value as number) >= 0) continue;
    throw new ConduitError('REQUEST_INVALID', { facts: { field: `meta.${field}` } });
  }
}

function encoding({ pageEncoding }: Meta): void {
  if (pageEncoding === undefined || pageEncoding === 'br') return;
  throw new ConduitError('REQUEST_INVALID', { facts: { field: 'meta.pageEncoding' } });
}

/** @throws ConduitError REQUEST_INVALID */
export function checkPut(meta: Meta): PutRegisteredMeta {
  texts(meta, ['registeredId'], UUID);
  texts(meta, ['siteId', 'integratorId', 'keyId', 'grantId'], WORD);
  texts(meta, ['resultKey', 'sealedTo'], KEY);
  numbers(meta, ['grantSeq', 'revision', 'frequencySeconds', 'endsAtMs', 'brokerTimeMs']);
  encoding(meta);
  return meta as unknown as PutRegisteredMeta;
}

/** @throws ConduitError REQUEST_INVALID */
export function checkEnd(meta: Meta): EndRegisteredMeta {
  texts(meta, ['registeredId'], UUID);
  return meta as unknown as EndRegisteredMeta;
}

/** @throws ConduitError REQUEST_INVALID */
export function checkFetch(meta: Meta): FetchRegisteredMeta {
  texts(meta, ['registeredId'], UUID);
  numbers(meta, ['run']);
  encoding(meta);
  return meta as unknown as FetchRegisteredMeta;
}
