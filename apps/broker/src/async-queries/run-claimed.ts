/**
 * What becomes of a claimed query: it ends, or it waits again. Every step may be the last one of this
 * node: the claim lapses then, and the next node reads in the record how far it came. A node that was
 * only slow finds its run superseded, and changes nothing.
 */
import { Injectable } from '@nestjs/common';
import {
  CarryQuery,
  type RunOrder,
  type RunResult,
} from '#apps/broker/src/async-queries/carry-query.js';
import {
  EndQuery,
  openStates,
  ownerOf,
  type QueryEnd,
} from '#apps/broker/src/async-queries/end-query.js';
import {
  isEnded,
  isRunning,
  runningStates,
  waitingStates,
  type QueryRecord,
} from '#apps/broker/src/async-queries/query-record.js';
import {
  QueryRecords,
  type Begun,
  type Move,
} from '#apps/broker/src/async-queries/query-records.js';
import { RunGate } from '#apps/broker/src/async-queries/run-gate.js';
import type { InLine } from '#apps/broker/src/async-queries/site-lines.js';
import { waitAfter, type Wait } from '#apps/broker/src/async-queries/wait-reasons.js';
import { ResultStore } from '#apps/broker/src/results/result-store.port.js';
import { consentMarks } from '#libs/contracts/link-messages.js';
import { isErrorCode, type ErrorCode } from '#libs/errors/catalogue.js';
import { ConduitError, toConduitError } from '#libs/errors/conduit-error.js';

/**
 * How often a query is begun that is cut off each time. A write is safe too: each run carries the same
 * Idempotency-Key, under which the practice applies it once or says that it cannot know.
 */
const MAX_RUNS = 3;

/**
 * What is to be done with the claim. `over`: nothing, its end has seen to it or another node has it by
 * now. `leave`: nobody else would take it out of the line. A wait: back to its place.
 */
export type Verdict = 'over' | 'leave' | Wait;

const AGAIN: Wait = { reason: 'runAgain', of: 'integrator', restMs: 0 };
const uploadFaults: readonly ErrorCode[] = [
  'LINK_PROTOCOL',
  'SPOOL_FULL',
  'SPOOL_EXPIRED',
  'TRANSIENT_STORE_FULL',
];

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
   * @param runId new; no other run may change what this one began
   * @param signal aborts with the ConduitError that says why
   * @throws ConduitError QUEUE_UNAVAILABLE when the store went away: the claim is left to lapse
   */
  async execute(claim: InLine, runId: string, signal: AbortSignal): Promise<Verdict> {
    const permission = this.gate.open(claim);
    const look = (): Promise<Begun | undefined> =>
      'code' in permission ? this.lookAt(claim.id) : this.records.begin(claim.id, runId);
    let found = await look();
    if (found && !found.begun && isRunning(found.record)) {
      if (!(await this.afterCut(found.record))) return 'over';
      found = await look();
    }
    if (!found || isEnded(found.record)) return 'leave';
    if (!found.begun && !this.gate.hasTime(found.record)) return this.expire(found.record);
    if ('code' in permission) return this.fail(found.record, permission.code);
    // Another run was quicker.
    if (!found.begun) return 'over';
    // Begun, as one whose site is offline is: so it shows why it waits.
    // It would stand in the way of the software's other keys, and its result could be fetched by nobody.
    if (this.gate.isKeyFrozen(found.record)) return this.fail(found.record, 'ACCESS_FROZEN');
    if ('waits' in permission) return this.afterFailure(found.record, permission.waits);
    return this.run({ ...found, grant: permission.grant, runId, signal });
  }

  private async lookAt(queryId: string): Promise<Begun | undefined> {
    const record = await this.records.read(queryId);
    return record && { record, begun: false };
  }

  private async run(order: RunOrder): Promise<Verdict> {
    const { record: running, signal } = order;
    try {
      return await this.conclude(running, await this.carry.execute(order));
    } catch (thrown) {
      const error = toConduitError(thrown);
      if (error.code === 'QUEUE_UNAVAILABLE') throw error;
      // Cancelled, or another node has it by now: whoever did that has seen to the record.
      if (signal.aborted || error.code === 'QUERY_CANCELLED') return this.dropOwn(running);
      return this.afterFailure(running, error);
    }
  }

  /** The run of a node that is gone. @returns undefined when it is not run again */
  private async afterCut(record: QueryRecord): Promise<QueryRecord | undefined> {
    const again = await this.waitAgain(record, AGAIN, record.runs + 1);
    if (!again) await this.fail(record, 'SITE_LOST');
    return again;
  }

  private async expire(record: QueryRecord): Promise<Verdict> {
    await this.end.execute(record, { state: 'expiredInQueue', from: waitingStates });
    return 'over';
  }

  private async conclude(record: QueryRecord, { end, count }: RunResult): Promise<Verdict> {
    const { runId = '' } = record;
    const { pages, rows, bytes: resultBytes } = count;
    const sqlExecutionMs = Math.max(0, whole(Math.round(end.sqlExecutionMs)));
    const own = { from: runningStates, runId };
    if (end.status !== 'successful') {
      const { code, errorType = 'haloLink', errorCode } = end.error ?? {};
      const known = isErrorCode(code) ? code : 'LINK_PROTOCOL';
      if (known === 'QUERY_STOPPED') return this.afterFailure(record, new ConduitError(known));
      const set = { errorCode: known, errorType, errorNumber: whole(errorCode), sqlExecutionMs };
      return this.finish(record, { ...own, state: 'executionFailed', set });
    }
    const counts =
      end.rowsAffected === undefined ? { rows } : { rowsAffected: whole(end.rowsAffected) };
    const consent = consentMarks.find((mark) => mark === end.consent);
    const set = { ...counts, pages, resultBytes, sqlExecutionMs, ...(consent && { consent }) };
    return this.finish(record, { ...own, state: 'successful', set });
  }

  private async finish(record: QueryRecord, end: QueryEnd): Promise<Verdict> {
    if (await this.end.execute(record, end)) return 'over';
    return this.dropOwn(record);
  }

  private async afterFailure(record: QueryRecord, error: ConduitError): Promise<Verdict> {
    const wasCut = error.code === 'LINK_CLOSED';
    const isStopped = error.code === 'QUERY_STOPPED';
    const wait = wasCut ? AGAIN : waitAfter(error);
    if (!wait) return this.fail(record, error.code);
    if (await this.waitAgain(record, wait, record.runs + (wasCut || isStopped ? 1 : 0)))
      return wait;
    if (wasCut) return this.fail(record, 'SITE_LOST');
    if (isStopped) return this.fail(record, error.code);
    const { runId = '' } = record;
    return this.finish(record, { state: 'expiredInQueue', from: runningStates, runId });
  }

  /** @returns the record as it waits; undefined when its time, or its last run, is over */
  private async waitAgain(
    record: QueryRecord,
    { reason }: Wait,
    runs: number,
  ): Promise<QueryRecord | undefined> {
    if (runs >= MAX_RUNS || !this.gate.hasTime(record)) return undefined;
    await this.dropOwn(record);
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
  private async fail(record: QueryRecord, errorCode: ErrorCode): Promise<Verdict> {
    const set = { errorCode, errorType: 'haloLink' } as const;
    const own = { set, ...(record.runId !== undefined && { runId: record.runId }) };
    const upload = { ...own, state: 'uploadFailed', from: ['uploading'] } as const;
    if (uploadFaults.includes(errorCode) && (await this.end.execute(record, upload))) return 'over';
    await this.end.execute(record, { ...own, state: 'executionFailed', from: openStates });
    return 'over';
  }

  /** Pages of a run that does not count. */
  private async dropOwn(record: QueryRecord): Promise<Verdict> {
    if (record.runId !== undefined) await this.results.purge(ownerOf(record), 'cancelled');
    return 'over';
  }
}

/** A number from the other side, or 0. */
const whole = (value: unknown): number => (Number.isSafeInteger(value) ? (value as number) : 0);
