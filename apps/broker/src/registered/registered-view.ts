/** A registered query in the form that Halo's clients read, with what we add beside it. */
import { openName } from '#apps/broker/src/registered/sealed-name.js';
import {
  statusOf,
  type RegisteredRow,
  type RunRow,
} from '#apps/broker/src/registered/registered-row.js';
import { runSealId } from '#libs/contracts/registered.js';
import { catalogue, isErrorCode } from '#libs/errors/catalogue.js';
import type { Secret } from '#libs/kernel/secret.js';

/** What SQL Server or we said of the last run, if it failed. */
export interface ErrorDetails {
  errorType: string;
  errorCode: number;
  errorMessage: string;
}

const iso = (date: Date | null): string | undefined => date?.toISOString();

/** Leaves out what is not known. */
function present(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

/** @param words of the last failure, when the caller's key opened them */
export function registeredView(
  row: RegisteredRow,
  secret: Secret<Buffer>,
  nowMs: number,
  words?: ErrorDetails,
): Record<string, unknown> {
  const status = statusOf(row, nowMs);
  const completedAt = row.completed_at ?? (status === 'completed' ? row.ends_at : null);
  return present({
    id: row.registered_id,
    name: openName(secret, row.registered_id, row.sealed_name),
    registeredQueryType: 'query',
    status,
    frequency: row.frequency_seconds,
    duration: row.duration_seconds,
    createdAt: iso(row.created_at),
    completedAt: iso(completedAt),
    lastHash: row.error_run === null ? (row.result_hash ?? undefined) : undefined,
    lastErrorDetails: errorDetails(row, words),
    code: row.error_code ?? undefined,
    endsAt: iso(row.ends_at),
    nextRunAt: status === 'enabled' ? iso(row.next_run_at) : undefined,
    metrics: metricsOf(row),
  });
}

function metricsOf(row: RegisteredRow): Record<string, unknown> {
  return present({
    lastSucceededAt: iso(row.last_succeeded_at),
    lastFailedAt: iso(row.last_failed_at),
    lastExecutionDuration: row.last_execution_ms,
    executionSucceededCount: row.succeeded_count,
    executionFailedCount: row.failed_count,
    resultSizeSum: Number(row.result_bytes_sum),
    requestSize: row.request_bytes,
  });
}

function errorDetails(row: RegisteredRow, words?: ErrorDetails): ErrorDetails | undefined {
  const { error_code: code, error_type: errorType, error_number: errorCode } = row;
  if (code === null) return undefined;
  if (words) return words;
  const errorMessage = isErrorCode(code) ? catalogue[code].title : '';
  return { errorType: errorType ?? 'haloLink', errorCode: errorCode ?? 0, errorMessage };
}

export function runView(row: RunRow): Record<string, unknown> {
  return present({
    run: Number(row.run),
    startedAt: iso(row.started_at),
    executionDuration: row.execution_ms,
    outcome: row.outcome,
    hash: row.result_hash ?? undefined,
    rows: row.result_rows ?? undefined,
    size: row.result_bytes ?? undefined,
    added: row.added ?? undefined,
    changed: row.changed ?? undefined,
    removed: row.removed ?? undefined,
    code: row.error_code ?? undefined,
    receipt:
      row.outcome === 'unchanged' ? undefined : runSealId(row.registered_id, Number(row.run)),
  });
}
