/**
 * C2SP tlog-proof: all that shows, without asking anybody, that a record is in the log: its place, the
 * hashes up to the root, and the checkpoint with its signatures.
 */
import { openCheckpoint, type Checkpoint } from '#libs/audit/checkpoint.js';
import { cosignatureOf } from '#libs/audit/cosignature.js';
import { decodeBase64, type NoteKey } from '#libs/audit/signed-note.js';
import { HASH_BYTES } from '#libs/audit/tree-hash.js';
import { verifyInclusion } from '#libs/audit/verify-proofs.js';

const HEADER = 'c2sp.org/tlog-proof@v1';

export interface LogProof {
  index: number;
  /** From the leaf's sibling up to the root's child. */
  hashes: Buffer[];
  /** As the log gave it out, with whatever cosignatures came with it. */
  signedCheckpoint: string;
  /** Not covered by any signature. */
  extra?: Buffer;
}

export function formatLogProof({ index, hashes, signedCheckpoint, extra }: LogProof): string {
  const lines = [
    HEADER,
    ...(extra ? [`extra ${extra.toString('base64')}`] : []),
    `index ${index}`,
    ...hashes.map((hash) => hash.toString('base64')),
  ];
  return `${lines.join('\n')}\n\n${signedCheckpoint}`;
}

/** @returns undefined for what is no such proof; verifies nothing */
export function parseLogProof(text: string): LogProof | undefined {
  const cut = text.indexOf('\n\n');
  if (cut < 0) return undefined;
  const [header, ...lines] = text.slice(0, cut).split('\n');
  if (header !== HEADER) return undefined;
  const extraText = lines[0]?.startsWith('extra ') ? lines.shift()?.slice(6) : undefined;
  const extra = extraText === undefined ? undefined : decodeBase64(extraText);
  if (extraText !== undefined && !extra) return undefined;
  const digits = /^index (0|[1-9]\d*)$/.exec(lines.shift() ?? '')?.[1];
  const index = Number(digits);
  if (!Number.isSafeInteger(index)) return undefined;
  const hashes: Buffer[] = [];
  for (const line of lines) {
    const hash = decodeBase64(line);
    if (hash?.length !== HASH_BYTES) return undefined;
    hashes.push(hash);
  }
  return { index, hashes, signedCheckpoint: text.slice(cut + 2), ...(extra && { extra }) };
}

export interface ProofPolicy {
  log: NoteKey;
  witnesses?: readonly NoteKey[];
  /** How many of the witnesses must have cosigned; absent: none. */
  quorum?: number;
}

/**
 * Whether the record with this leaf hash is in the log, as the proof says.
 * @returns the checkpoint that it is proven under; undefined: it is not proven
 */
export function verifyLogProof(
  proof: LogProof,
  leaf: Buffer,
  { log, witnesses = [], quorum = 0 }: ProofPolicy,
): Checkpoint | undefined {
  const opened = openCheckpoint(proof.signedCheckpoint, log);
  if (!opened) return undefined;
  const { checkpoint, note } = opened;
  if (!verifyInclusion({ index: proof.index, ...checkpoint }, leaf, proof.hashes)) return undefined;
  // By key, not by name: one witness under two names is one.
  const seen = witnesses.filter((witness) => cosignatureOf(note, witness) !== undefined);
  const keys = new Set(seen.map(({ publicKey }) => publicKey.export({ format: 'jwk' }).x));
  return keys.size >= quorum ? checkpoint : undefined;
}
