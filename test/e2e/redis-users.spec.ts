/**
 * Every kind of query over a Redis as it is deployed: TLS under a private authority, and a user of its
 * own for each role. First one node a role, then one node for all of them.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Receiver } from '#apps/broker/src/webhooks/receiver.fixture.js';
import { startPostgres, type PostgresServer } from '#libs/db/postgres-server.fixture.js';
import { openRedis } from '#libs/redis/open-redis.js';
import { AsyncClient } from '#test/e2e/async-client.fixture.js';
import { BrokerNode } from '#test/support/broker-node.js';
import { settle } from '#test/support/settle.js';
import { startConduit, type TestConduit } from '#test/support/start-conduit.js';
import { hasRedis } from '#test/support/test-redis.js';
import { TlsRedis, type RedisUser } from '#test/support/tls-redis.js';

const whenThere = hasRedis('every kind of query over TLS and users of Redis')
  ? describe
  : describe.skip;
const WITHIN_MS = 20_000;

let redis: TlsRedis;
let postgres: PostgresServer;
let receiver: Receiver;
let conduit: TestConduit;
let client: AsyncClient;
const others: BrokerNode[] = [];

const envOf = (user: RedisUser, roles: string): Record<string, string> => ({
  CONDUIT_ROLES: roles,
  CONDUIT_REGISTERED_MIN_SECONDS: '1',
  CONDUIT_WEBHOOK_PRIVATE_RANGES: '127.0.0.0/8,::1',
  CONDUIT_WEBHOOK_CA_FILE: receiver.caFile,
  DATABASE_URL: postgres.url,
  REDIS_URL: redis.urlOf(user),
});

/** What the server has refused to anybody since it was last asked. */
async function refusals(): Promise<number> {
  const connection = openRedis(redis.urlOf('operator'), 'waits');
  const info = await connection.info('errorstats');
  connection.disconnect();
  return Number(/errorstat_NOPERM:count=(\d+)/.exec(info)?.[1] ?? 0);
}

async function post(path: string, body: object): Promise<string> {
  const answer = await conduit.call('POST', path, { body });
  if (answer.status >= 300) throw new Error(JSON.stringify(answer.body));
  return (answer.body as { id: string }).id;
}

async function runsAsync(): Promise<void> {
  const id = await client.submit('SELECT 1 AS n');
  const keyed = { headers: { 'idempotency-key': randomUUID() } };
  const [once, again] = [
    await client.send('SELECT 2 AS n', {}, keyed),
    await client.send('SELECT 2 AS n', {}, keyed),
  ].map(({ body }) => (body as { id: string }).id);
  expect([typeof once, again]).toEqual(['string', once]);
  expect(await client.untilEnded(id)).toMatchObject({ status: 'successful' });
  expect(await client.page(id, 1)).toEqual([{ n: 1 }]);
  expect((await client.remove(`${id}/results`)).status).toBe(204);
}

async function runsRegistered(): Promise<void> {
  const path = `${conduit.queriesPath}/registered`;
  const id = await post(path, {
    ...{ name: 'Zz', registeredQueryType: 'query', frequency: 1, duration: 600 },
    registerCommand: { command: { text: 'SELECT 2 AS n' } },
  });
  const result = await settle('a result', WITHIN_MS, async () => {
    const { status, body } = await conduit.call('GET', `${path}/${id}/results`);
    return status === 200 ? (body as { data: string }) : undefined;
  });
  expect(JSON.parse(Buffer.from(result.data, 'base64').toString())).toEqual([{ n: 2 }]);
  expect((await conduit.call('DELETE', `${path}/${id}`)).status).toBe(204);
}

whenThere('over a Redis with TLS and users', () => {
  beforeAll(async () => {
    const stateDirectory = mkdtempSync(join(tmpdir(), 'conduit-test-'));
    [redis, postgres, receiver] = await Promise.all([
      TlsRedis.start(),
      startPostgres().then((server) => server!),
      Receiver.start(),
    ]);
    const gateway = await BrokerNode.start(stateDirectory, 'gateway', envOf('gateway', 'gateway'));
    others.push(gateway);
    others.push(await BrokerNode.start(stateDirectory, 'worker', envOf('worker', 'worker')));
    conduit = await startConduit({
      stateDirectory,
      scale: 100,
      brokerEnv: {
        ...envOf('api', 'api'),
        CONDUIT_GATEWAY_PORT: String(gateway.ports.gateway),
      },
      site: { limits: { minFrequencySeconds: 1 } },
    });
    client = new AsyncClient(conduit);
  }, 120_000);

  afterAll(async () => {
    await conduit?.stop();
    for (const node of others) await node.stop();
    await Promise.all([redis?.stop(), postgres?.stop(), receiver?.stop()]);
  });

  test('nodes of one role each run async and registered queries and tell of them', async () => {
    const endpoint = { url: receiver.url, events: ['query.succeeded', 'registered.changed'] };
    await post('/integrator/webhooks', endpoint);
    await runsAsync();
    await runsRegistered();
    await settle('both are told', WITHIN_MS, () => {
      const told = receiver.calls.map(({ body }) => body.toString()).join();
      return (told.includes('"async"') && told.includes('"registered"')) || undefined;
    });
  }, 60_000);

  test('nodes of one role each let a query wait for its site, and cancel it', async () => {
    await conduit.conduit.agent?.stop();
    await conduit.untilAvailability('offline');
    const [waits, cancelled] = [
      await client.submit('SELECT 3 AS n'),
      await client.submit('SELECT 4'),
    ];
    expect((await client.remove(cancelled)).status).toBeLessThan(300);
    await conduit.conduit.startAgent();
    expect(await client.untilEnded(waits)).toMatchObject({ status: 'successful' });
  }, 60_000);

  test('one node that plays every role answers immediate, async and registered queries', async () => {
    await conduit.conduit.broker?.stop();
    const gatewayPort = String(others[0]?.ports.gateway);
    for (const node of others) await node.stop();
    conduit.conduit.options.brokerEnv = {
      ...envOf('broker', 'all'),
      CONDUIT_GATEWAY_PORT: gatewayPort,
    };
    await conduit.conduit.startBroker();
    await conduit.untilAvailability('online');
    await settle('the link is back', WITHIN_MS, async () => {
      const { status } = await conduit.query({ text: 'SELECT 5 AS n' });
      return status === 200 || undefined;
    });
    await runsAsync();
    await runsRegistered();
    const ready = await conduit.call('GET', '/health/ready');
    expect(ready.body).toMatchObject({ checks: { redis: 'ok' } });
  }, 60_000);

  test('nothing that a node asked of Redis was refused', async () => {
    expect(await refusals()).toBe(0);
  });
});
