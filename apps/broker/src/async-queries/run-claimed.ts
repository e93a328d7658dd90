/**
 * What becomes of a claimed query: it ends, or it waits again. Every step may be the last one of this
 * node: the claim lapses then, and the next node reads in the record how far it came.
 */
import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { CarryQuery, type RunResult } from '#apps/broker/src/async-queries/carry-query.js';
import { EndQuery, openStates, ownerOf } from '#apps/broker/src/async-queries/end-query.js';
import {
  isEnded,
  isRunning,
  runningStates,
  type QueryRecord,
} from '#apps/broker/src/async-queries/query-record.js';
import { QueryRecords, type Move } from '#apps/broker/src/async-queries/query-records.js';
import { waitAfter, type Wait } from '#apps/broker/src/async-queries/wait-reasons.js';
import { RunGate } from '#apps/broker/src/async-queries/run-gate.js';
import { ResultStore } from '#apps/broker/src/results/result-store.port.js';
import { isErrorCode, type ErrorCode } from '#libs/errors/catalogue.js';
import { ConduitError, toConduitError } from '#libs/errors/conduit-error.js';

/**
 * How often a query is begun that is cut off each time. A write is safe too: each run carries the same
 * Idempotency-Key, under which the practice applies it once or says that it cannot know.
 */
const MAX_RUNS = 3;

/** `left`: it needs its place no more. `waits`: it goes back to it. */
export type Verdict = { left: true } | { left: false; restMs: number };
const LEFT: Verdict = { left: true };

const AGAIN: Wait = { reason: 'runAgain', restMs: 0 };

@Injectable()
export class RunClaimed {
  constructor(
    private readonly records: QueryRecords,
    private readonly carry: CarryQuery,
    private readonly end: EndQuery,
    private readonly results: ResultStore,
    private readonly gate: RunGate,
  ) {}

  /**
   * @param signal aborts with the ConduitError that says why
   * @throws ConduitError QUEUE_UNAVAILABLE when the store went away: the claim is left to lapse
   */
  async execute(queryId: string, signal: AbortSignal): Promise<Verdict> {
    const found = await this.records.read(queryId);
    if (!found || isEnded(found)) return LEFT;
    const record = isRunning(found) ? await this.afterCut(found) : found;
    if (!record) return LEFT;
    const permission = this.gate.open(record);
    if ('code' in permission) return this.refuse(record, permission.code);
    const runId = randomUUID();
    const move: Move = { from: [record.state], to: 'executing', set: { runId }, unset: ['reason'] };
    if ((await this.records.move(queryId, move)) !== 'moved') return LEFT;
    const running = { ...record, runId, state: 'executing' as const };
    try {
      const order = { record: running, grant: permission.grant, runId, signal };
      return await this.conclude(running, await this.carry.execute(order));
    } catch (thrown) {
      return this.afterFailure(running, toConduitError(thrown), signal);
    }
  }

  /** The run of a node that is gone. @returns undefined when it cannot be run again */
  private async afterCut(record: QueryRecord): Promise<QueryRecord | undefined> {
    const again = await this.waitAgain(record, AGAIN, record.runs + 1);
    if (again) return again;
    await this.fail(record, 'SITE_LOST');
    return undefined;
  }

  private async refuse(record: QueryRecord, code: ErrorCode): Promise<Verdict> {
    if (code === 'QUEUE_EXPIRED')
      await this.end.execute(record, { state: 'expiredInQueue', from: [record.state] });
    else await this.fail(record, code);
    return LEFT;
  }

  private async conclude(record: QueryRecord, { end, count }: RunResult): Promise<Verdict> {
    const { runId = '' } = record;
    const { pages, rows, bytes: resultBytes } = count;
    const sqlExecutionMs = Math.max(0, whole(Math.round(end.sqlExecutionMs)));
    if (end.status !== 'successful') {
      const { code, errorType = 'haloLink', errorCode } = end.error ?? {};
      const known = isErrorCode(code) ? code : 'LINK_PROTOCOL';
      const set = { errorCode: known, errorType, errorNumber: whole(errorCode), sqlExecutionMs };
      await this.end.execute(record, { state: 'executionFailed', from: runningStates, runId, set });
      return LEFT;
    }
    const counts =
      end.rowsAffected === undefined ? { rows } : { rowsAffected: whole(end.rowsAffected) };
    const set = { ...counts, pages, resultBytes, sqlExecutionMs };
    await this.end.execute(record, { state: 'successful', from: runningStates, runId, set });
    return LEFT;
  }

  private async afterFailure(
    record: QueryRecord,
    error: ConduitError,
    signal: AbortSignal,
  ): Promise<Verdict> {
    // Cancelled, or another node has it by now: whoever did that has seen to the record.
    if (signal.aborted || error.code === 'QUERY_CANCELLED') return this.stopped(record);
    if (error.code === 'QUEUE_UNAVAILABLE') throw error;
    const wait = waitAfter(error);
    if (wait) {
      if (await this.waitAgain(record, wait, record.runs)) {
        return { left: false, restMs: wait.restMs };
      }
      const from = runningStates;
      const { runId = '' } = record;
      await this.end.execute(record, { state: 'expiredInQueue', from, runId });
      return LEFT;
    }
    if (error.code === 'LINK_CLOSED') {
      const again = await this.waitAgain(record, AGAIN, record.runs + 1);
      if (again) return { left: false, restMs: 0 };
      await this.fail(record, 'SITE_LOST');
    } else await this.fail(record, error.code);
    return LEFT;
  }

  private async stopped(record: QueryRecord): Promise<Verdict> {
    await this.results.purge(ownerOf(record), 'cancelled');
    return LEFT;
  }

  /** @returns the record as it waits; undefined when its time, or its last run, is over */
  private async waitAgain(
    record: QueryRecord,
    { reason }: Wait,
    runs: number,
  ): Promise<QueryRecord | undefined> {
    const wasCut = runs > record.runs;
    if (wasCut && runs >= MAX_RUNS) return undefined;
    if (!this.gate.hasTime(record)) return undefined;
    if (record.runId !== undefined) await this.results.purge(ownerOf(record), 'cancelled');
    const unset = ['keyEnvelope', 'began:executing', 'ended:executing', 'began:uploading'];
    const move: Move = {
      from: runningStates,
      to: 'queued',
      set: { reason, runs },
      unset,
      ...(record.runId !== undefined && { runId: record.runId }),
    };
    if ((await this.records.move(record.id, move)) !== 'moved') return undefined;
    return { ...record, state: 'queued', runs, reason };
  }

  /** What had begun to come up failed on its way; all else failed at the practice. */
  private async fail(record: QueryRecord, errorCode: ErrorCode): Promise<void> {
    const set = { errorCode, errorType: 'haloLink' } as const;
    const own = { set, ...(record.runId !== undefined && { runId: record.runId }) };
    const upload = { ...own, state: 'uploadFailed', from: ['uploading'] } as const;
    if (uploadFaults.includes(errorCode) && (await this.end.execute(record, upload))) return;
    await this.end.execute(record, { ...own, state: 'executionFailed', from: openStates });
  }
}

const uploadFaults: readonly ErrorCode[] = ['LINK_PROTOCOL', 'SPOOL_FULL', 'SPOOL_EXPIRED'];

/** A number from the other side, or 0. */
const whole = (value: unknown): number => (Number.isSafeInteger(value) ? (value as number) : 0);
