/** The latest result of a registered query, or what has changed since a run that the caller knows. */
import { Injectable } from '@nestjs/common';
import { RunOpener, type RunResult } from '#apps/broker/src/registered/open-run.js';
import { RegisteredBook } from '#apps/broker/src/registered/registered-book.js';
import { RegisteredCursors } from '#apps/broker/src/registered/registered-cursor.js';
import type { RegisteredRow, RunRow } from '#apps/broker/src/registered/registered-row.js';
import { isGone, RunParts } from '#apps/broker/src/registered/run-parts.js';
import type { HeldAnswer } from '#apps/broker/src/queries/answer-budget.js';
import type { ParameterDto } from '#libs/contracts/command.js';
import { registeredLimits, runParts } from '#libs/contracts/registered.js';
import { mergeDeltas, type RowDelta } from '#libs/contracts/row-delta.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import type { Secret } from '#libs/kernel/secret.js';

export interface WholeResult {
  /** Base64 of the JSON array of rows. */
  data: string;
  parameters: ParameterDto[] | null;
  rows: number;
  size: number;
  cursor: string;
}

export interface Changes {
  added: object[];
  changed: object[];
  /** Key columns of the rows, or the rows themselves where none are declared. */
  removed: object[];
  cursor: string;
}

/** Changes of many runs together are not worth more than the whole. */
const MOST_DELTA_BYTES = 32 * 1024 * 1024;

@Injectable()
export class ReadRegisteredResults {
  constructor(
    private readonly book: RegisteredBook,
    private readonly parts: RunParts,
    private readonly cursors: RegisteredCursors,
  ) {}

  /** @throws ConduitError RESULT_KEY_MISMATCH, RESULT_NOT_READY, QUERY_GONE, and as RunParts.read */
  async whole(row: RegisteredRow, secret: Secret<Buffer>, held: HeldAnswer): Promise<WholeResult> {
    const opener = new RunOpener(row, secret);
    const run = latestRun(row);
    // At once: a later run may take away what is still to be read, and each may have to be waited for.
    const [rows, outcome] = await Promise.all([
      this.parts.read(row, run, runParts.rows),
      this.parts.read(row, run, runParts.outcome),
    ]);
    // The text, and its base64 within the answer.
    await held.add(3 * rows.header.plainBytes);
    const result = await opener.openJson<RunResult>(run, outcome);
    const data = (await opener.open(run, rows)).toString('base64');
    return { data, ...result, cursor: this.cursors.write(row, run) };
  }

  /** @throws ConduitError CURSOR_INVALID, CURSOR_EXPIRED, and as `whole` */
  async since(
    row: RegisteredRow,
    secret: Secret<Buffer>,
    cursor: string,
    held: HeldAnswer,
  ): Promise<Changes> {
    const seen = this.cursors.read(row, cursor);
    const opener = new RunOpener(row, secret);
    const latest = latestRun(row);
    const chain = await this.book.changedSince(row.registered_id, seen);
    if (!leads(chain, seen, latest)) throw new ConduitError('CURSOR_EXPIRED');
    let merged: RowDelta = { keyed: true, entries: [] };
    let bytes = 0;
    for (const [index, { run }] of chain.entries()) {
      const part = await this.delta(row, Number(run));
      bytes += part.header.plainBytes;
      if (bytes > MOST_DELTA_BYTES) throw new ConduitError('CURSOR_EXPIRED');
      await held.add(3 * part.header.plainBytes);
      const delta = await opener.openJson<RowDelta>(Number(run), part);
      merged = index === 0 ? delta : mergeDeltas(merged, delta);
    }
    const rowsOf = (op: string) => merged.entries.filter((e) => e.op === op).map((e) => e.row);
    return {
      ...{ added: rowsOf('added'), changed: rowsOf('changed'), removed: rowsOf('removed') },
      cursor: this.cursors.write(row, latest),
    };
  }

  private async delta(row: RegisteredRow, run: number) {
    try {
      return await this.parts.read(row, run, runParts.delta);
    } catch (error) {
      throw isGone(error) ? new ConduitError('CURSOR_EXPIRED') : error;
    }
  }
}

/** @throws ConduitError RESULT_NOT_READY; QUERY_GONE when there will never be one */
function latestRun(row: RegisteredRow): number {
  const facts = { queryId: row.registered_id };
  if (row.state === 'initialisationFailedCacheError')
    throw new ConduitError('QUERY_GONE', { facts });
  if (row.state === 'cancelled') throw new ConduitError('RESULT_GONE', { facts });
  const run = Number(row.changed_run);
  if (run === 0) throw new ConduitError('RESULT_NOT_READY', { facts });
  return run;
}

/** Whether each of the runs starts where the one before ended, from the first to the last. */
function leads(chain: readonly RunRow[], from: number, to: number): boolean {
  if (chain.length > registeredLimits.deltas) return false;
  let at = from;
  for (const { run, basis_run } of chain) {
    if (Number(basis_run) !== at) return false;
    at = Number(run);
  }
  return at === to;
}
