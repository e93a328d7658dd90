/**
 * Two nodes with roles of their own, one for callers and one for agents, that share a PostgreSQL and
 * a Redis: what happens at one is known at the other within seconds.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { enrol } from '#apps/agent/src/identity/enrol.js';
import { SiteLinks } from '#apps/broker/src/gateway/site-links.port.js';
import { MemoryEventLog } from '#apps/broker/src/logging/event-log.js';
import { readBrokerConfig } from '#apps/broker/src/read-broker-config.js';
import { startBroker, type RunningBroker } from '#apps/broker/src/start-broker.js';
import { HttpsJson } from '#deploy/dev/https-json.js';
import { startPostgres, type PostgresServer } from '#libs/db/postgres-server.fixture.js';
import { newStateFolder, startConnectedAgent } from '#test/identity/agent.fixture.js';
import { TestRedis } from '#test/support/test-redis.js';
import { until } from '#test/support/settle.js';

const stateDir = mkdtempSync(join(tmpdir(), 'conduit-roles-'));
const stateFolder = newStateFolder();
let postgres: PostgresServer;
let redis: TestRedis;
let gateway: RunningBroker;
let nodes: RunningBroker[] = [];
const clients: HttpsJson[] = [];

function startNode(roles: string, gatewayPort = 0): Promise<RunningBroker> {
  const config = readBrokerConfig({
    CONDUIT_STATE_DIR: stateDir,
    CONDUIT_ROLES: roles,
    CONDUIT_API_PORT: '0',
    CONDUIT_METRICS_PORT: '0',
    CONDUIT_GATEWAY_PORT: String(gatewayPort),
    CONDUIT_DRAIN_SECONDS: '0',
    DATABASE_URL: postgres.url,
    REDIS_URL: redis.url,
  });
  return startBroker(config, new MemoryEventLog());
}

beforeAll(async () => {
  postgres = (await startPostgres())!;
  redis = await TestRedis.single();
  gateway = await startNode('gateway,worker');
  nodes = [gateway];
  for (let i = 0; i < 2; i++) nodes.push(await startNode('api', gateway.ports.gateway));
}, 120_000);

afterAll(async () => {
  for (const client of clients) await client.close();
  for (const node of nodes.reverse()) await node.stop();
  await redis?.stop();
  await postgres?.stop();
  for (const folder of [stateDir, stateFolder]) rmSync(folder, { recursive: true, force: true });
});

/** A caller of one of the API nodes, over a connection that it keeps. */
function callerOf(node: number, headers: Record<string, string>): HttpsJson {
  const kept = readFileSync(join(stateDir, 'pki', 'device-authority.json'), 'utf8');
  const caFile = join(stateDir, 'ca.pem');
  writeFileSync(caFile, (JSON.parse(kept) as { certificate: string }).certificate);
  const origin = `https://localhost:${nodes[node]!.ports.api}`;
  const client = new HttpsJson(origin, caFile, headers);
  clients.push(client);
  return client;
}

function operatorOf(node: number): HttpsJson {
  const token = readFileSync(join(stateDir, 'operator-token'), 'utf8').trim();
  return callerOf(node, { authorization: `Bearer ${token}` });
}

test('a key that is revoked at one node is refused at the other within two seconds', async () => {
  const operator = operatorOf(1);
  const integrator = { name: 'Zz Vendor', contactEmail: 'vendor@example.com' };
  const { integratorId } = await operator.expect<{ integratorId: string }>(
    'POST',
    '/operator/integrators',
    { ...integrator, purposes: ['HOPERAT'], countries: ['AU'] },
  );
  const { key, keyId } = await operator.expect<{ key: string; keyId: string }>(
    'POST',
    `/operator/integrators/${integratorId}/keys`,
    { name: 'first key' },
  );
  const callers = [1, 2].map((node) => callerOf(node, { 'ocp-apim-subscription-key': key }));
  const answers = () =>
    Promise.all(
      callers.map(async (caller) => (await caller.request('GET', '/integrator/sites')).status),
    );
  await until(async () => (await answers()).every((status) => status === 200), 3_000);
  const startedAt = performance.now();
  expect((await operator.request('DELETE', `/operator/keys/${keyId}`)).status).toBe(204);
  await until(async () => (await answers()).every((status) => status === 401), 5_000);
  expect(performance.now() - startedAt).toBeLessThan(2_000);
});

test('a node without agents of its own knows which sites are there', async () => {
  const operator = operatorOf(1);
  const { practiceId } = await operator.expect<{ practiceId: string }>(
    'POST',
    '/operator/practices',
    { name: 'Zz Practice' },
  );
  const { code, sites } = await operator.expect<{ code: string; sites: { siteId: string }[] }>(
    'POST',
    `/operator/practices/${practiceId}/enrolment-codes`,
    { sites: [{ name: 'Zz Site', pmsType: 'BestPractice', pmsSiteId: '90001' }] },
  );
  const siteId = sites[0]!.siteId;
  const known = () =>
    [1, 2].map((node) => nodes[node]!.app.get(SiteLinks, { strict: false }).availability(siteId));
  const becomes = async (state: string) => {
    const startedAt = performance.now();
    await until(() => known().every((availability) => availability === state), 20_000);
    return performance.now() - startedAt;
  };
  await becomes('offline');
  await enrol({ stateFolder, brokerUrl: `https://localhost:${nodes[1]!.ports.api}`, code });
  const agent = await startConnectedAgent(stateFolder);
  expect(await becomes('online')).toBeLessThan(3_000);
  await agent.stop(0);
  expect(await becomes('offline')).toBeLessThan(3_000);
});
