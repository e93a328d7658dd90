/** One audit record and one observation for each query that ended. Buckets and codes only. */
import { Injectable } from '@nestjs/common';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { Metrics } from '#apps/broker/src/health/metrics.js';
import type { QueryEntry } from '#apps/broker/src/queries/query-ledger.js';
import type { QueryOrder } from '#apps/broker/src/queries/run-query.js';
import { accessOf, UsageBook } from '#apps/broker/src/usage/usage-book.port.js';
import type { AuditRecord } from '#libs/audit/audit-record.js';
import type { RunQueryEnd } from '#libs/contracts/link-messages.js';
import { catalogue } from '#libs/errors/catalogue.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { bytesBucket, durationBucket, rowsBucket } from '#libs/kernel/buckets.js';

type Outcome = NonNullable<AuditRecord['outcome']>;

function outcomeOf(end: RunQueryEnd | ConduitError): Outcome {
  if (!(end instanceof ConduitError)) return end.status === 'successful' ? 'successful' : 'failed';
  if (end.code === 'CLIENT_GONE') return 'cancelled';
  if (end.code === 'SITE_LOST') return 'lost';
  return catalogue[end.code].status < 500 && catalogue[end.code].retry === 'never'
    ? 'refused'
    : 'failed';
}

const types: Record<Outcome, 'query.executed' | 'query.refused' | 'query.failed'> = {
  successful: 'query.executed',
  refused: 'query.refused',
  failed: 'query.failed',
  cancelled: 'query.failed',
  lost: 'query.failed',
};

@Injectable()
export class QueryRecorder {
  constructor(
    private readonly audit: AuditTrail,
    private readonly metrics: Metrics,
    private readonly usage: UsageBook,
  ) {}

  begin(): void {
    this.metrics.queriesRunning.inc();
  }

  end(order: QueryOrder, entry: QueryEntry, end: RunQueryEnd | ConduitError): void {
    const { caller, grant, query } = order;
    const outcome = outcomeOf(end);
    const durationMs = (entry.completedAtMs ?? entry.createdAtMs) - entry.createdAtMs;
    const mode = query.command.executionMode ?? 'reader';
    const record: Omit<AuditRecord, 'ts'> = {
      type: types[outcome],
      practice: grant.practiceId,
      site: order.siteId,
      integrator: caller.integratorId,
      keyId: caller.keyId,
      grantId: grant.grantId,
      grantSeq: grant.seq,
      requestId: order.requestId,
      queryId: entry.id,
      lane: 'immediate',
      mode,
      outcome,
      durationBucket: durationBucket(durationMs),
    };
    if (entry.errorCode !== undefined) record.errorCode = entry.errorCode;
    if (!(end instanceof ConduitError)) addResult(record, entry, end);
    this.audit.note(record);
    this.metrics.queriesRunning.dec();
    this.metrics.observeQuery(mode, outcome, durationMs);
    this.usage.note({
      integratorId: caller.integratorId,
      siteId: order.siteId,
      kind: 'immediate',
      access: accessOf(query.command),
      outcome,
      requestBytes: entry.requestBytes,
      resultBytes: entry.resultBytes ?? 0,
      durationMs,
      sqlMs: entry.sqlExecutionMs ?? 0,
    });
  }
}

function addResult(record: Omit<AuditRecord, 'ts'>, entry: QueryEntry, end: RunQueryEnd): void {
  if (end.status === 'successful') {
    record.rowsBucket = rowsBucket(entry.rows ?? entry.rowsAffected ?? 0);
    record.bytesBucket = bytesBucket(entry.resultBytes ?? 0);
    return;
  }
  const number = end.error?.errorCode;
  if (Number.isSafeInteger(number)) record.sqlErrno = serverErrorNumber(number as number);
}

/** From 50000 up a statement chooses the number, and could write what it read into the record. */
const USER_ERRORS_FROM = 50_000;

function serverErrorNumber(number: number): number {
  return Math.max(0, Math.min(number, USER_ERRORS_FROM));
}
