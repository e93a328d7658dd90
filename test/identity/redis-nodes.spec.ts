/** Two nodes that know of each other through a real Redis and one real PostgreSQL only. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AgentIdentity } from '#apps/agent/src/identity/agent-identity.js';
import { RedisBroadcast } from '#apps/broker/src/broadcast/broadcast.redis.js';
import { BlockAgent } from '#apps/broker/src/gateway/block-agent.js';
import { startRedis, type RedisServer } from '#deploy/dev/redis-server.js';
import { openDatabase, type OpenedDatabase } from '#libs/db/open-database.js';
import { startPostgres, type PostgresServer } from '#libs/db/postgres-server.fixture.js';
import { Secret } from '#libs/kernel/secret.js';
import { enrolAgent, startConnectedAgent, type TestAgent } from '#test/identity/agent.fixture.js';
import { startTestBroker, type TestBroker } from '#test/identity/broker.fixture.js';
import { until } from '#test/support/settle.js';

const folder = mkdtempSync(join(tmpdir(), 'conduit-nodes-'));
let postgres: PostgresServer;
let redis: RedisServer;
const closing: (() => Promise<void>)[] = [];
let here: TestBroker;
let there: TestBroker;
let broadcasts: RedisBroadcast[];

async function node(stateDir?: string): Promise<TestBroker> {
  const database: OpenedDatabase = await openDatabase({ url: postgres.url });
  const broadcast = new RedisBroadcast(redis.url);
  broadcasts.push(broadcast);
  const redisUrl = new Secret(redis.url);
  const shared = stateDir === undefined ? {} : { stateDir };
  const broker = await startTestBroker({ database, broadcast, redisUrl, ...shared });
  closing.unshift(async () => {
    await broker.stop();
    await broadcast.close();
    await database.close();
  });
  return broker;
}

beforeAll(async () => {
  postgres = (await startPostgres())!;
  redis = await startRedis(folder);
  broadcasts = [];
  here = await node();
  there = await node(here.stateDir);
  await until(() => broadcasts.every((broadcast) => broadcast.state() === 'ok'));
});

afterAll(async () => {
  for (const close of closing) await close();
  await redis.stop();
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
});

const anAgent = async (): Promise<TestAgent> =>
  startConnectedAgent(await enrolAgent(there, await there.practice()));

/** Milliseconds until an agent at the other node is cut, when this node revokes it. */
async function revokeFromHere(agent: TestAgent): Promise<number> {
  const started = performance.now();
  await here.app.get(BlockAgent).revoke(agent.app.get(AgentIdentity).agentId, 'operator');
  await until(() => agent.link.state !== 'connected');
  return performance.now() - started;
}

test('a revocation at one node cuts the agent at another within two seconds', async () => {
  const agent = await anAgent();
  expect(await revokeFromHere(agent)).toBeLessThan(2_000);
  await agent.stop(0);
});

test('links outlive a killed Redis, and when it is back revocations reach the other node again', async () => {
  const agent = await anAgent();
  process.kill(redis.pid!, 'SIGKILL');
  await until(() => broadcasts.every((broadcast) => broadcast.state() === 'degraded'));
  expect(agent.link.state).toBe('connected');
  await expect(here.app.get(BlockAgent).revoke('nobody', 'operator')).resolves.toBe(false);
  expect(agent.link.attached).toBe(true);
  const args = ['--port', '0', '--unixsocket', redis.url.replace('unix://', ''), '--save', ''];
  const again = spawn('redis-server', args, { stdio: 'ignore', cwd: folder });
  closing.push(async () => void again.kill('SIGKILL'));
  await until(() => broadcasts.every((broadcast) => broadcast.state() === 'ok'), 20_000);
  expect(await revokeFromHere(agent)).toBeLessThan(2_000);
  await agent.stop(0);
});
