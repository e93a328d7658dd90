/** What BullMQ is told about a job: how it is called, kept and tried again. */
import type { JobsOptions } from 'bullmq';
import type { JobRow } from '#libs/queue/jobs.js';

const KEPT_JOBS = { count: 100, age: 86_400 };
const DEFAULT_PAUSE = { baseMs: 5_000, maxMs: 120_000 };

/** Ids of ours are UUIDs, the same one perhaps for two jobs of a queue: the job's name is in front. */
export const innerId = (job: string, jobId: string): string => `${job}.${jobId}`;

/**
 * Of a job that somebody adds: gone when it is done, so that its id is free again. Only a failed one
 * without an id of its own is kept a while, to be looked at.
 */
export function addedOptions(job: string, row: JobRow, jobId?: string, delayMs = 0): JobsOptions {
  const named = jobId === undefined ? {} : { jobId: innerId(job, jobId) };
  const kept = jobId === undefined ? KEPT_JOBS : true;
  return {
    ...commonOptions(row),
    ...named,
    delay: delayMs,
    removeOnComplete: true,
    removeOnFail: kept,
  };
}

/** Of a job that comes by schedule. */
export function scheduledOptions(row: JobRow): JobsOptions {
  return { ...commonOptions(row), removeOnComplete: KEPT_JOBS, removeOnFail: KEPT_JOBS };
}

/** `stackTraceLimit` 0: BullMQ keeps no stack. */
function commonOptions(row: JobRow): JobsOptions {
  return { attempts: row.attempts, backoff: { type: 'jitter' }, stackTraceLimit: 0 };
}

/**
 * Before the attempt that follows: anything from the least pause to three times as much with each
 * attempt, never more than the most, so that jobs which failed together do not come back together.
 * @param attemptsMade 1 after the first
 * @returns milliseconds
 */
export function pauseMs(row: JobRow | undefined, attemptsMade: number): number {
  const { baseMs, maxMs } = row?.pause ?? DEFAULT_PAUSE;
  const ceiling = Math.min(maxMs, baseMs * 3 ** attemptsMade);
  return Math.round(baseMs + Math.random() * Math.max(0, ceiling - baseMs));
}
