/**
 * The keeper of BullMQ: what runs in the background, and the only room that knows how. Promises: a
 * job carries ids and a deadline, never content; nothing a handler returns or throws reaches Redis
 * but a bare code; each node has one worker per queue, never one per site; a job that comes too
 * late is dropped unseen; a node whose jobs have not exactly one handler each does not start.
 *
 * The tables of queues and jobs.
 */
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

export interface QueueRow {
  /**
   * All its jobs may run twice: one whose node vanished is given to another. Where this is false it
   * fails instead, because nobody knows how far it came.
   */
  idempotent: boolean;
  /** Jobs that one node runs at once. */
  concurrency: number;
}

export interface JobRow {
  queue: string;
  /** Every so often, whatever the number of nodes; absent: only when somebody adds it. */
  everyMs?: number;
  /** How often a handler may throw before the job has failed. */
  attempts: number;
  /** From when it was due; later than that it is not worth doing. */
  deadlineMs: number;
  /** Names of the ids it carries. */
  ids: readonly string[];
}

export type QueueTable = Readonly<Record<string, QueueRow>>;
export type JobTable = Readonly<Record<string, JobRow>>;

export const queues = {
  housekeeping: { idempotent: true, concurrency: 1 },
} as const satisfies QueueTable;

/** What housekeeping misses, the next hour does: its deadline is the time of its successor. */
const hourly = {
  queue: 'housekeeping',
  everyMs: HOUR_MS,
  attempts: 3,
  deadlineMs: HOUR_MS,
  ids: [],
} as const;

export const jobs = {
  /** An access request that nobody decided becomes a declined one. */
  'access-request.expire': hourly,
  /** Enrolment codes that can enrol nobody any more are forgotten. */
  'enrolment-code.purge': hourly,
  /** Pairing codes that can pair nobody any more are forgotten. */
  'pairing-code.purge': hourly,
} as const satisfies JobTable;

export type QueueName = keyof typeof queues;
export type JobName = keyof typeof jobs;
