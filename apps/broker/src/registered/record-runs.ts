/**
 * Writes down what an agent says of its runs, each once: a report that comes again is known by its
 * run's number. Only of queries at the agent's own sites.
 */
import { Injectable } from '@nestjs/common';
import { Kysely, sql, type Transaction } from 'kysely';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import type { RunReportDto } from '#apps/broker/src/registered/registered-report.js';
import { auditSubject, type RegisteredRow } from '#apps/broker/src/registered/registered-row.js';
import { UsageBook, type Use } from '#apps/broker/src/usage/usage-book.port.js';
import { registeredLimits, runSealId } from '#libs/contracts/registered.js';
import type { AuditRecord } from '#libs/audit/audit-record.js';
import type { Database } from '#libs/db/schema.js';
import { isErrorCode, type ErrorCode } from '#libs/errors/catalogue.js';
import { bytesBucket, durationBucket, rowsBucket } from '#libs/kernel/buckets.js';
import { Clock } from '#libs/kernel/clock.js';

/** A run that was not known before. */
export interface RecordedRun {
  /** As it was before this run. */
  before: RegisteredRow;
  practiceId: string;
  report: RunReportDto;
  /** No later run is known. */
  isLatest: boolean;
}

/** The history is cut now and then: a run is written down many times a second. */
const TRIM_EVERY = 25;

@Injectable()
export class RecordRuns {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly clock: Clock,
    private readonly usage: UsageBook,
    private readonly audit: AuditTrail,
  ) {}

  /** Resolves when all of them are stored. */
  async execute(agentId: string, reports: readonly RunReportDto[]): Promise<RecordedRun[]> {
    const recorded: RecordedRun[] = [];
    for (const report of reports) {
      const run = await this.database
        .transaction()
        .execute((within) => this.record(within, agentId, report));
      if (!run) continue;
      recorded.push(run);
      this.usage.note(useOf(run));
      // A run that found nothing new has given nothing to anybody.
      if (report.outcome !== 'unchanged') this.audit.note(auditOf(run));
    }
    return recorded;
  }

  private async record(
    within: Transaction<Database>,
    agentId: string,
    report: RunReportDto,
  ): Promise<RecordedRun | undefined> {
    const found = await within
      .selectFrom('registered_queries')
      .innerJoin('sites', 'sites.site_id', 'registered_queries.site_id')
      .selectAll('registered_queries')
      .select('sites.practice_id')
      .where('registered_id', '=', report.registeredId)
      .where('sites.agent_id', '=', agentId)
      .forUpdate('registered_queries')
      .executeTakeFirst();
    if (!found || found.state === 'cancelled') return undefined;
    const { practice_id: practiceId, ...before } = found;
    const inserted = await within
      .insertInto('registered_runs')
      .values(runRow(report))
      .onConflict((conflict) => conflict.columns(['registered_id', 'run']).doNothing())
      .returning('run')
      .executeTakeFirst();
    if (!inserted) return undefined;
    const isLatest = report.run > Number(before.last_run);
    await within
      .updateTable('registered_queries')
      .set({ ...countOf(report), ...(isLatest && lastOf(report)) })
      // Changes alone: a change that nobody told of is known by how long ago this was.
      .$if(isLatest && report.outcome === 'changed', (update) =>
        update.set({ updated_at: new Date(this.clock.now()) }),
      )
      .where('registered_id', '=', report.registeredId)
      .execute();
    const count = before.succeeded_count + before.failed_count + 1;
    if (count % TRIM_EVERY === 0) await this.trim(within, report.registeredId);
    return { before, practiceId, report, isLatest };
  }

  private async trim(within: Transaction<Database>, id: string): Promise<void> {
    await within
      .deleteFrom('registered_runs')
      .where('registered_id', '=', id)
      .where('run', '<=', (select) =>
        select
          .selectFrom('registered_runs')
          .select('run')
          .where('registered_id', '=', id)
          .orderBy('run', 'desc')
          .offset(registeredLimits.runs)
          .limit(1),
      )
      .execute();
  }
}

/** The code, if this version knows it. */
export function codeOf({ errorCode }: RunReportDto): ErrorCode {
  return isErrorCode(errorCode) ? errorCode : 'INTERNAL';
}

function runRow(report: RunReportDto) {
  const isFailed = report.outcome === 'failed';
  return {
    registered_id: report.registeredId,
    run: String(report.run),
    started_at: new Date(report.startedAtMs),
    execution_ms: report.executionMs,
    outcome: report.outcome,
    result_hash: report.hash ?? null,
    result_rows: report.rows ?? null,
    result_bytes: report.size ?? null,
    basis_run: report.basis === undefined ? null : String(report.basis),
    added: report.added ?? null,
    changed: report.changed ?? null,
    removed: report.removed ?? null,
    error_code: isFailed ? codeOf(report) : null,
  };
}

function countOf(report: RunReportDto) {
  if (report.outcome === 'failed') return { failed_count: sql<number>`failed_count + 1` };
  return {
    succeeded_count: sql<number>`succeeded_count + 1`,
    result_bytes_sum: sql<string>`result_bytes_sum + ${report.size ?? 0}::bigint`,
  };
}

function lastOf(report: RunReportDto) {
  const { run, executionMs, outcome, nextRunAtMs } = report;
  const at = new Date(report.startedAtMs + executionMs);
  const common = {
    last_run: String(run),
    last_execution_ms: executionMs,
    next_run_at: nextRunAtMs === undefined ? null : new Date(nextRunAtMs),
  };
  if (outcome === 'failed') {
    return {
      ...common,
      last_failed_at: at,
      error_code: codeOf(report),
      error_type: report.errorType ?? 'haloLink',
      error_number: report.errorNumber ?? 0,
      error_run: String(run),
    };
  }
  return {
    ...common,
    last_succeeded_at: at,
    result_hash: report.hash ?? null,
    ...{ error_code: null, error_type: null, error_number: null, error_run: null },
    ...(outcome === 'changed' && { changed_run: String(run) }),
  };
}

/** As the agent's own record of the run names it. */
function auditOf({ before, practiceId, report }: RecordedRun): Omit<AuditRecord, 'ts'> {
  const { registeredId, run, outcome, executionMs, rows = 0, size = 0 } = report;
  const subject = {
    practice: practiceId,
    ...auditSubject(before),
    requestId: runSealId(registeredId, run),
    durationBucket: durationBucket(executionMs),
  };
  if (outcome === 'failed') {
    return { type: 'query.failed', ...subject, outcome: 'failed', errorCode: codeOf(report) };
  }
  const result = { rowsBucket: rowsBucket(rows), bytesBucket: bytesBucket(size) };
  return { type: 'query.executed', ...subject, outcome: 'successful', ...result };
}

/** A run takes nothing up that a caller sent, and brings its result only when that changed. */
function useOf({ before, report }: RecordedRun): Use {
  const { outcome, executionMs, size = 0 } = report;
  return {
    integratorId: before.integrator_id,
    siteId: before.site_id,
    kind: 'registered',
    access: 'read',
    outcome: outcome === 'failed' ? 'failed' : 'successful',
    requestBytes: 0,
    resultBytes: outcome === 'changed' ? size : 0,
    durationMs: executionMs,
    sqlMs: executionMs,
  };
}
