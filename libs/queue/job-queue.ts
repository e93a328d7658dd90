/** One node's hold on one queue. */
import { Queue, Worker, type Job } from 'bullmq';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { DeadlineSweep } from '#libs/queue/deadline-sweep.js';
import { inTime } from '#libs/queue/in-time.js';
import { checkContent, checkJobId, type JobIds } from '#libs/queue/job-content.js';
import { matchHandlers, type JobHandler } from '#libs/queue/job-handlers.js';
import { addedOptions, innerId, pauseMs, scheduledOptions } from '#libs/queue/job-options.js';
import { jobs, queues, type JobRow, type JobTable, type QueueTable } from '#libs/queue/jobs.js';
import { QueueConnection } from '#libs/queue/queue-connection.js';
import { runJob, type QueueReport } from '#libs/queue/run-job.js';

/** Of the stream of what happened, which BullMQ keeps besides. */
const KEPT_EVENTS = 1_000;
const CRASHES_FORGIVEN = 3;
/** A command waits for a lost Redis for ever; who adds a job does not. */
const COMMAND_WAIT_MS = 5_000;
const FAULT_SILENCE_MS = 10_000;

export interface QueueWishes {
  /** As libs/redis reads it: one server or a cluster. */
  redisUrl: string;
  /** One of the table of queues. */
  queue: string;
  /** Absent: this node adds jobs and runs none. */
  handlers?: readonly JobHandler[];
  report: QueueReport;
  /** For tests: other tables, and how soon a vanished node's job is given to another. */
  jobs?: JobTable;
  queues?: QueueTable;
  lockMs?: number;
}

export interface JobTerms {
  /** Milliseconds since the Unix epoch; absent: the table's, counted from when the job is due. */
  deadline?: number;
  /** Due so much later than now. */
  delayMs?: number;
  /**
   * A UUID by which it can be removed. While a job of this name and id waits or runs, another one is
   * not added.
   */
  jobId?: string;
}

/** Puts jobs in, runs those that are due, drops those that are late, keeps their schedules. */
export class JobQueue {
  private readonly connection: QueueConnection;
  private readonly table: JobTable;
  private readonly handlers: ReadonlyMap<string, JobHandler> | undefined;
  private readonly running = new Set<Promise<void>>();
  private queue: Queue | undefined;
  private worker: Worker | undefined;
  private sweep: DeadlineSweep | undefined;
  private isLost = false;
  private isClosing = false;
  private faultsSilentUntil = 0;

  private constructor(private readonly wishes: QueueWishes) {
    this.table = wishes.jobs ?? jobs;
    this.handlers = wishes.handlers && matchHandlers(this.table, wishes.queue, wishes.handlers);
    this.connection = new QueueConnection(wishes.redisUrl);
    const { client } = this.connection;
    client.on('ready', () => this.begin());
    client.on('close', () => this.noteLoss());
  }

  /**
   * Starts at once, or as soon as Redis is there: its absence keeps no node from starting.
   * @throws UnmatchedJobs when handlers are given and the queue's jobs have not exactly one each
   */
  static open(wishes: QueueWishes): JobQueue {
    return new JobQueue(wishes);
  }

  /**
   * Adds one job.
   * @param ids UUIDs under the names that the table gives them
   * @throws ConduitError INTERNAL for anything but ids; QUEUE_UNAVAILABLE while Redis is away: lost
   * in that very moment, it may have the job all the same
   */
  async add(job: string, ids: JobIds, terms: JobTerms = {}): Promise<void> {
    const row = this.rowOf(job);
    const { delayMs = 0, jobId } = terms;
    const deadline = terms.deadline ?? Date.now() + delayMs + row.deadlineMs;
    const content = checkContent(row, { ids, deadline });
    if (jobId !== undefined) checkJobId(jobId);
    const options = addedOptions(job, row, jobId, delayMs);
    const added = await this.command((queue) => queue.add(job, content, options));
    this.sweep?.noteAdded(job, String(added.id), deadline);
  }

  /**
   * Takes back a job that waits.
   * @returns false when it runs at this moment; true when it will not run (any more)
   * @throws ConduitError QUEUE_UNAVAILABLE while Redis is away
   */
  async remove(job: string, jobId: string): Promise<boolean> {
    this.rowOf(job);
    checkJobId(jobId);
    const id = innerId(job, jobId);
    const removed = await this.command((queue) => queue.remove(id));
    if (removed === 1) this.sweep?.noteEnded(job, id);
    return removed === 1;
  }

  /**
   * Takes no more jobs and lets those that run finish.
   * @param waitMs after which they are left to themselves; another node may repeat them
   */
  async close(waitMs: number): Promise<void> {
    this.isClosing = true;
    await inTime(this.finish(), waitMs);
    this.sweep?.stop();
    this.connection.disconnectAll();
  }

  private async finish(): Promise<void> {
    // Without Redis BullMQ would wait for the end of a connection that has ended; force spares that.
    if (this.isLost) await Promise.allSettled(this.running);
    await this.worker?.close(this.isLost).catch(() => undefined);
    const settled = this.isLost ? undefined : this.sweep?.settle();
    await Promise.allSettled([this.queue?.close(), settled]);
  }

  private rowOf(job: string): JobRow {
    const row = this.table[job];
    if (row?.queue !== this.wishes.queue) throw new ConduitError('INTERNAL');
    return row;
  }

  private async command<T>(act: (queue: Queue) => Promise<T>): Promise<T> {
    if (!this.queue || this.isLost) throw new ConduitError('QUEUE_UNAVAILABLE');
    const acting = act(this.queue).then((value) => ({ value }));
    const answer = await inTime(acting, COMMAND_WAIT_MS).catch((error: unknown) => {
      throw commandFailure(error);
    });
    if (!answer) throw new ConduitError('QUEUE_UNAVAILABLE');
    return answer.value;
  }

  /** At each connection, for the Redis that comes back may be an empty one. */
  private begin(): void {
    if (this.isClosing) return;
    if (this.isLost) this.comeBack();
    this.isLost = false;
    this.queue ??= this.openQueue();
    this.sweep ??= this.openSweep(this.queue);
    if (!this.handlers) return;
    this.worker ??= this.openWorker(this.handlers);
    this.schedule(this.queue).catch((error: unknown) => this.noteFault(error));
  }

  /**
   * On a cluster BullMQ's worker was seen to wait for ever on the connection it blocks on, once that
   * connection's node had gone: a new one takes its place. What the old one ran may run again.
   */
  private comeBack(): void {
    this.wishes.report.recovered();
    if (!this.connection.client.isCluster) return;
    void this.worker?.close(true).catch(() => undefined);
    this.worker = undefined;
  }

  private openQueue(): Queue {
    const streams = { events: { maxLen: KEPT_EVENTS } };
    const queue = new Queue(this.wishes.queue, { ...this.placement(), streams });
    queue.on('error', (error) => this.noteFault(error));
    return queue;
  }

  private openSweep(queue: Queue): DeadlineSweep {
    return new DeadlineSweep({
      queue,
      connection: this.connection.client,
      key: `${this.placement().prefix}:${this.wishes.queue}:deadlines`,
      works: this.handlers !== undefined,
      dropped: (job) => this.wishes.report.dropped(job),
      // A cluster may be there without the node that keeps this queue, and that one may come back empty.
      lost: () => this.noteLoss(),
      found: () => this.begin(),
      emptied: () => this.schedule(queue),
      faulted: (error) => this.noteFault(error),
    });
  }

  private openWorker(handlers: ReadonlyMap<string, JobHandler>): Worker {
    const { queue, lockMs = 30_000, report } = this.wishes;
    const { idempotent, concurrency } = this.queueRow();
    const worker = new Worker(
      queue,
      (job) => this.keepRunning(runJob(this.table, handlers, report, dueJobOf(job))),
      {
        ...this.placement(),
        concurrency,
        maxStalledCount: idempotent ? CRASHES_FORGIVEN : 0,
        lockDuration: lockMs,
        stalledInterval: lockMs,
        settings: {
          backoffStrategy: (made, _type, _error, job) => pauseMs(this.table[job?.name ?? ''], made),
        },
      },
    );
    worker.on('error', (error) => this.noteFault(error));
    worker.on('completed', ({ name, id }) => this.sweep?.noteEnded(name, String(id)));
    return worker;
  }

  private async keepRunning(job: Promise<void>): Promise<void> {
    this.running.add(job);
    return job.finally(() => this.running.delete(job));
  }

  /** The braces put all keys of one queue on one node of a Redis Cluster. */
  private placement() {
    return { connection: this.connection.client, prefix: `{conduit:${this.wishes.queue}}` };
  }

  private queueRow() {
    const row = (this.wishes.queues ?? (queues as QueueTable))[this.wishes.queue];
    if (!row) throw new ConduitError('INTERNAL');
    return row;
  }

  private async schedule(queue: Queue): Promise<void> {
    for (const [name, row] of Object.entries(this.table)) {
      if (row.queue !== this.wishes.queue || row.everyMs === undefined) continue;
      const template = { name, data: { ids: {} }, opts: scheduledOptions(row) };
      await queue.upsertJobScheduler(name, { every: row.everyMs }, template);
    }
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

/** A driver's message may quote what was sent: none goes on. */
function commandFailure(error: unknown): ConduitError {
  const isFull = String((error as Partial<Error>).message).startsWith('OOM');
  return new ConduitError(isFull ? 'TRANSIENT_STORE_FULL' : 'QUEUE_UNAVAILABLE');
}

function dueJobOf(job: Job): Parameters<typeof runJob>[3] {
  return {
    name: job.name,
    content: job.data,
    dueAt: job.timestamp + (job.opts.delay ?? 0),
    attempt: job.attemptsMade + 1,
    last: job.attemptsMade + 1 >= (job.opts.attempts ?? 1),
  };
}
