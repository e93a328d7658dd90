/** A broker node's hold on a queue whose one job counts its runs, for tests on a real Redis. */
import { EventEmitter, once } from 'node:events';
import type { ConduitError } from '#libs/errors/conduit-error.js';
import type { JobHandler, JobTurn } from '#libs/queue/job-handlers.js';
import { JobQueue } from '#libs/queue/job-queue.js';
import type { JobRow, QueueRow } from '#libs/queue/jobs.js';

const tickingJob: JobRow = {
  queue: 'chores',
  everyMs: 100,
  attempts: 1,
  deadlineMs: 60_000,
  ids: [],
};
const addedJob: JobRow = { ...tickingJob, ids: ['siteId'] };
delete (addedJob as { everyMs?: number }).everyMs;

export interface NodeWishes {
  ticking?: Partial<JobRow>;
  visiting?: Partial<JobRow>;
  chores?: Partial<QueueRow>;
  /** What the handlers do, after they are counted. */
  does?: (job: string, turn: JobTurn) => void | Promise<void>;
  /** It only adds jobs. */
  adds?: boolean;
  /** How soon another node takes its jobs for a vanished node's; a short one is also lost by a node that is merely slow. */
  lockMs?: number;
}

/** Emits `run` (job, ids) when a handler starts, and what the queue reports. */
export class QueueNode extends EventEmitter {
  readonly runs: string[] = [];
  readonly reports: string[] = [];
  readonly queue: JobQueue;

  constructor(redisUrl: string, wishes: NodeWishes = {}) {
    super();
    this.setMaxListeners(100);
    const handler = (job: string): JobHandler => ({
      job,
      execute: async (ids, turn) => {
        this.runs.push(job);
        this.emit('run', job, ids);
        await wishes.does?.(job, turn);
      },
    });
    this.queue = JobQueue.open({
      redisUrl,
      queue: 'chores',
      ...(wishes.adds ? {} : { handlers: [handler('clock.tick'), handler('site.visit')] }),
      report: this.reporter(),
      jobs: {
        'clock.tick': { ...tickingJob, ...wishes.ticking },
        'site.visit': { ...addedJob, ...wishes.visiting },
      },
      queues: { chores: { idempotent: true, concurrency: 1, ...wishes.chores } },
      ...(wishes.lockMs === undefined ? {} : { lockMs: wishes.lockMs }),
    });
  }

  /** Resolves when the handlers have run so often altogether. */
  async ran(times: number): Promise<void> {
    while (this.runs.length < times) await once(this, 'run');
  }

  async reported(report: string): Promise<void> {
    while (!this.reports.includes(report)) await once(this, 'report');
  }

  private reporter() {
    const note = (report: string) => {
      this.reports.push(report);
      this.emit('report');
    };
    return {
      failed: (job: string, { code }: ConduitError, last: boolean) =>
        note(`${job} failed ${code}${last ? ' at last' : ''}`),
      dropped: (job: string) => note(`${job} dropped`),
      lost: () => note('lost'),
      recovered: () => note('recovered'),
      faulted: ({ code }: { code?: number }) => note(`faulted ${code}`),
    };
  }
}
