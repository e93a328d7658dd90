import type { JobTable } from '#libs/queue/jobs.js';

/** One attempt at a job. */
export interface JobTurn {
  /** From 1. */
  attempt: number;
  /** No attempt follows when this one fails. */
  last: boolean;
}

export interface JobHandler<Name extends string = string> {
  /** The job of the table that it does. */
  readonly job: Name;

  /**
   * Does the job. Nothing of what it throws is kept but the code of a ConduitError.
   * @param ids under the names that the table gives them
   */
  execute(ids: Readonly<Record<string, string>>, turn: JobTurn): Promise<void>;
}

/** A table and the handlers at hand do not fit; `problems` holds names of jobs and words of ours. */
export class UnmatchedJobs extends Error {
  override readonly name = 'UnmatchedJobs';

  constructor(readonly problems: readonly string[]) {
    super('Every job needs exactly one handler.');
  }
}

/**
 * The handler of each job of one queue.
 * @throws UnmatchedJobs when a job has no handler or two, or a handler no job of this queue
 */
export function matchHandlers<Handler extends JobHandler>(
  table: JobTable,
  queue: string,
  handlers: readonly Handler[],
): ReadonlyMap<string, Handler> {
  const due = Object.keys(table).filter((job) => table[job]?.queue === queue);
  const problems: string[] = [];
  for (const job of due) {
    const count = handlers.filter((handler) => handler.job === job).length;
    if (count !== 1) problems.push(`${job}: ${count} handlers`);
  }
  for (const { job } of handlers) if (!due.includes(job)) problems.push(`${job}: no such job`);
  if (problems.length > 0) throw new UnmatchedJobs(problems);
  return new Map(handlers.map((handler) => [handler.job, handler]));
}
