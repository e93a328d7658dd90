/** Between BullMQ and a handler: keeps the deadline, and keeps everything but a code out of Redis. */
import { ConduitError, toConduitError } from '#libs/errors/conduit-error.js';
import { checkContent } from '#libs/queue/job-content.js';
import type { JobHandler } from '#libs/queue/job-handlers.js';
import type { JobTable } from '#libs/queue/jobs.js';

/** A job as it comes out of Redis. */
export interface DueJob {
  name: string;
  content: unknown;
  /** When it was to run, milliseconds since the Unix epoch. */
  dueAt: number;
  /** From 1. */
  attempt: number;
  /** No attempt follows this one. */
  last: boolean;
}

export interface QueueReport {
  /** @param error what the handler threw, for a log that picks what may be said; Redis sees its code */
  failed(job: string, error: ConduitError, last: boolean): void;
  /** It came after its deadline and was not run. */
  dropped(job: string): void;
  /** Redis is away: nothing runs until it is back. */
  lost(): void;
  recovered(): void;
  /** The queue itself met an error, of this class; BullMQ numbers its own (-1: the job is gone). */
  faulted(fault: { errorName: string; code?: number }): void;
}

/** All that Redis may learn of a failure. BullMQ keeps an error's message and its stack. */
class BareFailure extends Error {
  override readonly name = 'BareFailure';
  override readonly stack = '';
}

/**
 * Runs one job and answers nothing.
 * @throws an error whose message is a code of the catalogue and that has no stack
 */
export async function runJob(
  table: JobTable,
  handlers: ReadonlyMap<string, JobHandler>,
  report: QueueReport,
  job: DueJob,
): Promise<void> {
  const row = table[job.name];
  const handler = handlers.get(job.name);
  // A node of another version put it there: one of its kind may take the next attempt.
  if (!row || !handler) throw new BareFailure('INTERNAL');
  try {
    const { ids, deadline } = checkContent(row, job.content);
    if (Date.now() > (deadline ?? job.dueAt + row.deadlineMs)) return report.dropped(job.name);
    await handler.execute(ids, { attempt: job.attempt, last: job.last });
  } catch (thrown) {
    const error = toConduitError(thrown);
    report.failed(job.name, error, job.last);
    throw new BareFailure(error.code);
  }
}
