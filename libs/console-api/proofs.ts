/** Records of the audit log with their proofs, as the integrators' API and the console give them. */
import type { ActivityEntry } from '#libs/console-api/activity.js';
import type { StepUp } from '#libs/console-api/session.js';

/** `GET /integrator/receipts/:receiptId` of the integrators' API. */
export interface RecordProof {
  /** Canonical text: the leaf itself. */
  record: string;
  /** Number of the leaf. */
  index: number;
  /** C2SP tlog-proof, with the checkpoint in it. */
  proof: string;
  /** Signed note: the head of the log that it is proven under, with cosignatures. */
  checkpoint: string;
  /** Of the log. Compare it with the one you have kept. */
  verifierKey: string;
  /** Verifier keys of the witnesses that cosigned. */
  witnesses: string[];
}

/** `GET …/receipts/:receiptId` and `GET …/activity/:seq/proof` of the console. */
export interface ShownProof extends RecordProof {
  /** Its line of the activity. */
  entry: ActivityEntry;
  /** How many of the witnesses are the practice's own servers; absent for an integrator. */
  ownWitnesses?: number;
  /** The same in the form `conduit-audit-export/1`, to be saved and checked offline; not sealed. */
  exported: string;
}

/**
 * `POST …/proofs/export`: action `{type: 'proofs.export', practiceId | integratorId, from, to}`. The
 * answer is the file itself, in the form `conduit-audit-export/1`.
 */
export interface ExportProofsRequest {
  /** The first moment that counts. */
  from: string;
  /** The first that does not any more. */
  to: string;
  stepUp: StepUp;
}
