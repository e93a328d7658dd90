/** The journal record of a query: who, under which grant, what became of it; never what it said. */
import type { RunQueryEnd, RunQueryMeta } from '#libs/contracts/link-messages.js';
import type { ExactCounts } from '#libs/audit/audit-line.js';
import type { AuditRecord } from '#libs/audit/audit-record.js';
import { bytesBucket, durationBucket, rowsBucket } from '#libs/kernel/buckets.js';
import type { GrantDecision } from '#apps/agent/src/grants/grant-gate.port.js';
import type { QueryDto } from '#libs/contracts/command.js';
import type { ConduitError } from '#libs/errors/conduit-error.js';
import type { ErrorCode } from '#libs/errors/catalogue.js';

type Note = Omit<AuditRecord, 'ts'>;

const CANCELLED: readonly ErrorCode[] = [
  'CLIENT_GONE',
  'GRANT_REVOKED',
  'GRANT_EXPIRED',
  'GRANT_NOT_YET_VALID',
  'EXECUTION_TIMEOUT',
];
/** Scopes whose name the practice itself wrote into the grant. */
const NAMED_SCOPE = /^(?:operation|procedure|statement):/;

/** What a record says of a query whatever becomes of it. */
export type QuerySubject = Omit<Note, 'type'>;

/** Numbers from here on are chosen by the statement (THROW, RAISERROR) and could carry anything. */
export const FIRST_CHOSEN_NUMBER = 50_000;

/** To be made before the query starts: what ran must not fail to be written. */
export function subjectOf(meta: RunQueryMeta, query: QueryDto): QuerySubject {
  return {
    site: meta.siteId,
    integrator: meta.integratorId,
    keyId: meta.keyId,
    grantId: meta.grantId,
    grantSeq: meta.grantSeq,
    requestId: meta.requestId,
    queryId: meta.queryId,
    lane: meta.lane,
    mode: query.command.executionMode ?? 'reader',
  };
}

/** A query that was not run. */
export function refusalNote(about: QuerySubject, error: ConduitError): Note {
  return { type: 'query.refused', ...about, outcome: 'refused', errorCode: error.code };
}

/** A query that was run, or may have been. */
export function executionNote(
  about: QuerySubject,
  decision: Extract<GrantDecision, { allowed: true }>,
  end: RunQueryEnd,
): Note {
  const code = end.error?.code;
  const { purposes, practiceId } = decision.grant;
  const sqlErrno = end.error?.errorType === 'mssql' ? end.error.errorCode : undefined;
  return {
    type: code === undefined ? 'query.executed' : 'query.failed',
    practice: practiceId,
    ...about,
    ...(NAMED_SCOPE.test(decision.scope) ? { statementRef: decision.scope } : {}),
    purpose: purposes.join(' '),
    outcome: outcomeOf(code),
    ...reasonOf(decision, end),
    ...(code === undefined ? {} : { errorCode: code }),
    ...(sqlErrno === undefined ? {} : { sqlErrno: Math.min(sqlErrno, FIRST_CHOSEN_NUMBER) }),
    durationBucket: durationBucket(end.sqlExecutionMs),
    ...(end.rows === undefined ? {} : { rowsBucket: rowsBucket(end.rows) }),
    ...(end.size === undefined ? {} : { bytesBucket: bytesBucket(end.size) }),
  };
}

/** Of a write: whether it was done now, or its answer was repeated. */
function reasonOf(
  { tier }: Pick<Extract<GrantDecision, { allowed: true }>, 'tier'>,
  { replayed, error }: RunQueryEnd,
): Pick<Note, 'reason'> {
  if (replayed) return { reason: 'replayed' };
  return tier === 'write' && !error ? { reason: 'applied' } : {};
}

/** What the practice's own server may know of it to the row. */
export function exactCountsOf(end: RunQueryEnd): ExactCounts {
  const rows = end.rowsAffected ?? end.rows;
  return {
    // -1: SQL Server counted none.
    ...(rows !== undefined && rows >= 0 && { rows }),
    ...(end.size !== undefined && { bytes: end.size }),
    ms: Math.round(end.sqlExecutionMs),
  };
}

function outcomeOf(code: ErrorCode | undefined): NonNullable<AuditRecord['outcome']> {
  if (code === undefined) return 'successful';
  if (code === 'DATABASE_CONNECTION_LOST') return 'lost';
  return CANCELLED.includes(code) ? 'cancelled' : 'failed';
}
