/**
 * The bytes that an agent signs to enrol or to recover, and that the broker verifies: built in one
 * place, so that the two cannot differ. The broker's challenge is in them, so none can be replayed.
 */
import { sign, verify, type KeyObject } from 'node:crypto';
import { publicKeyFromRaw } from '#libs/pki/keys.js';
import { transcript, transcriptLabels, type TranscriptLabel } from '#libs/pki/transcript.js';

/** Fields as they travel: base64url text, the code id in hex. */
export interface EnrolmentClaim {
  codeId: string;
  challenge: string;
  certificateRequest: string;
  identityPublicKey: string;
  encryptionPublicKey: string;
}

export type RecoveryClaim = Pick<
  EnrolmentClaim,
  'challenge' | 'certificateRequest' | 'identityPublicKey'
>;

export function enrolmentTranscript(claim: EnrolmentClaim, by: 'code' | 'identity'): Buffer {
  const label =
    by === 'code' ? transcriptLabels.enrolmentByCode : transcriptLabels.enrolmentByIdentity;
  return text(label, [
    claim.challenge,
    claim.codeId,
    claim.certificateRequest,
    claim.identityPublicKey,
    claim.encryptionPublicKey,
  ]);
}

export function recoveryTranscript(claim: RecoveryClaim): Buffer {
  return text(transcriptLabels.recovery, [
    claim.challenge,
    claim.certificateRequest,
    claim.identityPublicKey,
  ]);
}

/** @param timeMs milliseconds since the epoch */
export function timeTranscript(nonce: string, timeMs: number): Buffer {
  return text(transcriptLabels.time, [nonce, String(timeMs)]);
}

/** Ed25519 (RFC 8032) over the transcript; base64url. */
export function signTranscript(bytes: Buffer, key: KeyObject): string {
  return sign(null, bytes, key).toString('base64url');
}

/** False also when key or signature are malformed. */
export function verifyTranscript(bytes: Buffer, rawKey: Uint8Array, signature: string): boolean {
  try {
    const key = publicKeyFromRaw('ed25519', rawKey);
    return verify(null, bytes, key, Buffer.from(signature, 'base64url'));
  } catch {
    return false;
  }
}

function text(label: TranscriptLabel, fields: string[]): Buffer {
  return transcript(
    label,
    fields.map((field) => Buffer.from(field, 'utf8')),
  );
}
