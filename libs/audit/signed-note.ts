/**
 * C2SP signed-note: a text with signature lines under it, each naming the key that made it. What the
 * text says counts only once a signature of a key that the reader trusts has been verified; lines of
 * unknown keys are passed over.
 */
import { createHash, sign, verify, type KeyObject } from 'node:crypto';
import { publicKeyFromRaw, rawPublicKey } from '#libs/pki/keys.js';

/** Signature types: plain Ed25519, and the timestamped cosignature of a witness. */
export const noteKeyTypes = { ed25519: 0x01, cosignature: 0x04 } as const;
export type NoteKeyType = keyof typeof noteKeyTypes;

const KEY_ID_BYTES = 4;
/** Far above what a log with hundreds of witnesses has. */
const MAX_NOTE_LENGTH = 262_144;

export interface NoteKey {
  name: string;
  type: NoteKeyType;
  publicKey: KeyObject;
}

export interface NoteSignature {
  name: string;
  keyId: Buffer;
  /** What follows the key id; its form is the key type's. */
  signature: Buffer;
}

export interface Note {
  /** Ends in a line feed. */
  text: string;
  signatures: NoteSignature[];
}

/** Key names stand in a line between spaces and in verifier keys between plus signs. */
const KEY_NAME = /^[^\s+\p{Cc}\p{Z}]{1,255}$/u;

/** SHA-256(name ‖ LF ‖ type ‖ public key)[:4] */
export function noteKeyId({ name, type, publicKey }: NoteKey): Buffer {
  return createHash('sha256')
    .update(`${name}\n`)
    .update(Uint8Array.of(noteKeyTypes[type]))
    .update(rawPublicKey(publicKey))
    .digest()
    .subarray(0, KEY_ID_BYTES);
}

/** `<name>+<key id in hex>+<base64 of type ‖ public key>`: how a key is told to others. */
export function formatVerifierKey(key: NoteKey): string {
  const material = Buffer.concat([
    Uint8Array.of(noteKeyTypes[key.type]),
    rawPublicKey(key.publicKey),
  ]);
  return `${key.name}+${noteKeyId(key).toString('hex')}+${material.toString('base64')}`;
}

/** @returns undefined for what is no verifier key of a type known here, or whose id is not its own */
export function parseVerifierKey(text: string): NoteKey | undefined {
  const parts = /^(?<name>[^+]+)\+(?<id>[\da-f]{8})\+(?<material>[\w+/=]+)$/u.exec(text)?.groups;
  if (!parts || !KEY_NAME.test(parts['name'] ?? '')) return undefined;
  const material = decodeBase64(parts['material'] ?? '');
  if (material?.length !== 33) return undefined;
  const type = typeOf(material[0]);
  if (!type) return undefined;
  const name = parts['name'] ?? '';
  const key = { name, type, publicKey: publicKeyFromRaw('ed25519', material.subarray(1)) };
  return noteKeyId(key).toString('hex') === parts['id'] ? key : undefined;
}

function typeOf(byte: number | undefined): NoteKeyType | undefined {
  if (byte === noteKeyTypes.ed25519) return 'ed25519';
  return byte === noteKeyTypes.cosignature ? 'cosignature' : undefined;
}

/** Only what encodes back to the same text: a flipped bit in unused bits is no other spelling. */
export function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

/** One line under the text, with its line feed. */
export function signatureLine({ name, keyId, signature }: NoteSignature): string {
  return `— ${name} ${Buffer.concat([keyId, signature]).toString('base64')}\n`;
}

/** @returns undefined for what is no signature line */
export function parseSignatureLine(line: string): NoteSignature | undefined {
  const parts = /^— (?<name>\S+) (?<bytes>\S+)$/u.exec(line)?.groups;
  const bytes = decodeBase64(parts?.['bytes'] ?? '');
  const name = parts?.['name'] ?? '';
  if (!bytes || bytes.length <= KEY_ID_BYTES || !KEY_NAME.test(name)) return undefined;
  return {
    name,
    keyId: bytes.subarray(0, KEY_ID_BYTES),
    signature: bytes.subarray(KEY_ID_BYTES),
  };
}

/**
 * Signs a text with plain Ed25519.
 * @param text ends in a line feed
 */
export function signNote(text: string, name: string, privateKey: KeyObject): string {
  const keyId = noteKeyId({ name, type: 'ed25519', publicKey: privateKey });
  const signature = sign(null, Buffer.from(text), privateKey);
  return `${text}\n${signatureLine({ name, keyId, signature })}`;
}

/** Takes a note apart; verifies nothing. @returns undefined for what is no signed note */
export function parseNote(note: string): Note | undefined {
  if (note.length > MAX_NOTE_LENGTH || /[\0-\x09\x0b-\x1f]|\p{Surrogate}/u.test(note)) {
    return undefined;
  }
  const cut = note.lastIndexOf('\n\n');
  if (cut < 0 || !note.endsWith('\n')) return undefined;
  const signatures: NoteSignature[] = [];
  for (const line of note.slice(cut + 2, -1).split('\n')) {
    const signature = parseSignatureLine(line);
    if (!signature) return undefined;
    signatures.push(signature);
  }
  return { text: note.slice(0, cut + 1), signatures };
}

/** Those of the note's signatures that name this key, whether they are good or not. */
export function signaturesOf(note: Note, key: NoteKey): NoteSignature[] {
  const id = noteKeyId(key);
  return note.signatures.filter(({ name, keyId }) => name === key.name && keyId.equals(id));
}

/** Whether the key, of plain Ed25519, has signed the note; a bad signature of its own spoils it. */
export function isSignedBy(note: Note, key: NoteKey): boolean {
  const own = signaturesOf(note, key);
  const text = Buffer.from(note.text);
  return (
    key.type === 'ed25519' &&
    own.length > 0 &&
    own.every(({ signature }) => verify(null, text, key.publicKey, signature))
  );
}
