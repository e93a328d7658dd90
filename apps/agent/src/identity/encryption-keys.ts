import { createPrivateKey, type KeyObject } from 'node:crypto';
import type {
  EncryptionKeyRecord,
  EncryptionRecord,
  IdentityFolder,
} from '#apps/agent/src/identity/identity-folder.js';
import { makeEncryptionKey, rawPublicKey } from '#libs/pki/keys.js';

const DAY_MS = 86_400_000;
export const rotationMs = 7 * DAY_MS;
export const keepingMs = 7 * DAY_MS;

/** A new key, before anybody was told. */
export function makeEncryptionKeyRecord(nowMs: number): EncryptionKeyRecord {
  const { privateKey, publicKey } = makeEncryptionKey();
  return {
    publicKey: rawPublicKey(publicKey).toString('base64url'),
    privateKey: privateKey.export({ format: 'pem', type: 'pkcs8' }) as string,
    madeMs: nowMs,
  };
}

/**
 * K_enc: what others seal to this agent. A new key every week; the one before decrypts for seven
 * days more, then it is destroyed and what was sealed to it can never be read again.
 */
export class EncryptionKeys {
  /** Reading a key from its text costs more than opening something with it. */
  private readonly opened = new Map<string, KeyObject>();

  private constructor(
    private readonly folder: IdentityFolder,
    private record: EncryptionRecord,
  ) {}

  static async load(folder: IdentityFolder): Promise<EncryptionKeys> {
    return new EncryptionKeys(folder, (await folder.read('encryption')) ?? { keys: [] });
  }

  /** Raw public key, base64url, of the key in force. */
  get currentPublicKey(): string | undefined {
    return this.record.keys.find((key) => key.retiredMs === undefined)?.publicKey;
  }

  /** The private key for something sealed to `publicKey`, if it still exists. */
  find(publicKey: string): KeyObject | undefined {
    const { keys, next } = this.record;
    const all = next ? [...keys, next] : keys;
    const found = all.find((key) => key.publicKey === publicKey);
    if (!found) return undefined;
    const opened = this.opened.get(publicKey) ?? createPrivateKey(found.privateKey);
    this.opened.set(publicKey, opened);
    return opened;
  }

  /** Whether a new key is wanted, or one that was begun has not been announced yet. */
  isRotationDueAt(nowMs: number): boolean {
    const current = this.record.keys.find((key) => key.retiredMs === undefined);
    return this.record.next !== undefined || !current || nowMs - current.madeMs >= rotationMs;
  }

  /** The key to announce: on disk already, and the same one until it is confirmed. */
  async beginRotation(nowMs: number): Promise<string> {
    const next = this.record.next ?? makeEncryptionKeyRecord(nowMs);
    if (!this.record.next) await this.store({ ...this.record, next });
    return next.publicKey;
  }

  /** The broker names the new key from now on. */
  async confirmRotation(nowMs: number): Promise<void> {
    const { keys, next } = this.record;
    if (!next) return;
    const retired = keys.map((key) => ({ ...key, retiredMs: key.retiredMs ?? nowMs }));
    await this.store({ keys: [next, ...retired] });
  }

  /** Destroys what is past its keeping. */
  async discardOld(nowMs: number): Promise<void> {
    const kept = this.record.keys.filter((key) => nowMs - (key.retiredMs ?? nowMs) < keepingMs);
    if (kept.length < this.record.keys.length) await this.store({ ...this.record, keys: kept });
  }

  private async store(record: EncryptionRecord): Promise<void> {
    await this.folder.write('encryption', record);
    this.record = record;
    this.opened.clear();
  }
}
