/**
 * C2SP tlog-witness `add-checkpoint`: a checkpoint for a witness, with the proof that it continues the
 * last one which that witness has seen. The form alone; it travels on the link as well as over HTTP.
 */
import { decodeBase64 } from '#libs/audit/signed-note.js';
import { HASH_BYTES } from '#libs/audit/tree-hash.js';

const MOST_HASHES = 63;

export interface WitnessRequest {
  /** Size of the tree that the proof starts from; 0: the witness has seen none. */
  oldSize: number;
  proof: Buffer[];
  signedCheckpoint: string;
}

export function formatWitnessRequest(request: WitnessRequest): string {
  const { oldSize, proof, signedCheckpoint } = request;
  const lines = [`old ${oldSize}`, ...proof.map((hash) => hash.toString('base64'))];
  return `${lines.join('\n')}\n\n${signedCheckpoint}`;
}

/** @returns undefined for what is no such request; verifies nothing */
export function parseWitnessRequest(text: string): WitnessRequest | undefined {
  const cut = text.indexOf('\n\n');
  const [old = '', ...lines] = text.slice(0, Math.max(cut, 0)).split('\n');
  const digits = /^old (0|[1-9]\d*)$/.exec(old)?.[1];
  const oldSize = Number(digits);
  if (!Number.isSafeInteger(oldSize) || lines.length > MOST_HASHES) return undefined;
  const proof = lines.map(decodeBase64);
  if (!proof.every((hash): hash is Buffer => hash?.length === HASH_BYTES)) return undefined;
  return { oldSize, proof, signedCheckpoint: text.slice(cut + 2) };
}

/** What an agent is called as a witness of a log. */
export const witnessName = (origin: string, agentId: string): string =>
  `${origin}/witness/${agentId}`;
