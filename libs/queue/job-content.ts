/** What a job carries through Redis: ids and, unless it comes by schedule, a deadline. Nothing else fits. */
import { ConduitError } from '#libs/errors/conduit-error.js';
import type { JobRow } from '#libs/queue/jobs.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export type JobIds = Readonly<Record<string, string>>;

export interface JobContent {
  ids: JobIds;
  /** Milliseconds since the Unix epoch; absent where the schedule says when it was due. */
  deadline?: number;
}

/**
 * Content that may go to Redis, or that came from there.
 * @throws ConduitError INTERNAL when it holds anything but the row's ids, each a UUID, and a deadline
 */
export function checkContent(row: JobRow, content: unknown): JobContent {
  if (typeof content !== 'object' || content === null) throw new ConduitError('INTERNAL');
  const { ids, deadline, ...rest } = content as Record<string, unknown>;
  const right =
    Object.keys(rest).length === 0 &&
    typeof ids === 'object' &&
    ids !== null &&
    Object.keys(ids).sort().join() === [...row.ids].sort().join() &&
    Object.values(ids).every((id) => typeof id === 'string' && UUID.test(id)) &&
    (deadline === undefined || Number.isSafeInteger(deadline));
  if (!right) throw new ConduitError('INTERNAL');
  return content as JobContent;
}

/** @throws ConduitError INTERNAL when it is no UUID: nothing else may become part of a key */
export function checkJobId(jobId: string): void {
  if (!UUID.test(jobId)) throw new ConduitError('INTERNAL');
}
