/**
 * Checks the agent's own log as it is on disk, from nothing but its files and its public key: every leaf
 * that was signed is in the tree, every record that is still kept is the one that was signed, and its
 * exact counts are the ones it was written with. The agent may run meanwhile.
 */
import { checkpointFile } from '#apps/agent/src/journal/agent-log.js';
import { readIfThere } from '#apps/agent/src/grants/durable-file.js';
import { readNumbered, type NumberedLine } from '#apps/agent/src/journal/numbered-lines.js';
import { exactCounts } from '#libs/audit/audit-line.js';
import { openCheckpoint } from '#libs/audit/checkpoint.js';
import { GrowingTree } from '#libs/audit/growing-tree.js';
import type { NoteKey } from '#libs/audit/signed-note.js';
import { TileFiles } from '#libs/audit/tile-files.js';
import { TILE_WIDTH, type Tile } from '#libs/audit/tiles.js';
import { HASH_BYTES, textLeafHash } from '#libs/audit/tree-hash.js';
import type { TreeHead } from '#libs/audit/verify-proofs.js';

export const journalProblems = {
  'checkpoint-wrong': 'the checkpoint is missing, or was not signed by this agent’s log',
  'tiles-wrong': 'the tree’s tiles do not make the root that was signed',
  'number-wrong': 'a record’s number does not follow the one before it',
  'record-changed': 'a record is not the one that was signed',
  'counts-changed': 'exact counts are not those that the record was written with',
  'records-missing': 'the newest signed records are not there',
} as const;

export interface JournalProblem {
  problem: keyof typeof journalProblems;
  /** Number of the leaf, where it is about one. */
  leaf?: number;
}

export interface JournalFindings {
  /** Leaves that the checkpoint has; 0 without one. */
  signed: number;
  /** Records that are kept: those before `from` went by retention, and can still be proven. */
  from: number;
  to: number;
  problems: JournalProblem[];
}

const MOST_PROBLEMS = 100;

export async function verifyJournal(folder: string, key: NoteKey): Promise<JournalFindings> {
  const problems: JournalProblem[] = [];
  // Before the lines: those that come meanwhile are not signed yet.
  const opened = openCheckpoint((await readIfThere(checkpointFile(folder))) ?? '', key);
  const head = opened?.checkpoint;
  const leaves = head ? await signedLeaves(folder, head) : undefined;
  if (head && !leaves) problems.push({ problem: 'tiles-wrong' });
  let next: number | undefined;
  let from = 0;
  for await (const lines of readNumbered(folder)) {
    for (const line of lines) {
      from = next === undefined ? line.n : from;
      if (next !== undefined && line.n !== next)
        problems.push({ problem: 'number-wrong', leaf: line.n });
      next = line.n + 1;
      const problem = problemOf(line, head && leaves);
      if (problem) problems.push({ problem, leaf: line.n });
      if (problems.length >= MOST_PROBLEMS) break;
    }
  }
  const to = next ?? head?.size ?? 0;
  if (!head && to > 0) problems.push({ problem: 'checkpoint-wrong' });
  if (head && to < head.size) problems.push({ problem: 'records-missing', leaf: to });
  return { signed: head?.size ?? 0, from, to, problems: problems.slice(0, MOST_PROBLEMS) };
}

function problemOf(
  line: NumberedLine,
  leaves: Buffer | undefined,
): JournalProblem['problem'] | undefined {
  const leaf = textLeafHash(line.record);
  const at = line.n * HASH_BYTES;
  const signed = leaves && at < leaves.length ? leaves.subarray(at, at + HASH_BYTES) : undefined;
  if (line.leaf !== leaf.toString('base64') || (signed && !signed.equals(leaf)))
    return 'record-changed';
  const wants = line.record.includes('"countsHash":');
  return wants && !exactCounts(line) ? 'counts-changed' : undefined;
}

/** The hashes of all signed leaves side by side; undefined where the tiles do not make the root. */
async function signedLeaves(folder: string, { size, root }: TreeHead): Promise<Buffer | undefined> {
  const files = new TileFiles(folder);
  const tree = GrowingTree.empty();
  const above = new Map<string, Tile>();
  const read: Buffer[] = [];
  for (let index = 0; index * TILE_WIDTH < size; index += 1) {
    const [tile] = await files.read([{ level: 0, index }]);
    const width = Math.min(TILE_WIDTH, size - index * TILE_WIDTH);
    const hashes = tile?.hashes.subarray(0, width * HASH_BYTES);
    if (hashes?.length !== width * HASH_BYTES) return undefined;
    read.push(hashes);
    const leaves = Array.from({ length: width }, (_, at) =>
      hashes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES),
    );
    for (const made of tree.append(leaves))
      if (made.level > 0) above.set(`${made.level}/${made.index}`, made);
  }
  if (!tree.root().equals(root)) return undefined;
  for (const made of above.values()) {
    const [kept] = await files.read([made]);
    if (!kept?.hashes.subarray(0, made.hashes.length).equals(made.hashes)) return undefined;
  }
  return Buffer.concat(read);
}
