import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { queueReport } from '#apps/broker/src/jobs/queue-report.js';
import type { EventLog } from '#apps/broker/src/logging/event-log.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { matchHandlers, type JobHandler } from '#libs/queue/job-handlers.js';
import { JobQueue, type JobTerms } from '#libs/queue/job-queue.js';
import { jobs, queues, type JobName, type JobTable, type QueueName } from '#libs/queue/jobs.js';

type IdsOf<Name extends JobName> = Readonly<Record<(typeof jobs)[Name]['ids'][number], string>>;

const queueNames = Object.keys(queues) as QueueName[];

/** This node's hold on all queues: any node adds jobs, those that play the role `worker` run them. */
export class BackgroundJobs implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly handlers = new Map<QueueName, JobHandler[]>();
  private readonly open = new Map<QueueName, JobQueue>();

  /** @param findHandlers asked once, when every room is there */
  constructor(
    private readonly config: BrokerConfig,
    private readonly log: EventLog,
    private readonly findHandlers: () => JobHandler[],
  ) {}

  /** @throws UnmatchedJobs whatever the role: a broker that could not be a worker does not start */
  onApplicationBootstrap(): void {
    const found = this.findHandlers();
    for (const queue of queueNames) {
      const here = ({ job }: JobHandler) => (jobs as JobTable)[job]?.queue === queue;
      this.handlers.set(queue, found.filter(here));
    }
    const strays = found.filter(({ job }) => !(job in jobs));
    for (const queue of queueNames) {
      matchHandlers(jobs, queue, [...(this.handlers.get(queue) ?? []), ...strays]);
    }
  }

  start(): void {
    const { redisUrl, roles } = this.config;
    if (!redisUrl) return this.log.write('jobs.off', { reason: 'no-redis' });
    for (const queue of queueNames) {
      const handlers = roles.includes('worker') ? { handlers: this.handlers.get(queue) ?? [] } : {};
      const report = queueReport(this.log, queue);
      this.open.set(
        queue,
        JobQueue.open({ redisUrl: redisUrl.reveal(), queue, report, ...handlers }),
      );
    }
  }

  /**
   * @param ids UUIDs under the names of the table
   * @throws ConduitError QUEUE_UNAVAILABLE without Redis; lost in that very moment, it may have the
   * job all the same
   */
  async add<Name extends JobName>(job: Name, ids: IdsOf<Name>, terms?: JobTerms): Promise<void> {
    await this.queueOf(job).add(job, ids, terms);
  }

  /**
   * Takes back a job that was added with `jobId`.
   * @returns false when it runs at this moment
   * @throws ConduitError QUEUE_UNAVAILABLE without Redis
   */
  async remove(job: JobName, jobId: string): Promise<boolean> {
    return this.queueOf(job).remove(job, jobId);
  }

  async beforeApplicationShutdown(): Promise<void> {
    const waitMs = this.config.drainSeconds * 1_000;
    await Promise.all([...this.open.values()].map((queue) => queue.close(waitMs)));
  }

  private queueOf(job: JobName): JobQueue {
    const queue = this.open.get(jobs[job].queue);
    if (!queue) throw new ConduitError('QUEUE_UNAVAILABLE');
    return queue;
  }
}
