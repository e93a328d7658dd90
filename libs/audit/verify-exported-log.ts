/**
 * Checks one log of an export: that its checkpoints are signed and continue each other, that witnesses have
 * seen the newest, that each record is in the tree at its place, and that none is missing where the
 * export says that all are there.
 */
import type { ExportedLog, ExportScope } from '#libs/audit/audit-export.js';
import { auditLeaf } from '#libs/audit/audit-leaf.js';
import { auditActions, type AuditRecord } from '#libs/audit/audit-record.js';
import { openCheckpoint, parseCheckpoint, type Checkpoint } from '#libs/audit/checkpoint.js';
import { cosignatureOf } from '#libs/audit/cosignature.js';
import type { Findings } from '#libs/audit/export-findings.js';
import type { LoggedRecord } from '#libs/audit/reconcile.js';
import {
  parseNote,
  parseVerifierKey,
  signaturesOf,
  type Note,
  type NoteKey,
} from '#libs/audit/signed-note.js';
import { textLeafHash } from '#libs/audit/tree-hash.js';
import { verifyDestroyed } from '#libs/audit/verify-destroyed.js';
import { verifyConsistency, verifyInclusion } from '#libs/audit/verify-proofs.js';

export interface LogPolicy {
  /** Keys of logs that the reader trusts; none: the export's own is taken as it is. */
  logKeys: readonly NoteKey[];
  witnesses: readonly NoteKey[];
  threshold: number;
  scope: ExportScope;
  madeAtMs: number;
}

export interface CheckedLog {
  key: NoteKey;
  heads: Checkpoint[];
  /** How many witnesses have cosigned the newest head. */
  cosigned: number;
  /** Records that are proven. */
  proven: LoggedRecord[];
}

/** Records of several nodes come into a log a little out of turn. */
const TURN_MS = 60_000;
/** A clock may be wrong by so much without a word. */
const CLOCK_MS = 5 * 60_000;

/** @returns undefined where nothing of it can be trusted; why is among the findings */
export function verifyExportedLog(
  log: ExportedLog,
  place: string,
  policy: LogPolicy,
  findings: Findings,
): CheckedLog | undefined {
  const key = keyOf(log, `${place}.verifierKey`, policy.logKeys, findings);
  const opened = key && openHead(log.checkpoint, key, `${place}.checkpoint`, findings);
  if (!opened) return undefined;
  const { checkpoint: head, note } = opened;
  const cosigned = log.kind === 'broker' ? countWitnesses(note, place, policy, findings) : 0;
  const earlier = verifyEarlier(log, head, key, place, findings);
  const proven = verifyEntries(log, head, place, policy, findings);
  verifyDestroyed(log, head, place, { scope: policy.scope, proven }, findings);
  verifyComplete(log, head, `${place}.complete`, findings);
  return { key, heads: [...earlier, head], cosigned, proven };
}

function keyOf(
  { verifierKey, kind, agent }: ExportedLog,
  place: string,
  trusted: readonly NoteKey[],
  findings: Findings,
): NoteKey | undefined {
  const key = parseVerifierKey(verifierKey);
  const fail = (says: string): undefined => void findings.wrong(place, says);
  if (key?.type !== 'ed25519') return fail('This is no verifier key of a log.');
  if (kind === 'agent' && !key.name.includes(`/${agent}/`))
    return fail('The key is not named after the agent whose log this is said to be.');
  const known = trusted.filter(({ name }) => name === key.name);
  if (known.some(({ publicKey }) => publicKey.equals(key.publicKey))) return key;
  if (known.length > 0) return fail('This is another key than the one you trust for this log.');
  if (kind === 'broker' && trusted.length > 0) return fail('This log is none of those you trust.');
  findings.notice(place, 'The key is taken from the export itself: compare it with one you trust.');
  return key;
}

function openHead(signed: string, key: NoteKey, place: string, findings: Findings) {
  const opened = openCheckpoint(signed, key);
  if (opened) return opened;
  const note = parseNote(signed);
  const checkpoint = note && parseCheckpoint(note.text);
  if (!checkpoint) findings.wrong(place, 'This is no checkpoint.');
  else if (checkpoint.origin !== key.name)
    findings.wrong(place, 'This is the checkpoint of another log.');
  else findings.wrong(place, 'The signature of the log under this checkpoint is not right.');
  return undefined;
}

/** By key, not by name: one witness under two names is one. */
function countWitnesses(note: Note, place: string, policy: LogPolicy, findings: Findings): number {
  const { witnesses, threshold, madeAtMs } = policy;
  const seen = new Set<string>();
  for (const witness of witnesses) {
    const lines = signaturesOf(note, witness).length;
    const seconds = lines > 0 ? cosignatureOf(note, witness) : undefined;
    if (seconds !== undefined) seen.add(String(witness.publicKey.export({ format: 'jwk' }).x));
    else if (lines > 0)
      findings.wrong(`${place}.checkpoint`, `The cosignature of ${witness.name} is not right.`);
    if (seconds !== undefined && seconds * 1_000 > madeAtMs + CLOCK_MS)
      findings.notice(
        `${place}.checkpoint`,
        `${witness.name} cosigned after the export was made, by its own clock.`,
      );
  }
  if (seen.size < threshold)
    findings.wrong(
      `${place}.checkpoint`,
      `Only ${seen.size} of ${witnesses.length} witnesses have cosigned this checkpoint; ${threshold} are asked for.`,
    );
  return seen.size;
}

function verifyEarlier(
  { earlier = [] }: ExportedLog,
  head: Checkpoint,
  key: NoteKey,
  place: string,
  findings: Findings,
): Checkpoint[] {
  const heads: Checkpoint[] = [];
  for (const [at, { checkpoint: signed, consistency }] of earlier.entries()) {
    const own = `${place}.earlier[${at}]`;
    const older = openHead(signed, key, `${own}.checkpoint`, findings)?.checkpoint;
    if (!older) continue;
    const before = heads.at(-1);
    if (before && older.size <= before.size)
      findings.wrong(own, 'The earlier checkpoints are not in order, or one is there twice.');
    if (older.size > head.size) findings.wrong(own, 'This checkpoint is later than the newest.');
    else if (!verifyConsistency(older, head, consistency))
      findings.wrong(own, 'The newest checkpoint is not proven to continue this one.');
    heads.push(older);
  }
  return heads;
}

function verifyEntries(
  { entries, kind }: ExportedLog,
  head: Checkpoint,
  place: string,
  policy: LogPolicy,
  findings: Findings,
): LoggedRecord[] {
  const proven: LoggedRecord[] = [];
  let last = -1;
  let latestMs = -Infinity;
  for (const [at, { index, record: text, proof }] of entries.entries()) {
    const own = `${place}.entries[${at}]`;
    if (index === last) findings.wrong(own, `Leaf ${index} is there twice.`);
    else if (index < last) findings.wrong(own, `Leaf ${index} comes after leaf ${last}.`);
    last = index;
    if (index >= head.size) {
      findings.wrong(own, `Leaf ${index} is beyond the checkpoint, which has ${head.size} leaves.`);
    } else if (!verifyInclusion({ index, ...head }, textLeafHash(text), proof)) {
      findings.wrong(own, `The record is not proven to be leaf ${index} of the log.`);
    } else {
      const record = readForm(text, own, findings);
      if (!record) continue;
      proven.push({ index, text, record });
      verifyScope(record, kind, own, policy, findings);
      const atMs = Date.parse(record.ts);
      if (atMs < latestMs - TURN_MS)
        findings.notice(own, 'The clock went back: this record is older than one before it.');
      latestMs = Math.max(latestMs, atMs);
    }
  }
  return proven;
}

const actions: ReadonlySet<string> = new Set(auditActions);

/** @returns undefined for text that is not the canonical form of a record */
function readForm(text: string, place: string, findings: Findings): AuditRecord | undefined {
  const record = canonicalRecord(text);
  if (!record) {
    findings.wrong(place, 'This leaf of the log is not the canonical text of a record.');
  } else if (!actions.has(record.type)) {
    findings.notice(place, 'This version does not know records of this type.');
  }
  return record;
}

function canonicalRecord(text: string): AuditRecord | undefined {
  try {
    const record = JSON.parse(text) as AuditRecord;
    const { ts, type } = record;
    const isStamped = typeof ts === 'string' && new Date(ts).toISOString() === ts;
    return isStamped && typeof type === 'string' && auditLeaf(record) === text ? record : undefined;
  } catch {
    // No JSON, a time that is none, or a value that no record has.
    return undefined;
  }
}

function verifyScope(
  record: AuditRecord,
  kind: ExportedLog['kind'],
  place: string,
  { scope, madeAtMs }: LogPolicy,
  findings: Findings,
): void {
  for (const member of ['practice', 'site', 'integrator'] as const) {
    // An agent's own records leave out what all of them would say.
    const said = record[member] ?? (kind === 'agent' ? scope[member] : undefined);
    if (scope[member] !== undefined && said !== scope[member])
      findings.wrong(place, `The record is not of the ${member} that was asked for.`);
  }
  const isTooOld = scope.from !== undefined && record.ts < scope.from;
  // An agent's log goes from its first record of the time to its last, whatever its clock did in between.
  if (kind === 'broker' && (isTooOld || (scope.to !== undefined && record.ts >= scope.to)))
    findings.wrong(place, 'The record is not of the time that was asked for.');
  if (Date.parse(record.ts) > madeAtMs + CLOCK_MS)
    findings.notice(place, 'The record is later than the export says it was made.');
}

function verifyComplete(
  { complete, entries, destroyed = [] }: ExportedLog,
  head: Checkpoint,
  place: string,
  findings: Findings,
): void {
  if (!complete) return;
  if (complete.to > head.size)
    findings.wrong(place, `It is said to reach leaf ${complete.to}; the log has ${head.size}.`);
  // From entry to entry, not from leaf to leaf: the range may be said to be of any size.
  const to = Math.min(complete.to, head.size);
  let next = complete.from;
  const gone = destroyed.flatMap(({ leaves }) => leaves);
  const there = [...entries, ...gone].map((leaf) => leaf.index).sort((a, b) => a - b);
  for (const index of [...there, to]) {
    if (index < next || index > to) continue;
    if (index > next) {
      const range = index === next + 1 ? `Leaf ${next} is` : `Leaves ${next} to ${index - 1} are`;
      findings.wrong(place, `${range} missing where all are said to be there.`);
    }
    next = index + 1;
  }
}
