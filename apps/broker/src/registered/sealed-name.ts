/**
 * The name that an integrator gave: free words, so they are not readable at rest either. AES-256-GCM
 * under a key derived from the secret of the API key that set it; another key reads no name.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import type { Secret } from '#libs/kernel/secret.js';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;
const CIPHER = 'aes-256-gcm';

function nameKey(secret: Secret<Buffer>): Buffer {
  const info = 'conduit registered name v1';
  return Buffer.from(hkdfSync('sha256', secret.reveal(), Buffer.alloc(0), info, KEY_BYTES));
}

/** @returns nonce ‖ ciphertext ‖ tag, bound to the registered query */
export function sealName(secret: Secret<Buffer>, registeredId: string, name: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, nameKey(secret), nonce).setAAD(Buffer.from(registeredId));
  return Buffer.concat([nonce, cipher.update(name, 'utf8'), cipher.final(), cipher.getAuthTag()]);
}

/** @returns empty when it was not sealed with this secret */
export function openName(secret: Secret<Buffer>, registeredId: string, sealed: Buffer): string {
  const end = sealed.length - TAG_BYTES;
  try {
    const decipher = createDecipheriv(CIPHER, nameKey(secret), sealed.subarray(0, NONCE_BYTES));
    decipher.setAAD(Buffer.from(registeredId)).setAuthTag(sealed.subarray(end));
    const bytes = decipher.update(sealed.subarray(NONCE_BYTES, end));
    return Buffer.concat([bytes, decipher.final()]).toString('utf8');
  } catch {
    return '';
  }
}
