import type { BeforeApplicationShutdown } from '@nestjs/common';
import type { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { traceOf } from '#apps/broker/src/edge/known-failure.js';
import type { EventLog } from '#apps/broker/src/logging/event-log.js';
import { matchHandlers, type JobHandler } from '#libs/queue/job-handlers.js';
import { JobQueue } from '#libs/queue/job-queue.js';
import { jobs, type JobName, type QueueName } from '#libs/queue/jobs.js';
import type { QueueReport } from '#libs/queue/run-job.js';

const QUEUE: QueueName = 'housekeeping';

/** The background jobs of a node that plays the role `worker`. */
export class Housekeeping implements BeforeApplicationShutdown {
  private queue: JobQueue | undefined;

  /** @throws UnmatchedJobs whatever the role: a broker that could not be a worker does not start */
  constructor(
    private readonly config: BrokerConfig,
    private readonly log: EventLog,
    private readonly handlers: readonly JobHandler[],
  ) {
    matchHandlers(jobs, QUEUE, handlers);
  }

  start(): void {
    const { redisUrl } = this.config;
    if (!redisUrl) return this.log.write('housekeeping.off', { reason: 'no-redis' });
    const { handlers } = this;
    const report = this.reporter();
    this.queue = JobQueue.open({ redisUrl: redisUrl.reveal(), queue: QUEUE, handlers, report });
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.queue?.close(this.config.drainSeconds * 1_000);
  }

  private reporter(): QueueReport {
    const { log } = this;
    // The queue reports on jobs of the table only.
    const named = (job: string) => ({ job: job as JobName });
    return {
      failed: (job, { code, cause }, last) =>
        log.write('job.failed', { ...named(job), code, last, ...traceOf(cause) }),
      dropped: (job) => log.write('job.dropped', named(job)),
      lost: () => log.write('queue.lost', { queue: QUEUE }),
      recovered: () => log.write('queue.recovered', { queue: QUEUE }),
      faulted: (fault) => log.write('queue.faulted', { queue: QUEUE, ...fault }),
    };
  }
}
