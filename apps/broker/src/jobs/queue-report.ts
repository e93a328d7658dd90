import { traceOf } from '#apps/broker/src/edge/known-failure.js';
import type { EventLog } from '#apps/broker/src/logging/event-log.js';
import type { JobName, QueueName } from '#libs/queue/jobs.js';
import type { QueueReport } from '#libs/queue/run-job.js';

/** What the log says of one queue: names, codes, positions in our own code. */
export function queueReport(log: EventLog, queue: QueueName): QueueReport {
  // A queue reports on jobs of the table only.
  const named = (job: string) => ({ job: job as JobName });
  return {
    failed: (job, { code, cause }, last) =>
      log.write('job.failed', { ...named(job), code, last, ...traceOf(cause) }),
    dropped: (job) => log.write('job.dropped', named(job)),
    lost: () => log.write('queue.lost', { queue }),
    recovered: () => log.write('queue.recovered', { queue }),
    faulted: (fault) => log.write('queue.faulted', { queue, ...fault }),
  };
}
