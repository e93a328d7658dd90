/** What a write answered, as it is kept for the same request to be answered again. */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { ParameterDto } from '#libs/contracts/command.js';
import type { WriteOutcome } from '#libs/contracts/link-messages.js';
import type { PmsOutcome, SqlFailure } from '#apps/agent/src/pms/pms-driver.port.js';
import type { ResultWriter } from '#apps/agent/src/pms/rows/result-writer.js';
import type { RecordedSet } from '#apps/agent/src/pms/rows/row-recording.js';

/** Bytes of row text beyond which the rows are not kept. */
export const MAX_KEPT_ROW_BYTES = 256 * 1024;
const MAX_KEPT_CHARACTERS = 1024 * 1024;

export interface KeptOutcome {
  rowsAffected: number;
  rows: number;
  sqlExecutionMs: number;
  parameters?: ParameterDto[];
  /** Absent when there was more than is kept: then the answer can't be given again. */
  sets?: RecordedSet[];
  /** Only where nothing rolls a failed statement back: the failure is the answer then. */
  failure?: SqlFailure;
}

/** @param sink after the last row, before its end */
export function packOutcome(outcome: PmsOutcome, sink: ResultWriter): Buffer {
  const { rowsAffected, sqlExecutionMs, parameters, failure } = outcome;
  const counts = { rowsAffected, rows: sink.rows, sqlExecutionMs };
  const sets = sink.recordedSets;
  const whole: KeptOutcome = {
    ...counts,
    ...(parameters === undefined ? {} : { parameters }),
    ...(sets === undefined ? {} : { sets }),
    ...(failure === undefined ? {} : { failure }),
  };
  const text = JSON.stringify(whole);
  const kept = text.length <= MAX_KEPT_CHARACTERS ? text : JSON.stringify(counts);
  return deflateRawSync(kept, { level: 1 });
}

export const unpackOutcome = (packed: Buffer): KeptOutcome =>
  JSON.parse(inflateRawSync(packed).toString('utf8')) as KeptOutcome;

/**
 * Gives the answer again.
 * @returns undefined when it was not kept whole
 */
export function repeatOutcome(kept: KeptOutcome, sink: ResultWriter): PmsOutcome | undefined {
  const { rowsAffected, sqlExecutionMs, parameters, failure } = kept;
  if (kept.sets === undefined) return undefined;
  sink.isRepeated = true;
  for (const { columns, rows } of kept.sets) {
    sink.beginSet(columns);
    for (const row of rows) sink.repeatRow(row);
  }
  return {
    rowsAffected,
    sqlExecutionMs,
    replayed: true,
    ...(parameters === undefined ? {} : { parameters }),
    ...(failure === undefined ? {} : { failure }),
  };
}

/** What is told to someone who only asks. */
export function outlineOf(kept: KeptOutcome): WriteOutcome {
  const { rowsAffected, rows, parameters, sets } = kept;
  return {
    rowsAffected,
    rows,
    ...(parameters === undefined ? {} : { parameters }),
    kept: sets !== undefined,
  };
}
