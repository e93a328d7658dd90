/**
 * An async query as Halo's clients read it. `status` knows Halo's words only; what Halo has none for
 * (cancelled) reads executionFailed there, and says its own word in `code`.
 */
import {
  isEnded,
  type QueryRecord,
  type QueryState,
  type WaitReason,
} from '#apps/broker/src/async-queries/query-record.js';
import type { ResultOutcome } from '#apps/broker/src/async-queries/open-result.js';
import { isoTime } from '#apps/broker/src/queries/query-view.js';
import type { PageHeader } from '#libs/contracts/result-page.js';
import { catalogue } from '#libs/errors/catalogue.js';

/** What is known beside the record. */
export interface Surroundings {
  /** While it waits. */
  queue?: { position?: number; reason: WaitReason };
  /** Of row pages that are kept. */
  pages: PageHeader[];
  /** Of those behind them that were cut at the practice: the first one comes up, the others wait. */
  coming?: PageHeader[];
  /** Opened with the caller's key; absent for another one. */
  outcome?: ResultOutcome;
}

const timedStates = ['initialising', 'queued', 'executing', 'uploading'] as const;

const haloStatus = (state: QueryState): string =>
  state === 'cancelled' ? 'executionFailed' : state;

export function asyncView(record: QueryRecord, around: Surroundings): Record<string, unknown> {
  const { state, completedAtMs, sqlExecutionMs } = record;
  const view: Record<string, unknown> = {
    id: record.id,
    integratorId: record.integratorId,
    siteId: record.siteId,
    mode: 'async',
    status: haloStatus(state),
    maxTimeInQueue: record.maxTimeInQueueMs,
    commandSize: record.commandBytes,
    requestSize: record.requestBytes,
    createdAt: isoTime(record.createdAtMs),
    updatedAt: isoTime(record.updatedAtMs),
    ...(completedAtMs !== undefined && { completedAt: isoTime(completedAtMs) }),
    statusTiming: timingOf(record),
    idempotencyKey: record.idempotencyKey,
  };
  if (around.queue) view['queue'] = around.queue;
  if (sqlExecutionMs !== undefined || state === 'uploading')
    view['metrics'] = { sqlExecutionDuration: sqlExecutionMs ?? 0 };
  if (record.consent) view['consent'] = record.consent;
  if (state === 'uploading' || state === 'successful') addResult(view, record, around);
  if (isEnded(record) && state !== 'successful') addFailure(view, record, around.outcome);
  return view;
}

function timingOf({ began, ended, createdAtMs }: QueryRecord): Record<string, unknown> {
  const timing: Record<string, unknown> = {};
  for (const state of timedStates) {
    const start = state === 'initialising' ? createdAtMs : began[state];
    if (start === undefined) continue;
    const end = ended[state];
    timing[state] = {
      startTime: isoTime(start),
      ...(end !== undefined && { endTime: isoTime(end) }),
    };
  }
  return timing;
}

function addResult(
  view: Record<string, unknown>,
  record: QueryRecord,
  { pages: kept, coming = [], outcome }: Surroundings,
): void {
  // What was noted of pages that come says nothing once the query has ended.
  const pages = record.state === 'uploading' ? [...kept, ...coming] : kept;
  const size = record.resultBytes ?? pages.reduce((sum, page) => sum + page.plainBytes, 0);
  const counted =
    record.rowsAffected === undefined
      ? { rows: record.rows ?? (pages.at(-1)?.rowsEnd ?? -1) + 1 }
      : { rowsAffected: record.rowsAffected };
  view['resultSize'] = size;
  view['result'] = {
    ...counted,
    size,
    pages: pages.map((page, index) => pageView(page, pageStatus(index - kept.length))),
    ...(outcome?.parameters && { parameters: outcome.parameters }),
    ...(outcome?.columns && { columns: outcome.columns }),
  };
}

type PageStatus = 'queued' | 'uploading' | 'cached';

/** @param behind of the kept ones, from 0; less for a kept one */
function pageStatus(behind: number): PageStatus {
  if (behind < 0) return 'cached';
  return behind === 0 ? 'uploading' : 'queued';
}

function pageView(
  { page, plainBytes, rowsStart, rowsEnd }: PageHeader,
  status: PageStatus,
): Record<string, unknown> {
  const rows = { count: rowsEnd - rowsStart + 1, rangeStart: rowsStart, rangeEnd: rowsEnd };
  return { pageNumber: page, status, size: plainBytes, rows };
}

function addFailure(
  view: Record<string, unknown>,
  { errorCode = 'QUEUE_EXPIRED', errorType = 'haloLink', errorNumber = 0 }: QueryRecord,
  outcome: ResultOutcome | undefined,
): void {
  const errorMessage = outcome?.errorMessage ?? catalogue[errorCode].title;
  view['code'] = errorCode;
  view['errorType'] = errorType;
  const number = outcome?.errorCode ?? errorNumber;
  view['errorCode'] = number;
  view['errorMessage'] = errorMessage;
  view['errorDetails'] = { errorType, errorCode: number, errorMessage };
  if (outcome?.parameters) view['parameters'] = outcome.parameters;
}
