/**
 * What a caller reads when something went wrong: Halo's shape by default, RFC 9457 when the caller
 * accepts `application/problem+json`. Made from the catalogue alone; input is never echoed, except
 * the names of properties to the one who sent them.
 */
import { STATUS_CODES } from 'node:http';
import type { AnsweredNames } from '#apps/broker/src/edge/answered-names.js';
import { catalogue } from '#libs/errors/catalogue.js';
import type { ConduitError } from '#libs/errors/conduit-error.js';
import { InvalidFields, type FieldProblem } from '#libs/contracts/read-dto.js';

export const PROBLEM_TYPE = 'application/problem+json';

export interface ErrorAnswer {
  status: number;
  contentType: string;
  headers: Record<string, string>;
  body: Record<string, unknown>;
}

export function wantsProblem(accept: string | undefined): boolean {
  return accept?.includes(PROBLEM_TYPE) ?? false;
}

export function statusTextOf(status: number): string {
  return status === 499 ? 'Client Closed Request' : (STATUS_CODES[status] ?? 'Error');
}

function problemsOf(error: ConduitError): FieldProblem[] {
  if (error instanceof InvalidFields) return error.problems;
  const { field, problem } = error.facts;
  return field === undefined ? [] : [{ field, problem: problem ?? 'is not valid' }];
}

/** The title, and what was wrong with the first field. */
export function messageOf(error: ConduitError): string {
  const { problem, limit, unit, reason } = error.facts;
  const [first] = problemsOf(error);
  const details = [
    first ? `${first.field} ${first.problem}`.trim() : problem,
    limit === undefined ? undefined : `limit: ${limit}${unit ? ` ${unit}` : ''}`,
    reason,
  ].filter((detail) => detail !== undefined);
  return details.length === 0 ? error.message : `${error.message} (${details.join('; ')})`;
}

/**
 * The `error` object of the Halo shape, with our code and the request's id beside it.
 * @param names what the answer names in its headers
 */
export function haloError(
  error: ConduitError,
  requestId: string,
  names: AnsweredNames = {},
): Record<string, unknown> {
  const { status } = error;
  const message = messageOf(error);
  return {
    status,
    statusText: statusTextOf(status),
    message,
    code: error.code,
    requestId,
    ...names,
  };
}

export function problemBody(
  error: ConduitError,
  requestId: string,
  names: AnsweredNames = {},
): Record<string, unknown> {
  const { title, retry, remedy, whoCanFix, status } = catalogue[error.code];
  const { limit, unit, reason, retryAfterMs, queryId, incidentId } = error.facts;
  const errors = problemsOf(error);
  return {
    type: `urn:conduit:error:${error.code}`,
    title,
    status,
    detail: messageOf(error),
    code: error.code,
    retry,
    remedy,
    whoCanFix,
    requestId,
    ...(errors.length > 0 && { errors }),
    ...(limit !== undefined && { limit }),
    ...(unit !== undefined && { unit }),
    ...(reason !== undefined && { reason }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(queryId !== undefined && { queryId }),
    ...(incidentId !== undefined && { incidentId }),
    ...names,
  };
}

export function errorAnswer(
  error: ConduitError,
  requestId: string,
  accept: string | undefined,
  names: AnsweredNames = {},
): ErrorAnswer {
  const asProblem = wantsProblem(accept);
  return {
    status: error.status,
    contentType: asProblem ? PROBLEM_TYPE : 'application/json; charset=utf-8',
    headers: errorHeaders(error),
    body: asProblem
      ? problemBody(error, requestId, names)
      : { error: haloError(error, requestId, names) },
  };
}

const DEFAULT_RETRY_SECONDS: Partial<Record<number, number>> = { 429: 1, 503: 5 };

/** RFC 6750 §3: what a client that sent a bearer token looks for. */
const challenges: Partial<Record<string, string>> = {
  TOKEN_INVALID: 'Bearer error="invalid_token"',
};

/** `Retry-After` where waiting can help; a challenge where another token can. */
export function errorHeaders(error: ConduitError): Record<string, string> {
  const { retryAfterMs } = error.facts;
  const seconds =
    retryAfterMs === undefined
      ? DEFAULT_RETRY_SECONDS[error.status]
      : Math.max(1, Math.ceil(retryAfterMs / 1_000));
  const challenge = challenges[error.code];
  return {
    ...(seconds !== undefined && { 'Retry-After': String(seconds) }),
    ...(challenge !== undefined && { 'WWW-Authenticate': challenge }),
  };
}
