import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startPostgres, type PostgresServer } from '#libs/db/postgres-server.fixture.js';
import { BrokerNode } from '#test/support/broker-node.js';
import { startConduit, type TestConduit } from '#test/support/start-conduit.js';
import { until } from '#test/support/settle.js';

let postgres: PostgresServer | undefined;
let conduit: TestConduit;

beforeAll(async () => {
  postgres = await startPostgres();
  conduit = await startConduit({
    ceiling: { rawSqlWrites: true },
    approval: ['--scopes', 'sql:read,sql:write'],
    ...(postgres && { brokerEnv: { DATABASE_URL: postgres.url } }),
  });
}, 90_000);

afterAll(async () => {
  await conduit.stop();
  await postgres?.stop();
}, 30_000);

const health = (what: 'live' | 'ready') => conduit.call('GET', `/health/${what}`, { key: '' });

/** A statement that takes three seconds, once the database has it. */
async function slowQuery(): Promise<{ answer: ReturnType<TestConduit['query']> }> {
  const answer = conduit.query({ text: "WAITFOR DELAY '00:00:03'; SELECT 42 AS answer" });
  await until(async () => /^conduit_queries_running 1$/m.test(await metrics()));
  return { answer };
}

/** A query works; the register may call a site online a little before and after that is true. */
const answers = async () => (await conduit.query({ text: 'SELECT 1 AS v' })).status === 200;

const metrics = async () => (await fetch(conduit.conduit.metricsUrl)).text();

test('a node that has all it needs is live and ready, without a key', async () => {
  expect(await health('live')).toMatchObject({ status: 200, body: { live: true } });
  const checks = { database: 'ok', redis: 'ok', audit: 'ok', listener: 'ok' };
  expect(await health('ready')).toMatchObject({ status: 200, body: { ready: true, checks } });
});

test('metrics count by declared route, mode and outcome, and name nobody', async () => {
  await conduit.rows('SELECT TOP (3) SURNAME FROM dbo.Patient');
  await conduit.query({ text: 'SELECT nothing FROM dbo.nowhere' });
  await conduit.call('GET', '/no/such/route');
  const text = await metrics();
  expect(text).toMatch(
    /^conduit_query_duration_seconds_count\{mode="reader",outcome="successful"\} /m,
  );
  expect(text).toMatch(/^conduit_query_duration_seconds_count\{mode="reader",outcome="failed"\} /m);
  expect(text).toMatch(/^conduit_http_requests_total\{method="GET",route="none",status="4xx"\} /m);
  expect(text).toContain('route="/integrator/sites/:siteId/queries/immediate"');
  const { siteId, practiceId, integrator, grantId = 'none' } = conduit;
  for (const id of [siteId, practiceId, integrator.integratorId, grantId, 'such', 'nowhere']) {
    expect(text).not.toContain(id);
  }
});

test('a broker that is told to stop lets the running statement answer', async () => {
  const { answer } = await slowQuery();
  const stopped = conduit.conduit.broker?.stop(30_000);
  expect((await answer).status).toBe(200);
  await stopped;
  expect(conduit.conduit.broker?.process.exitCode).toBe(0);
  await conduit.conduit.startBroker();
  await until(answers, 40_000);
}, 90_000);

test('a node whose port another program has says which', async () => {
  const { conduit: local } = conduit;
  const taken = new URL(local.apiOrigin).port;
  const start = BrokerNode.start(local.path('apart'), 'apart', {
    ...{ REDIS_URL: local.redis?.url ?? '', CONDUIT_API_PORT: taken },
  });
  await expect(start).rejects.toThrow(`"systemCode":"EADDRINUSE","port":${taken}`);
});

test('an agent that is told to stop lets the running statement answer, and refuses new ones', async () => {
  const { answer } = await slowQuery();
  const stopped = conduit.conduit.agent?.stop(30_000);
  expect((await answer).status).toBe(200);
  await stopped;
  expect(conduit.conduit.agent?.process.exitCode).toBe(0);
  expect((await conduit.query({ text: 'SELECT 1 AS v' })).status).toBe(503);
  await conduit.conduit.startAgent();
  await until(answers, 40_000);
}, 90_000);

test('a node without Redis is degraded, ready, and answers queries', async () => {
  await conduit.conduit.redis?.stop();
  await until(async () => {
    const { body } = await health('ready');
    return (body as { checks: { redis: string } }).checks.redis === 'degraded';
  });
  expect(await health('ready')).toMatchObject({ status: 200, body: { ready: true } });
  expect(await conduit.rows('SELECT 1 AS v')).toEqual([{ v: 1 }]);
}, 60_000);

test('a node without its database is live and not ready', async () => {
  if (!postgres) {
    console.warn('SKIPPED: no PostgreSQL server program on this machine.');
    return;
  }
  await postgres.stop();
  postgres = undefined;
  await until(async () => (await health('ready')).status === 503);
  expect(await health('ready')).toMatchObject({
    body: { ready: false, checks: { database: 'unavailable' } },
  });
  expect(await health('live')).toMatchObject({ status: 200 });
}, 60_000);
