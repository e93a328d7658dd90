/** What is said of async queries: audit, metrics, webhooks. Ids, buckets and codes only. */
import { Injectable } from '@nestjs/common';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import type { EndState, QueryRecord } from '#apps/broker/src/async-queries/query-record.js';
import { Metrics } from '#apps/broker/src/health/metrics.js';
import { UsageBook } from '#apps/broker/src/usage/usage-book.port.js';
import { WebhookEvents } from '#apps/broker/src/webhooks/webhook-events.port.js';
import type { AuditRecord } from '#libs/audit/audit-record.js';
import type { WebhookEventType } from '#libs/contracts/webhook-events.js';
import { catalogue } from '#libs/errors/catalogue.js';
import { bytesBucket, durationBucket, rowsBucket } from '#libs/kernel/buckets.js';
import { Clock } from '#libs/kernel/clock.js';

type Entry = Omit<AuditRecord, 'ts'>;
type Outcome = NonNullable<AuditRecord['outcome']>;

const events: Record<EndState, WebhookEventType> = {
  successful: 'query.succeeded',
  executionFailed: 'query.failed',
  uploadFailed: 'query.failed',
  expiredInQueue: 'query.expired',
  cancelled: 'query.cancelled',
};

@Injectable()
export class AsyncRecorder {
  constructor(
    private readonly audit: AuditTrail,
    private readonly metrics: Metrics,
    private readonly webhooks: WebhookEvents,
    private readonly usage: UsageBook,
    private readonly clock: Clock,
  ) {}

  submitted(record: QueryRecord): void {
    this.audit.note({ type: 'query.submitted', ...subjectOf(record) });
  }

  /** To be called by whoever moved the record to its end, once. */
  ended(record: QueryRecord & { state: EndState }): void {
    const { state, integratorId, siteId, id: queryId, createdAtMs, mode } = record;
    const now = this.clock.now();
    const outcome = outcomeOf(record);
    this.audit.note({ ...actOf(state, outcome), ...subjectOf(record), ...resultOf(record, now) });
    this.webhooks.publish({
      type: events[state],
      integratorId,
      siteId,
      queryId,
      occurredAtMs: now,
    });
    this.metrics.observeAsync(mode, outcome, now - createdAtMs);
    this.usage.note({
      integratorId,
      siteId,
      kind: 'async',
      access: record.writes ? 'write' : 'read',
      outcome: state === 'expiredInQueue' ? 'expired' : outcome,
      requestBytes: record.requestBytes,
      resultBytes: record.resultBytes ?? 0,
      durationMs: now - createdAtMs,
      sqlMs: record.sqlExecutionMs ?? 0,
    });
  }
}

function subjectOf(record: QueryRecord): Omit<Entry, 'type'> {
  return {
    practice: record.practiceId,
    site: record.siteId,
    integrator: record.integratorId,
    keyId: record.keyId,
    requestId: record.requestId,
    queryId: record.id,
    lane: 'async',
    mode: record.mode,
  };
}

function outcomeOf({ state, errorCode }: QueryRecord): Outcome {
  if (state === 'successful' || state === 'cancelled') return state;
  if (errorCode === 'SITE_LOST') return 'lost';
  if (errorCode === undefined || errorCode === 'STATEMENT_FAILED') return 'failed';
  const { status, retry } = catalogue[errorCode];
  return status === 403 && retry === 'never' ? 'refused' : 'failed';
}

function actOf(state: EndState, outcome: Outcome): Pick<Entry, 'type' | 'outcome'> {
  if (state === 'successful') return { type: 'query.executed', outcome };
  if (state === 'expiredInQueue') return { type: 'query.expired', outcome };
  if (state === 'cancelled') return { type: 'query.cancelled', outcome };
  return { type: outcome === 'refused' ? 'query.refused' : 'query.failed', outcome };
}

/** From 50000 up a statement chooses the number, and could write what it read into the record. */
const USER_ERRORS_FROM = 50_000;

function resultOf(record: QueryRecord, now: number): Partial<Entry> {
  const { createdAtMs, rows, rowsAffected, resultBytes, errorCode, errorNumber, state } = record;
  const entry: Partial<Entry> = { durationBucket: durationBucket(now - createdAtMs) };
  if (errorCode !== undefined) entry.errorCode = errorCode;
  if (errorNumber !== undefined) {
    entry.sqlErrno = Math.max(0, Math.min(errorNumber, USER_ERRORS_FROM));
  }
  if (state === 'successful') {
    entry.rowsBucket = rowsBucket(Math.max(0, rows ?? rowsAffected ?? 0));
    entry.bytesBucket = bytesBucket(resultBytes ?? 0);
  }
  return entry;
}
