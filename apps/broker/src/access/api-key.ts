/**
 * API keys: `ck_<env>_<id>_<secret>_<crc>`. The id finds the record, the secret is 256 random bits
 * of which only an HMAC is kept, the CRC tells a typo from a guess without looking anything up.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';

const SECRET_BYTES = 32;
const ID_BYTES = 9;
/** base64url never holds `_` as a separator safely, so the parts are found by their fixed lengths. */
const FORM = /^ck_([a-z]{2,8})_([A-Za-z0-9-]{12})_([A-Za-z0-9_-]{43})_([0-9a-f]{8})$/;

export interface ParsedKey {
  environment: string;
  keyId: string;
  secret: string;
}

const checkOf = (text: string): string => crc32(text).toString(16).padStart(8, '0');

/** base64url without its underscore: an id is a path element and a column that people select with a double click. */
const idFrom = (bytes: Buffer): string => bytes.toString('base64url').replaceAll('_', '-');

/** A new key; its text is shown once and never stored. */
export function makeApiKey(environment: string): { text: string; keyId: string; secret: string } {
  const keyId = idFrom(randomBytes(ID_BYTES));
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  const body = `ck_${environment}_${keyId}_${secret}`;
  return { text: `${body}_${checkOf(body)}`, keyId, secret };
}

/** @returns undefined for text that cannot be a key: wrong form, or a CRC that does not fit */
export function parseApiKey(text: string): ParsedKey | undefined {
  const parts = FORM.exec(text);
  if (!parts) return undefined;
  const [, environment, keyId, secret, check] = parts as unknown as [
    string,
    string,
    string,
    string,
    string,
  ];
  if (checkOf(text.slice(0, -check.length - 1)) !== check) return undefined;
  return { environment, keyId, secret };
}

/** What the registry keeps of a secret: HMAC-SHA256 under the pepper, 32 bytes. */
export function secretHmac(secret: string, pepper: Buffer): Buffer {
  return createHmac('sha256', pepper).update(secret).digest();
}

/** In constant time. */
export function secretMatches(secret: string, pepper: Buffer, kept: Buffer): boolean {
  const given = secretHmac(secret, pepper);
  return kept.length === given.length && timingSafeEqual(given, kept);
}
