/**
 * The answer for a query that reached the practice and failed there. The database's own words may
 * quote patient data: they go into this answer, to this caller, and nowhere else.
 */
import { STATUS_CODES } from 'node:http';
import type { AnsweredNames } from '#apps/broker/src/edge/answered-names.js';
import {
  errorHeaders,
  haloError,
  problemBody,
  PROBLEM_TYPE,
  wantsProblem,
  type ErrorAnswer,
} from '#apps/broker/src/edge/error-body.js';
import type { QueryEntry } from '#apps/broker/src/queries/query-ledger.js';
import { immediateTiming, queryHead } from '#apps/broker/src/queries/query-view.js';
import type { QueryErrorType, RunQueryEnd } from '#libs/contracts/link-messages.js';
import { isErrorCode } from '#libs/errors/catalogue.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

const errorTypes: readonly QueryErrorType[] = ['mssql', 'fbsql', 'http', 'haloLink'];

interface ErrorDetails {
  errorType: QueryErrorType;
  errorCode: number;
  errorMessage: string;
}

/** The other side's word, in the shape the caller was promised. */
function detailsOf(end: RunQueryEnd): ErrorDetails {
  const { errorType, errorCode, errorMessage } = end.error ?? {};
  return {
    errorType: errorTypes.find((known) => known === errorType) ?? 'haloLink',
    errorCode: Number.isSafeInteger(errorCode) ? (errorCode as number) : 0,
    errorMessage: typeof errorMessage === 'string' ? errorMessage : '',
  };
}

/** 4xx: the query's envelope with the error in it. 5xx: the plain error shape, as documented. */
export function queryFailureAnswer(
  end: RunQueryEnd,
  entry: QueryEntry,
  requestId: string,
  accept: string | undefined,
  names: AnsweredNames,
): ErrorAnswer {
  const code = end.error?.code;
  const error = new ConduitError(isErrorCode(code) ? code : 'LINK_PROTOCOL', {
    facts: { queryId: entry.id },
  });
  const errorDetails = detailsOf(end);
  const answer = { status: error.status, headers: errorHeaders(error) };
  if (wantsProblem(accept)) {
    const body = { ...problemBody(error, requestId, names), errorDetails };
    return { ...answer, contentType: PROBLEM_TYPE, body };
  }
  const contentType = 'application/json; charset=utf-8';
  const plain = { error: haloError(error, requestId, names) };
  if (error.status >= 500 || STATUS_CODES[error.status] === undefined) {
    return { ...answer, contentType, body: plain };
  }
  const body = {
    ...queryHead(entry),
    mode: 'immediate',
    statusTiming: immediateTiming(entry),
    metrics: { sqlExecutionDuration: entry.sqlExecutionMs ?? 0 },
    errorDetails,
    ...plain,
  };
  return { ...answer, contentType, body };
}
