/**
 * C2SP tlog-cosignature, version 1: what a witness says with Ed25519 of a log, that at this second the
 * largest tree it has seen, and found to continue all earlier ones, was the one in this checkpoint.
 */
import { verify, type KeyObject } from 'node:crypto';
import {
  noteKeyId,
  signatureLine,
  signaturesOf,
  type Note,
  type NoteKey,
  type NoteSignature,
} from '#libs/audit/signed-note.js';

const TIME_BYTES = 8;
const SIGNATURE_BYTES = 64;

function cosignedMessage(text: string, seconds: bigint): Buffer {
  return Buffer.from(`cosignature/v1\ntime ${seconds}\n${text}`);
}

export interface Cosigner {
  name: string;
  publicKey: KeyObject;
  /** Ed25519 (RFC 8032). */
  sign(message: Uint8Array): Uint8Array;
}

/**
 * A witness's line under a checkpoint.
 * @param text the checkpoint's, up to and with its last line feed
 * @param seconds since 1970, by the witness's clock
 */
export function cosign(text: string, witness: Cosigner, seconds: number): string {
  const { name, publicKey } = witness;
  const time = Buffer.alloc(TIME_BYTES);
  time.writeBigUInt64BE(BigInt(seconds));
  const made = witness.sign(cosignedMessage(text, BigInt(seconds)));
  const keyId = noteKeyId({ name, type: 'cosignature', publicKey });
  return signatureLine({ name, keyId, signature: Buffer.concat([time, made]) });
}

/** @returns when the witness signed this, in seconds since 1970; undefined: it did not */
function cosignedAt(
  text: string,
  { signature }: NoteSignature,
  publicKey: KeyObject,
): number | undefined {
  if (signature.length !== TIME_BYTES + SIGNATURE_BYTES) return undefined;
  const seconds = signature.readBigUInt64BE();
  if (seconds > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
  const message = cosignedMessage(text, seconds);
  const good = verify(null, message, publicKey, signature.subarray(TIME_BYTES));
  return good ? Number(seconds) : undefined;
}

/**
 * When this witness cosigned the note.
 * @returns seconds since 1970; undefined: it has not, or one of its lines is not right
 */
export function cosignatureOf(note: Note, witness: NoteKey): number | undefined {
  if (witness.type !== 'cosignature') return undefined;
  const times = signaturesOf(note, witness).map((line) =>
    cosignedAt(note.text, line, witness.publicKey),
  );
  const good = times.filter((time) => time !== undefined);
  return good.length > 0 && good.length === times.length ? Math.max(...good) : undefined;
}
