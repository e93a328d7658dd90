/**
 * C2SP tlog-checkpoint: the head of a log's tree, as a note that the log signs. The first line says
 * which log it is, the second how many leaves it has, the third is their root.
 */
import type { KeyObject } from 'node:crypto';
import {
  decodeBase64,
  isSignedBy,
  parseNote,
  signNote,
  type Note,
  type NoteKey,
} from '#libs/audit/signed-note.js';
import { HASH_BYTES } from '#libs/audit/tree-hash.js';
import type { TreeHead } from '#libs/audit/verify-proofs.js';

export interface Checkpoint extends TreeHead {
  origin: string;
}

export function checkpointText({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${root.toString('base64')}\n`;
}

/** The log's own signature; its key bears the name of the origin. */
export function signCheckpoint(checkpoint: Checkpoint, privateKey: KeyObject): string {
  return signNote(checkpointText(checkpoint), checkpoint.origin, privateKey);
}

/** @returns undefined for what is no checkpoint; lines after the third are let be */
export function parseCheckpoint(text: string): Checkpoint | undefined {
  const lines = text.split('\n');
  // The text ends in a line feed, so the last piece is empty; no other may be.
  if (lines.length < 4 || lines.pop() !== '' || lines.includes('')) return undefined;
  const [origin, digits, base64] = lines as [string, string, string];
  const size = Number(digits);
  const root = decodeBase64(base64);
  if (!/^(?:0|[1-9]\d*)$/.test(digits) || !Number.isSafeInteger(size)) return undefined;
  return root?.length === HASH_BYTES ? { origin, size, root } : undefined;
}

export interface OpenedCheckpoint {
  checkpoint: Checkpoint;
  note: Note;
}

/**
 * A checkpoint that this log has signed.
 * @returns undefined for anything else: another form, origin or key, or a signature that is not right
 */
export function openCheckpoint(signed: string, log: NoteKey): OpenedCheckpoint | undefined {
  const note = parseNote(signed);
  const checkpoint = note && parseCheckpoint(note.text);
  if (!checkpoint || checkpoint.origin !== log.name || !isSignedBy(note, log)) return undefined;
  return { checkpoint, note };
}
