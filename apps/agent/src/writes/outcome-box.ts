/**
 * Seals what a write answered before it is kept, in the write journal or on disk: AES-256-GCM under a
 * key that never leaves this machine, bound to the write's own hashes. Without the key an outcome is
 * lost, never the knowledge that the write was applied.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WriteIdentity } from '#apps/agent/src/writes/write-identity.js';

const KEY_FILE = 'write-outcomes.key';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const CIPHER = 'aes-256-gcm';
const CONTEXT = Buffer.from('conduit-write-outcome-v1');

export class OutcomeBox {
  constructor(private readonly key: Buffer) {}

  /** Reads the key from the state folder, making it at first use. */
  static fromFolder(stateFolder: string): OutcomeBox {
    const file = join(stateFolder, KEY_FILE);
    if (!existsSync(file)) {
      mkdirSync(stateFolder, { recursive: true, mode: 0o700 });
      writeFileSync(file, randomBytes(KEY_BYTES), { mode: 0o600, flag: 'wx' });
    }
    const key = readFileSync(file);
    if (key.length !== KEY_BYTES) throw new Error('the key of write outcomes is damaged');
    return new OutcomeBox(key);
  }

  /** nonce (12) | ciphertext | tag (16) */
  seal(identity: WriteIdentity, plain: Buffer): Buffer {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.key, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(contextOf(identity));
    return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  }

  /** Undefined for what was not sealed here, for this very write. */
  open(identity: WriteIdentity, sealed: Buffer): Buffer | undefined {
    if (sealed.length < NONCE_BYTES + TAG_BYTES) return undefined;
    const nonce = sealed.subarray(0, NONCE_BYTES);
    const decipher = createDecipheriv(CIPHER, this.key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(contextOf(identity));
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
    try {
      const body = sealed.subarray(NONCE_BYTES, -TAG_BYTES);
      return Buffer.concat([decipher.update(body), decipher.final()]);
    } catch {
      return undefined;
    }
  }
}

const contextOf = ({ keyHash, requestHash }: WriteIdentity): Buffer =>
  Buffer.concat([CONTEXT, keyHash, requestHash]);
