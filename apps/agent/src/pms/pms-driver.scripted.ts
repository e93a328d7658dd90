/**
 * A PMS without a database: answers what a test or a bench has scripted. Nothing in the agent's own
 * wiring can reach it; whoever wants it passes it in place of the SQL Server driver.
 */
import type { ParameterDto } from '#libs/contracts/command.js';
import type { ColumnFacts } from '#libs/contracts/link-messages.js';
import {
  PmsDriver,
  type PmsCommand,
  type PmsOutcome,
  type SqlFailure,
} from '#apps/agent/src/pms/pms-driver.port.js';
import type { ResultWriter } from '#apps/agent/src/pms/rows/result-writer.js';

/** Values as JSON has them: the driver does not know SQL Server's types. */
export type ScriptedValue = string | number | boolean | null;

export interface ScriptedSet {
  columns: ColumnFacts[];
  rows: Iterable<readonly ScriptedValue[]> | AsyncIterable<readonly ScriptedValue[]>;
}

export interface ScriptedAnswer {
  sets?: ScriptedSet[];
  rowsAffected?: number;
  parameters?: ParameterDto[];
  failure?: SqlFailure;
  /** Waited for before the answer; ends early when the run is aborted. */
  after?: (signal: AbortSignal) => Promise<void>;
}

export type Script = (command: PmsCommand) => ScriptedAnswer;

const ROWS_BETWEEN_PAUSES = 32;

export class ScriptedPmsDriver extends PmsDriver {
  /** @param script what to answer; what it throws is thrown to the caller */
  constructor(private readonly script: Script) {
    super();
  }

  override async run(
    command: PmsCommand,
    sink: ResultWriter,
    signal: AbortSignal,
  ): Promise<PmsOutcome> {
    signal.throwIfAborted();
    const startedAt = performance.now();
    const answer = this.script(command);
    await answer.after?.(signal);
    signal.throwIfAborted();
    for (const set of answer.sets ?? []) await writeSet(set, sink, signal);
    signal.throwIfAborted();
    return {
      rowsAffected: answer.rowsAffected ?? -1,
      sqlExecutionMs: performance.now() - startedAt,
      ...(answer.parameters === undefined ? {} : { parameters: answer.parameters }),
      ...(answer.failure === undefined ? {} : { failure: answer.failure }),
    };
  }

  override probe(): Promise<number> {
    return Promise.resolve(0);
  }

  override close(): Promise<void> {
    return Promise.resolve();
  }
}

async function writeSet(set: ScriptedSet, sink: ResultWriter, signal: AbortSignal): Promise<void> {
  sink.beginSet(set.columns);
  let count = 0;
  // An iterator by hand: awaiting every row of an array would cost more than writing it.
  for await (const row of batches(set.rows)) {
    for (const values of row) writeRow(values, sink);
    count += row.length;
    const room = sink.pause();
    if (room !== undefined) await room;
    if (signal.aborted || (sink.visible === 0 && count > 0)) return;
  }
}

async function* batches(
  rows: ScriptedSet['rows'],
): AsyncGenerator<(readonly ScriptedValue[])[], void, void> {
  if (Symbol.asyncIterator in rows) {
    for await (const row of rows) yield [row];
    return;
  }
  let batch: (readonly ScriptedValue[])[] = [];
  for (const row of rows) {
    batch.push(row);
    if (batch.length === ROWS_BETWEEN_PAUSES) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}

function writeRow(values: readonly ScriptedValue[], sink: ResultWriter): void {
  const { visible, out } = sink;
  if (visible === 0) return;
  sink.beginRow();
  for (let i = 0; i < visible; i += 1) {
    out.open(sink.keys[i] as Buffer, 0);
    const value = values[i] ?? null;
    if (value === null) out.null();
    else if (typeof value === 'string') out.string(value);
    else out.ascii(String(value));
  }
  sink.endRow();
}
