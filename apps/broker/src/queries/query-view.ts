/** A query's entry in the forms that Halo's clients read. */
import { catalogue } from '#libs/errors/catalogue.js';
import type { QueryEntry } from '#apps/broker/src/queries/query-ledger.js';

export const isoTime = (ms: number): string => new Date(ms).toISOString();

const startOf = (ms: number | undefined) => (ms === undefined ? {} : { startTime: isoTime(ms) });

/** The fields that every answer about a query begins with, without its mode and result. */
export function queryHead(entry: QueryEntry): Record<string, unknown> {
  return {
    id: entry.id,
    integratorId: entry.integratorId,
    siteId: entry.siteId,
    status: entry.status,
    maxTimeInQueue: entry.maxTimeInQueueMs,
    commandSize: entry.commandBytes,
    requestSize: entry.requestBytes,
    createdAt: isoTime(entry.createdAtMs),
    updatedAt: isoTime(entry.updatedAtMs),
    ...(entry.completedAtMs !== undefined && { completedAt: isoTime(entry.completedAtMs) }),
  };
}

/** `statusTiming` of an immediate query: what was not reached has no start. */
export function immediateTiming(entry: QueryEntry): Record<string, unknown> {
  return {
    initialising: startOf(entry.createdAtMs),
    executing: startOf(entry.executingAtMs),
    ...(entry.uploadingAtMs !== undefined && {
      downloading: startOf(entry.uploadingAtMs),
      uploading: startOf(entry.uploadingAtMs),
    }),
  };
}

/**
 * The answer of `GET …/queries/{id}`. That route's contract knows one mode only, so `lane` says
 * what the query was. Nothing is stored of its result: no pages.
 */
export function statusView(entry: QueryEntry): Record<string, unknown> {
  const view: Record<string, unknown> = {
    ...queryHead(entry),
    mode: 'async',
    lane: 'immediate',
    statusTiming: immediateTiming(entry),
  };
  if (entry.sqlExecutionMs !== undefined) {
    view['metrics'] = { sqlExecutionDuration: entry.sqlExecutionMs };
  }
  if (entry.status === 'successful') return { ...view, ...resultView(entry) };
  if (entry.errorCode !== undefined) {
    view['errorCode'] = 0;
    view['code'] = entry.errorCode;
    // Never the database's own words: nothing of them is kept.
    view['errorMessage'] = catalogue[entry.errorCode].title;
  }
  return view;
}

function resultView(entry: QueryEntry): Record<string, unknown> {
  const size = entry.resultBytes ?? 0;
  const result =
    entry.rowsAffected === undefined
      ? { rows: entry.rows ?? 0, size, pages: [] }
      : { rowsAffected: entry.rowsAffected, size };
  return { resultSize: size, result };
}
