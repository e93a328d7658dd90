/**
 * One statement under way: its result, its watchdog and its end. The answer ends as soon as a limit
 * is passed, the caller leaves or the grant is withdrawn; the place is given back only when the
 * statement is really gone from the database.
 */
import type { RunQueryEnd } from '#libs/contracts/link-messages.js';
import { catalogue as errors, type ErrorCode } from '#libs/errors/catalogue.js';
import { ConduitError, toConduitError } from '#libs/errors/conduit-error.js';
import { ExecutionClock, type ExecutionTimes } from '#apps/agent/src/execution/execution-clock.js';
import type { PmsCommand, PmsDriver, PmsOutcome } from '#apps/agent/src/pms/pms-driver.port.js';
import { ResultWriter, type ResultShape } from '#apps/agent/src/pms/rows/result-writer.js';

/** Failures after which nothing can have run: they are refusals, not results. */
const BEFORE_EXECUTION: readonly ErrorCode[] = [
  'REQUEST_INVALID',
  'CATALOGUE_UNKNOWN',
  'DATABASE_UNAVAILABLE',
  'DATABASE_LOGIN_REFUSED',
  'GRANT_CEILING',
  'CONSENT_WITHDRAWN',
  'CONSENT_NOT_CHECKABLE',
  'CONSENT_LIST_DAMAGED',
  'JOURNAL_UNAVAILABLE',
  'IDEMPOTENCY_KEY_REQUIRED',
  'IDEMPOTENCY_KEY_REUSED',
  'WRITE_IN_PROGRESS',
  'WRITE_OUTCOME_UNKNOWN',
  'WRITE_RESULT_NOT_KEPT',
  'WRITE_JOURNAL_MISSING',
  'WRITE_JOURNAL_UNAVAILABLE',
];

/** A write whose answer can't be shown is written all the same: cutting it off would undo it unasked. */
const ANSWER_ALONE: readonly ErrorCode[] = [
  'CONSENT_RESULT_WITHHELD',
  'RESULT_TOO_LARGE',
  'RESULT_ROWS_LIMIT',
  'RESULT_BYTES_LIMIT',
];

export interface RunOrder {
  driver: Pick<PmsDriver, 'run'>;
  command: PmsCommand;
  shape: ResultShape;
  times: ExecutionTimes;
  waitedMs: number;
  /** Aborts when the caller leaves or the link is cut. */
  signal: AbortSignal;
}

export class RunningQuery {
  readonly sink: ResultWriter;
  /** Resolves when the answer is decided; rejects when nothing was run. */
  readonly end: Promise<RunQueryEnd>;
  /** Resolves when the database has nothing to do with it any more. Never rejects. */
  readonly gone: Promise<void>;

  private readonly stopper = new AbortController();
  private readonly startedAt = performance.now();
  private readonly watchdog: ExecutionClock;

  constructor(private readonly order: RunOrder) {
    const isWrite = order.command.tier === 'write';
    this.sink = new ResultWriter(order.shape, (fault) => {
      if (!isWrite || !ANSWER_ALONE.includes(fault)) this.stopper.abort(new ConduitError(fault));
    });
    this.watchdog = new ExecutionClock(order.times, this.sink.chunks, () =>
      this.stop('EXECUTION_TIMEOUT'),
    );
    const leave = (): void => this.stop('CLIENT_GONE');
    order.signal.addEventListener('abort', leave);
    if (order.signal.aborted) leave();
    const run = order.driver.run(order.command, this.sink, this.stopper.signal);
    this.gone = run.then(
      () => undefined,
      () => undefined,
    );
    this.end = Promise.race([run, this.stopped()])
      .then(
        (outcome) => this.conclude(outcome),
        (error: unknown) => this.abandon(toConduitError(error)),
      )
      .finally(() => {
        this.watchdog.stop();
        order.signal.removeEventListener('abort', leave);
      });
  }

  /** Ends the answer at once and the statement as soon as the database lets go. */
  stop(code: ErrorCode): void {
    this.sink.refuse(code);
    // The sink tells of its first fault only, which may have been one that stops nothing.
    this.stopper.abort(new ConduitError(code));
  }

  private stopped(): Promise<never> {
    const { signal } = this.stopper;
    return new Promise((_resolve, reject) => {
      const raise = (): void => reject(signal.reason as Error);
      if (signal.aborted) raise();
      else signal.addEventListener('abort', raise, { once: true });
    });
  }

  private conclude(outcome: PmsOutcome): RunQueryEnd {
    const { failure, parameters } = outcome;
    if (failure !== undefined) {
      return this.fail(
        {
          code: 'STATEMENT_FAILED',
          errorType: 'mssql',
          errorCode: failure.number,
          errorMessage: failure.message,
        },
        parameters,
      );
    }
    // A cap may have been passed by the very last row, when the statement had already ended.
    if (this.sink.fault !== undefined) return this.abandon(new ConduitError(this.sink.fault));
    this.sink.finish();
    const counts =
      this.order.shape.executionMode === 'nonQuery'
        ? { rowsAffected: outcome.rowsAffected }
        : { rows: this.sink.rows, size: this.sink.size };
    const { columnsOfSets } = this.sink;
    return {
      status: 'successful',
      ...counts,
      ...(parameters === undefined ? {} : { parameters }),
      ...(this.order.shape.columns && this.order.shape.resultSets === 'all'
        ? { columnsOfSets }
        : {}),
      ...this.times(outcome.sqlExecutionMs),
      ...(outcome.replayed && { replayed: true as const }),
      ...(this.sink.consent && { consent: this.sink.consent }),
    };
  }

  /** A failure of ours. @throws ConduitError when nothing was run */
  private abandon(error: ConduitError): RunQueryEnd {
    if (BEFORE_EXECUTION.includes(error.code) && !this.sink.hasBegun) {
      this.sink.fail({ code: error.code });
      throw error;
    }
    const { code } = error;
    return this.fail({
      code,
      errorType: 'haloLink',
      errorCode: 0,
      errorMessage: errors[code].title,
    });
  }

  private fail(
    error: NonNullable<RunQueryEnd['error']>,
    parameters?: RunQueryEnd['parameters'],
  ): RunQueryEnd {
    const { title, retry, remedy } = errors[error.code];
    this.sink.fail({ ...error, title, retry, remedy });
    return {
      status: 'executionFailed',
      error,
      ...(parameters === undefined ? {} : { parameters }),
      ...this.times(performance.now() - this.startedAt),
    };
  }

  private times(sqlExecutionMs: number): Pick<RunQueryEnd, 'sqlExecutionMs' | 'waitedMs'> {
    return {
      sqlExecutionMs: Math.round(sqlExecutionMs * 1000) / 1000,
      waitedMs: Math.round(this.order.waitedMs),
    };
  }
}
