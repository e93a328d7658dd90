/**
 * The key that signs the log's checkpoints, and the log's name. A root of its own: whoever has the
 * device authority or a database cannot sign for the log with it.
 */
import type { KeyObject } from 'node:crypto';
import type { NoteKey } from '#libs/audit/signed-note.js';
import { ed25519FromSeed } from '#libs/pki/keys.js';

const SEED_BYTES = 32;

export class LogKey {
  /** For whoever checks what the log has signed. */
  readonly verifier: NoteKey;
  readonly privateKey: KeyObject;

  /**
   * @param origin the log's name, e.g. `conduit.internal/audit`
   * @param secret 32 bytes or more, the first of which are the seed (RFC 8032 §5.1.5)
   */
  constructor(
    readonly origin: string,
    secret: Uint8Array,
  ) {
    const { privateKey, publicKey } = ed25519FromSeed(secret.subarray(0, SEED_BYTES));
    this.privateKey = privateKey;
    this.verifier = { name: origin, type: 'ed25519', publicKey };
  }
}
