/**
 * Checks what an export says of records that were destroyed: that what is left of each is in the tree at its place,
 * and that the log itself has a record of the act. By the schedule or not: nobody can hide a record by calling
 * it destroyed without the log saying so.
 */
import type { ExportedDestruction, ExportedLog, ExportScope } from '#libs/audit/audit-export.js';
import type { Checkpoint } from '#libs/audit/checkpoint.js';
import type { Findings } from '#libs/audit/export-findings.js';
import type { LoggedRecord } from '#libs/audit/reconcile.js';
import { verifyInclusion } from '#libs/audit/verify-proofs.js';

/** @param proven records of the same export */
export function verifyDestroyed(
  { destroyed = [], entries }: ExportedLog,
  head: Checkpoint,
  place: string,
  { scope, proven }: { scope: ExportScope; proven: readonly LoggedRecord[] },
  findings: Findings,
): void {
  const present = new Set(entries.map(({ index }) => index));
  const seen = new Set<number>();
  for (const [at, act] of destroyed.entries()) {
    const own = `${place}.destroyed[${at}]`;
    if (act.leaves.length > act.records)
      findings.wrong(own, `It has ${act.leaves.length} leaves of ${act.records} records.`);
    let count = 0;
    for (const { index, hash, proof } of act.leaves) {
      const isInLog = index < head.size && verifyInclusion({ index, ...head }, hash, proof);
      if (!isInLog) findings.wrong(own, `Leaf ${index} is not proven to be in the log.`);
      else if (present.has(index) || seen.has(index))
        findings.wrong(own, `Leaf ${index} is said to be destroyed, and is here all the same.`);
      else count += 1;
      seen.add(index);
    }
    if (!isRecorded(act, proven)) sayUnrecorded(act, own, scope, destroyed, findings);
    findings.notice(own, sentenceOf(act, count));
  }
}

const day = (moment: string): string => moment.slice(0, 10);

function sentenceOf({ records, from, to, rule, at }: ExportedDestruction, proven: number): string {
  const what = records === 1 ? '1 record' : `${records} records`;
  return `${what} from ${day(from)} to ${day(to)} destroyed under rule ${rule} on ${day(at)}: ${proven} of their places in the log are proven.`;
}

const isRecorded = (
  { id, rule, records }: ExportedDestruction,
  proven: readonly LoggedRecord[],
): boolean =>
  proven.some(
    ({ record }) =>
      record.type === 'records.destroyed' &&
      record.requestId === id &&
      record.filter === rule &&
      record.count === records,
  );

/** A record is stamped a moment after what it is of. */
const MOMENT_MS = 60_000;

/** Where the export reaches to the time of the act, the log's own record of it must be in it, or gone in its turn. */
function sayUnrecorded(
  { at }: ExportedDestruction,
  place: string,
  { from, to }: ExportScope,
  all: readonly ExportedDestruction[],
  findings: Findings,
): void {
  const later = new Date(Date.parse(at) + MOMENT_MS).toISOString();
  if ((from !== undefined && at < from) || (to !== undefined && later >= to))
    findings.notice(place, 'The log’s own record of it is outside the time of this export.');
  else if (all.some((other) => other.from <= later && other.to >= at))
    findings.notice(place, 'The log’s own record of it may have been destroyed in its turn.');
  else findings.wrong(place, 'The log has no record that anything was destroyed there.');
}
