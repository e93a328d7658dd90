/**
 * Drops jobs at their deadline, whether or not a worker has a hand free to find them too late: BullMQ
 * knows no time to live. Beside each queue lies one sorted set of deadlines, written a moment later
 * than the job and cleaned a moment later than its end. What is missed in between is no loss: a job
 * that comes too late is dropped when it comes.
 */
import type { Queue } from 'bullmq';
import type { RedisConnection } from '#libs/redis/open-redis.js';

const SWEEP_MS = 250;
/** Longer than another node may take to write the deadline of a job that ended at once. */
const CLEAN_MS = 2_000;
/** A job that is running at its deadline is looked at again: it may fail and wait. */
const AGAIN_MS = 1_000;
const AT_ONCE = 500;

export interface SweepWishes {
  queue: Queue;
  connection: RedisConnection;
  /** Name of the sorted set, in the queue's own place. */
  key: string;
  /** Only nodes that run jobs look for late ones. */
  works: boolean;
  dropped(job: string): void;
  /** The place of the queue does not answer, although there is a connection. */
  lost(): void;
  /** It answers again. */
  found(): void;
  /**
   * The store holds nothing that says a node was here: it was emptied, or came back empty so soon that
   * no command failed. What must be there is to be put there again.
   */
  emptied(): Promise<void>;
  faulted(error: unknown): void;
}

export class DeadlineSweep {
  private readonly timers: NodeJS.Timeout[];
  private added = new Map<string, number>();
  private ended: string[] = [];
  private isSweeping = false;
  private isLost = false;

  constructor(private readonly wishes: SweepWishes) {
    this.timers = [
      setInterval(() => this.turn(), SWEEP_MS),
      setInterval(() => this.clean(), CLEAN_MS),
    ];
    for (const timer of this.timers) timer.unref();
  }

  noteAdded(job: string, id: string, deadline: number): void {
    this.added.set(memberOf(job, id), deadline);
  }

  noteEnded(job: string, id: string): void {
    const member = memberOf(job, id);
    if (!this.added.delete(member)) this.ended.push(member);
  }

  stop(): void {
    for (const timer of this.timers) clearInterval(timer);
  }

  /** Writes down what it still holds. */
  async settle(): Promise<void> {
    await Promise.all([this.write(), this.clean()]);
  }

  private turn(): void {
    if (this.isSweeping || this.wishes.connection.status !== 'ready') return;
    this.isSweeping = true;
    this.write()
      .then(() => (this.wishes.works ? this.sweep() : undefined))
      .catch((error: unknown) => this.wishes.faulted(error))
      .finally(() => (this.isSweeping = false));
  }

  private async write(): Promise<void> {
    if (this.added.size === 0) return;
    const pairs = [...this.added].flatMap(([member, deadline]) => [deadline, member]);
    this.added = new Map();
    await this.wishes.connection.zadd(this.wishes.key, ...pairs);
  }

  private async clean(): Promise<void> {
    if (this.ended.length === 0 || this.wishes.connection.status !== 'ready') return;
    const ended = this.ended;
    this.ended = [];
    await this.wishes.connection
      .zrem(this.wishes.key, ...ended)
      .catch((error: unknown) => this.wishes.faulted(error));
  }

  private async sweep(): Promise<void> {
    const { connection, key } = this.wishes;
    const due = await connection
      .zrangebyscore(key, '-inf', Date.now(), 'LIMIT', 0, AT_ONCE)
      .catch(() => undefined);
    this.noteAnswer(due !== undefined);
    if (due === undefined) return;
    await this.keepMark();
    for (const member of due) await this.drop(member);
  }

  /** The mark comes last: a node that dies in between leaves the work to the next one. */
  private async keepMark(): Promise<void> {
    const { connection, key, emptied } = this.wishes;
    const mark = `${key}:kept`;
    if ((await connection.exists(mark)) === 1) return;
    await emptied();
    await connection.set(mark, '1');
  }

  private noteAnswer(isThere: boolean): void {
    if (isThere !== this.isLost) return;
    this.isLost = !isThere;
    if (this.isLost) this.wishes.lost();
    else this.wishes.found();
  }

  /** Taking it off the set decides which node drops it. */
  private async drop(member: string): Promise<void> {
    const { connection, key, queue } = this.wishes;
    if ((await connection.zrem(key, member)) === 0) return;
    const [job = '', id = ''] = member.split(' ');
    const state = await queue.getJobState(id);
    if (state === 'waiting' || state === 'delayed') {
      if ((await queue.remove(id)) === 1) return this.wishes.dropped(job);
    } else if (state !== 'active') return;
    await connection.zadd(key, Date.now() + AGAIN_MS, member);
  }
}

const memberOf = (job: string, id: string): string => `${job} ${id}`;
