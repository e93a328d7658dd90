/** Calls about records and their proofs. */
import type { ExportProofsRequest, ShownProof } from '#libs/console-api/proofs.js';
import { request, requestFile, type AnsweredFile } from './request.js';

/** Whose records: where they are asked for, and how an export names it. */
export interface ProofPlace {
  /** Below `/console/api`. */
  path: string;
  /** Fields of the action that a passkey confirms. */
  named: { practiceId: string } | { integratorId: string };
}

const id = encodeURIComponent;
export const practiceProofs = (practiceId: string): ProofPlace => ({
  path: `/practices/${id(practiceId)}`,
  named: { practiceId },
});
export const integratorProofs = (integratorId: string): ProofPlace => ({
  path: `/integrators/${id(integratorId)}`,
  named: { integratorId },
});

export const readEntryProof = ({ path }: ProofPlace, seq: string) =>
  request<ShownProof>('GET', `${path}/activity/${id(seq)}/proof`);
export const readReceipt = ({ path }: ProofPlace, receipt: string) =>
  request<ShownProof>('GET', `${path}/receipts/${id(receipt)}`);
export const exportProofs = (
  { path }: ProofPlace,
  wanted: ExportProofsRequest,
): Promise<AnsweredFile> => requestFile('POST', `${path}/proofs/export`, wanted);
