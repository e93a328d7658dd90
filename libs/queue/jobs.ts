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
  /** Pause before the next attempt: at least base, at most max; absent: 5 s to 2 min. */
  pause?: { baseMs: number; maxMs: number };
  /** From when it was due; later than that it is not worth doing. */
  deadlineMs: number;
  /** Names of the ids it carries. */
  ids: readonly string[];
}

export type QueueTable = Readonly<Record<string, QueueRow>>;
export type JobTable = Readonly<Record<string, JobRow>>;

export const queues = {
  housekeeping: { idempotent: true, concurrency: 1 },
  /** Queries on their way to their site, and to their end. */
  queries: { idempotent: true, concurrency: 32 },
  /** Stored results on their way out. */
  results: { idempotent: true, concurrency: 4 },
  /** Deliveries wait for strangers' servers, so many may be under way. */
  webhooks: { idempotent: true, concurrency: 64 },
} as const satisfies QueueTable;

const DAY_MS = 24 * HOUR_MS;

/** What housekeeping misses, the next hour does: its deadline is the time of its successor. */
const hourly = {
  queue: 'housekeeping',
  everyMs: HOUR_MS,
  attempts: 3,
  deadlineMs: HOUR_MS,
  ids: [],
} as const;

export const jobs = {
  /** The records of every agent are held against the broker's. */
  'audit.reconcile': { ...hourly, everyMs: DAY_MS, deadlineMs: DAY_MS },
  /** An access request that nobody decided becomes a declined one. */
  'access-request.expire': hourly,
  /** Enrolment codes that can enrol nobody any more are forgotten. */
  'enrolment-code.purge': hourly,
  /** Pairing codes that can pair nobody any more are forgotten. */
  'pairing-code.purge': hourly,
  /** Sessions, invitations and roles that are over are forgotten. */
  'people.purge': hourly,
  /** Whoever decides is reminded that an assessment runs out. */
  'incident.remind': hourly,
  /** Practices are reminded of privacy requests whose clock runs out. */
  'privacy-request.remind': hourly,
  /** A submitted query enters its site's waiting list. */
  'query.dispatch': {
    queue: 'queries',
    attempts: 10,
    pause: { baseMs: 250, maxMs: 10_000 },
    deadlineMs: 2 * HOUR_MS,
    ids: ['queryId', 'siteId', 'integratorId'],
  },
  /** A query whose time in the queue is over ends as expired; worth doing however late. */
  'query.expire': {
    queue: 'queries',
    attempts: 10,
    pause: { baseMs: 250, maxMs: 10_000 },
    deadlineMs: DAY_MS,
    ids: ['queryId'],
  },
  /** A result that was kept long enough goes, and the audit says so. */
  'result.purge': {
    queue: 'results',
    attempts: 10,
    deadlineMs: 7 * DAY_MS,
    ids: ['ownerId', 'siteId', 'integratorId'],
  },
  /** What comes due is planned: who it concerns can see it and undo it. */
  'retention.plan': { ...hourly, everyMs: DAY_MS, deadlineMs: DAY_MS },
  /** What was planned and has waited is destroyed, and entered in the register. */
  'retention.execute': hourly,
  /**
   * One attempt to tell one endpoint of one event. The next attempt is a new job; these attempts are
   * for a store that is away.
   */
  'webhook.deliver': {
    queue: 'webhooks',
    attempts: 3,
    deadlineMs: DAY_MS,
    ids: ['deliveryId'],
  },
  /** An endpoint keeps its newest deliveries; by their age they go by the retention schedule. */
  'webhook-delivery.purge': hourly,
} as const satisfies JobTable;

export type QueueName = keyof typeof queues;
export type JobName = keyof typeof jobs;
