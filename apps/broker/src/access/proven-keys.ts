/**
 * Keys whose secret was proven, so that the HMAC of a busy key is not made anew for each request.
 * Found by the digest of the presented text; the text itself is not kept. A proof stands only for
 * the very entry it was made with: whatever changes at a key makes a new entry, and ends it.
 */
import { hash } from 'node:crypto';
import type { KeyEntry } from '#apps/broker/src/access/key-book.js';

/** Longer text cannot be a key, and is not worth its digest. */
const MAX_KEY_CHARACTERS = 128;

export class ProvenKeys {
  private readonly proven = new Map<string, KeyEntry>();

  constructor(private readonly maxKeys = 10_000) {}

  /**
   * @param prove looks whole at a text that has no proof yet; undefined when it is no key's
   * @param find the entry in force
   */
  check(
    presented: string,
    find: (keyId: string) => KeyEntry | undefined,
    prove: (presented: string) => KeyEntry | undefined,
  ): KeyEntry | undefined {
    if (presented.length > MAX_KEY_CHARACTERS) return undefined;
    const digest = hash('sha256', presented, 'base64');
    const known = this.proven.get(digest);
    if (known && find(known.keyId) === known) return known;
    this.proven.delete(digest);
    const entry = prove(presented);
    if (entry) this.keep(digest, entry);
    return entry;
  }

  private keep(digest: string, entry: KeyEntry): void {
    const [oldest] = this.proven.size >= this.maxKeys ? this.proven.keys() : [];
    if (oldest !== undefined) this.proven.delete(oldest);
    this.proven.set(digest, entry);
  }
}
