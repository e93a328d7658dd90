import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { Client } from 'undici';
import { CertificateFiles } from '#apps/broker/src/edge/api-certificate.js';
import { authorityFolder, gatewayHosts } from '#apps/broker/src/enrolment/authority.module.js';
import { openAuthority } from '#apps/broker/src/enrolment/open-authority.js';
import { ServerIdentity } from '#apps/broker/src/enrolment/server-identity.js';
import { MemoryEventLog } from '#apps/broker/src/logging/event-log.js';
import { readBrokerConfig } from '#apps/broker/src/read-broker-config.js';
import { startBroker } from '#apps/broker/src/start-broker.js';
import { enrolAgent, startConnectedAgent } from '#test/identity/agent.fixture.js';
import { startTestBroker, type TestBroker } from '#test/identity/broker.fixture.js';
import { until } from '#test/support/settle.js';

/** Renewed at half of it: a busy machine may be seconds late. */
const LIFE_SECONDS = 10;

let broker: TestBroker;

beforeAll(async () => {
  broker = await startTestBroker({ serverCertificateSeconds: LIFE_SECONDS });
});

afterAll(() => broker.stop());

/** Serial and end of the certificate that a new connection is shown. */
function shownAt(port: number): Promise<{ serial: string; endsMs: number }> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      const { serialNumber, valid_to: end } = socket.getPeerCertificate();
      socket.destroy();
      resolve({ serial: serialNumber, endsMs: Date.parse(end) });
    });
    socket.once('error', reject);
  });
}

test("the gateway's certificate is renewed before it ends, and no link is dropped for it", async () => {
  const agent = await startConnectedAgent(await enrolAgent(broker, await broker.practice()));
  const connections = () =>
    agent.log.lines.filter(({ event }) => event === 'link.connected').length;
  const first = await shownAt(broker.gatewayPort);
  await until(() => Date.now() > first.endsMs, 20_000);
  const later = await shownAt(broker.gatewayPort);
  expect(later.serial).not.toBe(first.serial);
  expect(later.endsMs).toBeGreaterThan(Date.now());
  expect(agent.link.state).toBe('connected');
  expect(connections()).toBe(1);
  agent.link.redial();
  await until(() => connections() === 2 && agent.link.attached);
  await agent.stop(0);
});

test("the API's own certificate is renewed while it serves, and a kept connection goes on", async () => {
  const stateDir = mkdtempSync(join(tmpdir(), 'conduit-api-'));
  const log = new MemoryEventLog();
  const node = await startBroker(
    readBrokerConfig({
      CONDUIT_STATE_DIR: stateDir,
      CONDUIT_ROLES: 'api',
      CONDUIT_API_PORT: '0',
      CONDUIT_METRICS_PORT: '0',
      CONDUIT_DRAIN_SECONDS: '0',
      CONDUIT_SERVER_CERTIFICATE_SECONDS: String(2 * LIFE_SECONDS),
    }),
    log,
  );
  const { api: port } = node.ports;
  const { certificate: ca } = JSON.parse(
    readFileSync(join(stateDir, 'pki', 'device-authority.json'), 'utf8'),
  ) as { certificate: string };
  const open = () => new Client(`https://localhost:${port}`, { connect: { ca } });
  const isServed = async (client: Client): Promise<boolean> => {
    const { statusCode, body } = await client.request({ method: 'GET', path: '/health/live' });
    await body.dump();
    return statusCode === 200;
  };
  const kept = open();
  // A busy machine may show one that has just ended; the next one comes.
  await until(() => isServed(kept).catch(() => false), 20_000);
  let losses = 0;
  kept.on('disconnect', () => (losses += 1));
  const first = await shownAt(port);
  await until(async () => {
    expect(await isServed(kept)).toBe(true);
    return Date.now() > first.endsMs && (await shownAt(port)).endsMs > Date.now();
  }, 40_000);
  expect((await shownAt(port)).serial).not.toBe(first.serial);
  expect(losses).toBe(0);
  const fresh = open();
  await until(() => isServed(fresh).catch(() => false), 20_000);
  expect(log.lines).toContainEqual({ event: 'certificate.renewed', fields: { what: 'api' } });
  await Promise.all([kept.close(), fresh.close()]);
  await node.stop();
  rmSync(stateDir, { recursive: true });
}, 90_000);

test('files that somebody else renews are shown once they fit each other', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'conduit-tls-'));
  const authority = await openAuthority(authorityFolder(folder), Date.now());
  const make = async () =>
    (await ServerIdentity.make(authority, gatewayHosts('localhost'), Date.now())).current;
  const files = { key: join(folder, 'key.pem'), cert: join(folder, 'cert.pem') };
  const [old, renewed] = [await make(), await make()];
  writeFileSync(files.key, old.privateKey);
  writeFileSync(files.cert, old.chain);
  const certificate = new CertificateFiles(files.key, files.cert, 10);
  const server = createServer(certificate.current).listen(0, '127.0.0.1');
  let renewals = 0;
  certificate.follow(server, () => (renewals += 1));
  await until(() => server.listening);
  const { port } = server.address() as AddressInfo;
  const before = await shownAt(port);
  writeFileSync(files.cert, renewed.chain);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await shownAt(port)).toEqual(before);
  writeFileSync(files.key, renewed.privateKey);
  await until(() => renewals === 1);
  expect((await shownAt(port)).serial).not.toBe(before.serial);
  expect(certificate.current.cert).toBe(readFileSync(files.cert, 'utf8'));
  certificate.stop();
  server.close();
  rmSync(folder, { recursive: true });
});
