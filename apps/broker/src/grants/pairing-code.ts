/**
 * Pairing codes: eight characters that a practice reads out or types, `ABCD-EFGH`, 40 random bits.
 * The broker keeps an HMAC of the code and its first three characters, which find the rows that a
 * wrong try is counted on.
 */
import { createHmac, randomBytes } from 'node:crypto';

import { encodeCrockford } from '#libs/pki/crockford.js';

const BYTES = 5;
const PREFIX_CHARACTERS = 3;
const FORM = /^[0-9A-HJKMNP-TV-Z]{8}$/;

/** A new code in the form people see. */
export function makePairingCode(): string {
  const text = encodeCrockford(randomBytes(BYTES));
  return `${text.slice(0, 4)}-${text.slice(4)}`;
}

/** The eight characters as they are hashed, or undefined when it is no code: case, dashes, blanks and O, I, L don't matter. */
export function normalisePairingCode(written: string): string | undefined {
  if (written.length > 32) return undefined;
  const text = written.toUpperCase().replace(/[\s-]/g, '').replace(/O/g, '0').replace(/[IL]/g, '1');
  return FORM.test(text) ? text : undefined;
}

/** @param pepper secret of the broker, at least 32 bytes */
export function pairingCodeHmac(code: string, pepper: Uint8Array): Buffer {
  return createHmac('sha256', pepper).update('conduit-pairing-code-v1').update(code).digest();
}

export const pairingCodePrefix = (code: string): string => code.slice(0, PREFIX_CHARACTERS);
