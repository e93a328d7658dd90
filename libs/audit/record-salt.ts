/** The random part of a record, without which its leaf's hash could be guessed at. */
import { randomFillSync } from 'node:crypto';

const SALT_BYTES = 16;
/** Drawn by the page: a system call for each salt would cost as much as the record's hash. */
const page = Buffer.alloc(256 * SALT_BYTES);
let used = page.length;

/** 128 random bits, base64url without padding. Nothing is ever drawn twice. */
export function newSalt(): string {
  if (used === page.length) {
    randomFillSync(page);
    used = 0;
  }
  used += SALT_BYTES;
  return page.toString('base64url', used - SALT_BYTES, used);
}
