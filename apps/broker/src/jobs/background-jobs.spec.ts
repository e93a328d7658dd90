import { EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { BrokerPractice } from '#apps/broker/src/grants/broker-practice.fixture.js';
import { ExpireAccessRequests } from '#apps/broker/src/housekeeping/expire-access-requests.js';
import { PurgeEnrolmentCodes } from '#apps/broker/src/housekeeping/purge-enrolment-codes.js';
import { PurgePairingCodes } from '#apps/broker/src/housekeeping/purge-pairing-codes.js';
import { PurgePeople } from '#apps/broker/src/housekeeping/purge-people.js';
import { BackgroundJobs } from '#apps/broker/src/jobs/background-jobs.js';
import { MemoryEventLog } from '#apps/broker/src/logging/event-log.js';
import { ExecuteDestructions } from '#apps/broker/src/retention/execute-destructions.js';
import { PlanDestructions } from '#apps/broker/src/retention/plan-destructions.js';
import { PurgeWebhookDeliveries } from '#apps/broker/src/webhooks/purge-webhook-deliveries.js';
import { startRedis, type RedisServer } from '#deploy/dev/redis-server.js';
import { Secret } from '#libs/kernel/secret.js';
import { jobs } from '#libs/queue/jobs.js';
import { UnmatchedJobs, type JobHandler, type JobTurn } from '#libs/queue/job-handlers.js';

let folder: string;
let redis: RedisServer;
let practice: BrokerPractice;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'conduit-housekeeping-'));
  // One of our own: a configured one is not ours to empty.
  delete process.env['REDIS_URL'];
  redis = await startRedis(folder, () => undefined);
  practice = await BrokerPractice.open();
});
afterAll(async () => {
  await practice.close();
  await redis.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Says `done` with a job's name after each run, well ended or not. */
class Watched extends EventEmitter {
  constructor(private readonly handler: JobHandler) {
    super();
  }

  get job(): string {
    return this.handler.job;
  }

  async execute(ids: Readonly<Record<string, string>>, turn: JobTurn): Promise<void> {
    try {
      await this.handler.execute(ids, turn);
    } finally {
      setImmediate(() => this.emit('done'));
    }
  }
}

function theHandlers(): Watched[] {
  const { store, audit, broadcast, clock } = practice;
  return [
    new ExpireAccessRequests(store.kysely, audit, broadcast, clock),
    new PurgeEnrolmentCodes(store.kysely, clock),
    new PurgePairingCodes(store.kysely, clock),
    new PurgePeople(store.kysely, clock),
    new PurgeWebhookDeliveries(store.kysely),
    new PlanDestructions(store.kysely, clock),
    new ExecuteDestructions(store.kysely, audit, clock),
  ].map((handler) => new Watched(handler));
}

function aConfig(redisUrl?: string): BrokerConfig {
  const config = new BrokerConfig();
  if (redisUrl !== undefined) config.redisUrl = new Secret(redisUrl);
  config.drainSeconds = 5;
  return config;
}

/** The jobs of `theHandlers`. */
const tidied: readonly string[] = [
  'access-request.expire',
  'enrolment-code.purge',
  'pairing-code.purge',
  'people.purge',
  'webhook-delivery.purge',
  'retention.plan',
  'retention.execute',
];

/** What other rooms would do. */
const elsewhere = Object.keys(jobs)
  .filter((job) => !tidied.includes(job))
  .map((job) => ({ job, execute: () => Promise.resolve() }));

/** A node as the broker makes it when every room is there. */
function aNode(handlers: JobHandler[], log = new MemoryEventLog(), redisUrl?: string) {
  const node = new BackgroundJobs(aConfig(redisUrl), log, () => [...handlers, ...elsewhere]);
  node.onApplicationBootstrap();
  return node;
}

async function anOldRequest(): Promise<void> {
  await practice.store.kysely
    .insertInto('access_requests')
    .values({
      access_request_id: 'old',
      site_id: 'site-1',
      integrator_id: 'integrator-1',
      state: 'pending',
      asked: JSON.stringify({ scopes: ['sql:read'], catalogues: [], purposes: [] }),
      created_at: new Date(0),
    })
    .execute();
}

/** Long due by the retention schedule. */
async function anOldCount(): Promise<void> {
  await practice.store.kysely
    .insertInto('usage_counts')
    .values({
      ...{ integrator_id: 'integrator-1', site_id: 'site-1', day: '1990-01-01', kind: 'async' },
      ...{ access: 'read', outcome: 'successful', queries: 1, sql_ms: 1, duration_ms: 1 },
      ...{ request_bytes: 1, result_bytes: 1 },
    })
    .execute();
}

describe('the jobs of the broker', () => {
  test('are done once by two nodes', async () => {
    await anOldRequest();
    await anOldCount();
    const handlers = [theHandlers(), theHandlers()];
    const log = new MemoryEventLog();
    const nodes = handlers.map((own) => aNode(own, log, redis.url));
    const turns = theHandlers().map((_, n) =>
      Promise.race(handlers.map((own) => once(own[n] as Watched, 'done'))),
    );
    for (const node of nodes) node.start();
    await Promise.all(turns);
    for (const node of nodes) await node.beforeApplicationShutdown();
    const row = await practice.store.kysely
      .selectFrom('access_requests')
      .select('state')
      .executeTakeFirst();
    expect(row?.state).toBe('declined');
    expect(practice.audit.records).toHaveLength(1);
    const plans = await practice.store.kysely.selectFrom('retention_plans').selectAll().execute();
    expect(plans).toMatchObject([{ kind: 'usage-count', records: '1', state: 'planned' }]);
    expect(log.lines).toEqual([]);

    const client = new Redis(redis.url);
    const completed = await client.zcard('{conduit:housekeeping}:housekeeping:completed');
    const next = await client.zcard('{conduit:housekeeping}:housekeeping:delayed');
    await client.flushall();
    client.disconnect();
    const due = Object.values(jobs).filter(({ queue }) => queue === 'housekeeping').length;
    expect([completed, next]).toEqual([due, due]);
  });

  test('say in the log that one failed, by its code and never by its words', async () => {
    await anOldRequest().catch(() => undefined);
    await practice.store.kysely.updateTable('access_requests').set({ state: 'pending' }).execute();
    practice.audit.refuses = true;
    const handlers = theHandlers();
    const log = new MemoryEventLog();
    const node = aNode(handlers, log, redis.url);
    const tried = once(handlers[0] as Watched, 'done');
    node.start();
    await tried;
    await node.beforeApplicationShutdown();
    practice.audit.refuses = false;
    expect(log.lines).toEqual([
      {
        event: 'job.failed',
        fields: {
          job: 'access-request.expire',
          code: 'INTERNAL',
          last: false,
          errorName: 'Error',
          at: expect.stringMatching(/^apps\/broker\//),
        },
      },
    ]);
  });

  test('are off without Redis, and the log says so', async () => {
    const log = new MemoryEventLog();
    const node = aNode(theHandlers(), log);
    node.start();
    await node.beforeApplicationShutdown();
    expect(log.lines).toEqual([{ event: 'jobs.off', fields: { reason: 'no-redis' } }]);
  });

  test('keep a broker from starting unless each has one handler', () => {
    const [first, ...others] = theHandlers();
    expect(() => aNode(others)).toThrow(UnmatchedJobs);
    expect(() =>
      aNode([...theHandlers(), { ...others[0], job: 'sky.fall' } as JobHandler]),
    ).toThrow(UnmatchedJobs);
    expect(() => aNode([first as Watched, first as Watched, ...others])).toThrow(UnmatchedJobs);
  });
});
