import { Queue, Worker, type Job } from 'bullmq';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { checkContent, type JobIds } from '#libs/queue/job-content.js';
import { matchHandlers, type JobHandler } from '#libs/queue/job-handlers.js';
import { jobs, queues, type JobTable, type QueueTable } from '#libs/queue/jobs.js';
import { QueueConnection } from '#libs/queue/queue-connection.js';
import { runJob, type QueueReport } from '#libs/queue/run-job.js';

const RETRY_BASE_MS = 5_000;
const KEPT_JOBS = { count: 100, age: 86_400 };
/** Of the stream of what happened, which BullMQ keeps besides. */
const KEPT_EVENTS = 1_000;
const CRASHES_FORGIVEN = 3;
/** A command waits for a lost Redis for ever; who adds a job does not. */
const ADD_WAIT_MS = 5_000;
const FAULT_SILENCE_MS = 10_000;

export interface QueueWishes {
  /** `redis[s]://…` or `unix:///path` */
  redisUrl: string;
  /** One of the table of queues. */
  queue: string;
  handlers: readonly JobHandler[];
  report: QueueReport;
  /** For tests: other tables, and how soon a vanished node's job is given to another. */
  jobs?: JobTable;
  queues?: QueueTable;
  lockMs?: number;
}

/** One node's hold on one queue: puts jobs in, runs those that are due, keeps their schedules. */
export class JobQueue {
  private readonly connection: QueueConnection;
  private readonly table: JobTable;
  private readonly handlers: ReadonlyMap<string, JobHandler>;
  private readonly running = new Set<Promise<void>>();
  private queue: Queue | undefined;
  private worker: Worker | undefined;
  private isLost = false;
  private isClosing = false;
  private faultsSilentUntil = 0;

  private constructor(private readonly wishes: QueueWishes) {
    this.table = wishes.jobs ?? jobs;
    this.handlers = matchHandlers(this.table, wishes.queue, wishes.handlers);
    this.connection = new QueueConnection(wishes.redisUrl);
    this.connection.on('ready', () => this.begin());
    this.connection.on('close', () => this.noteLoss());
    // Reconnecting is ioredis's business; without a listener an error would end the process.
    this.connection.on('error', () => undefined);
    this.connection.connect().catch(() => undefined);
  }

  /**
   * Starts at once, or as soon as Redis is there: its absence keeps no node from starting.
   * @throws UnmatchedJobs when the queue's jobs have not exactly one handler each
   */
  static open(wishes: QueueWishes): JobQueue {
    return new JobQueue(wishes);
  }

  /**
   * Adds one job, due now.
   * @param ids UUIDs under the names that the table gives them
   * @param deadline milliseconds since the Unix epoch; absent: the table's
   * @throws ConduitError INTERNAL for anything but ids; QUEUE_UNAVAILABLE while Redis is away: lost
   * in that very moment, it may have the job all the same
   */
  async add(job: string, ids: JobIds, deadline?: number): Promise<void> {
    const row = this.table[job];
    if (row?.queue !== this.wishes.queue) throw new ConduitError('INTERNAL');
    const content = checkContent(row, { ids, deadline: deadline ?? Date.now() + row.deadlineMs });
    if (!this.queue || this.isLost) throw new ConduitError('QUEUE_UNAVAILABLE');
    const added = this.queue.add(job, content, this.optionsOf(job)).then(() => true);
    if (!(await inTime(added, ADD_WAIT_MS))) throw new ConduitError('QUEUE_UNAVAILABLE');
  }

  /**
   * Takes no more jobs and lets those that run finish.
   * @param waitMs after which they are left to themselves; another node may repeat them
   */
  async close(waitMs: number): Promise<void> {
    this.isClosing = true;
    await inTime(this.finish(), waitMs);
    this.connection.disconnectAll();
  }

  private async finish(): Promise<void> {
    // Without Redis BullMQ would wait for the end of a connection that has ended; force spares that.
    if (this.isLost) await Promise.allSettled(this.running);
    await Promise.allSettled([this.worker?.close(this.isLost), this.queue?.close()]);
  }

  /** At each connection, for the Redis that comes back may be an empty one. */
  private begin(): void {
    if (this.isClosing) return;
    if (this.isLost) this.wishes.report.recovered();
    this.isLost = false;
    this.queue ??= this.openQueue();
    this.worker ??= this.openWorker();
    this.schedule(this.queue).catch((error: unknown) => this.noteFault(error));
  }

  private openQueue(): Queue {
    const streams = { events: { maxLen: KEPT_EVENTS } };
    const queue = new Queue(this.wishes.queue, { ...this.placement(), streams });
    queue.on('error', (error) => this.noteFault(error));
    return queue;
  }

  private openWorker(): Worker {
    const { queue, lockMs = 30_000, report } = this.wishes;
    const { idempotent, concurrency } = this.queueRow();
    const worker = new Worker(
      queue,
      (job) => this.keepRunning(runJob(this.table, this.handlers, report, dueJobOf(job))),
      {
        ...this.placement(),
        concurrency,
        maxStalledCount: idempotent ? CRASHES_FORGIVEN : 0,
        lockDuration: lockMs,
        stalledInterval: lockMs,
      },
    );
    worker.on('error', (error) => this.noteFault(error));
    return worker;
  }

  private async keepRunning(job: Promise<void>): Promise<void> {
    this.running.add(job);
    return job.finally(() => this.running.delete(job));
  }

  /** The braces put all keys of one queue on one node of a Redis Cluster. */
  private placement() {
    return { connection: this.connection, prefix: `{conduit:${this.wishes.queue}}` };
  }

  private queueRow() {
    const row = (this.wishes.queues ?? (queues as QueueTable))[this.wishes.queue];
    if (!row) throw new ConduitError('INTERNAL');
    return row;
  }

  private async schedule(queue: Queue): Promise<void> {
    for (const [name, row] of Object.entries(this.table)) {
      if (row.queue !== this.wishes.queue || row.everyMs === undefined) continue;
      const opts = this.optionsOf(name);
      const template = { name, data: { ids: {} }, opts };
      await queue.upsertJobScheduler(name, { every: row.everyMs }, template);
    }
  }

  private optionsOf(job: string) {
    return {
      attempts: this.table[job]?.attempts ?? 1,
      backoff: { type: 'exponential', delay: RETRY_BASE_MS },
      removeOnComplete: KEPT_JOBS,
      removeOnFail: KEPT_JOBS,
      stackTraceLimit: 0,
    };
  }

  private noteLoss(): void {
    if (this.isLost || this.isClosing) return;
    this.isLost = true;
    this.wishes.report.lost();
  }

  /** A broken wire is no fault of the queue; and one that fails at every turn says so now and then. */
  private noteFault(error: unknown): void {
    const { name, code, syscall } = error as { name?: string; code?: unknown; syscall?: string };
    const now = Date.now();
    if (this.isClosing || syscall !== undefined || now < this.faultsSilentUntil) return;
    this.faultsSilentUntil = now + FAULT_SILENCE_MS;
    const fault = { errorName: name ?? 'unknown' };
    this.wishes.report.faulted(typeof code === 'number' ? { ...fault, code } : fault);
  }
}

function dueJobOf(job: Job): Parameters<typeof runJob>[3] {
  return {
    name: job.name,
    content: job.data,
    dueAt: job.timestamp + (job.opts.delay ?? 0),
    last: job.attemptsMade + 1 >= (job.opts.attempts ?? 1),
  };
}

/** What it comes to, or undefined when that takes longer. */
async function inTime<T>(work: Promise<T>, waitMs: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), waitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
