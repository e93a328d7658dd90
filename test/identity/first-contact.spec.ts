import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { createServer, type AddressInfo } from 'node:net';
import { enrol } from '#apps/agent/src/identity/enrol.js';
import { planAuthority, planServerCertificate } from '#libs/pki/certificate-plan.js';
import { signCertificate } from '#libs/pki/sign-certificate.js';
import { Authority, createAuthority } from '#libs/pki/authority.js';
import { openAuthority } from '#apps/broker/src/enrolment/open-authority.js';
import { authorityFolder } from '#apps/broker/src/enrolment/authority.module.js';
import { ConnectProxy } from '#libs/link/connect-proxy.fixture.js';
import { newStateFolder, startConnectedAgent } from '#test/identity/agent.fixture.js';
import { startTestBroker, type TestBroker } from '#test/identity/broker.fixture.js';

const DAY_MS = 86_400_000;
const hosts = { dnsNames: ['localhost'], ipAddresses: [] };

let broker: TestBroker;
const extra: { stop(): Promise<unknown> }[] = [];

beforeAll(async () => {
  broker = await startTestBroker();
});

afterAll(async () => {
  for (const one of extra) await one.stop();
  await broker.stop();
});

/** Another door to the same broker, with a certificate of the test's choosing. */
async function doorWith(tls: { key: string; cert: string }): Promise<TestBroker> {
  const door = await startTestBroker({
    stateDir: broker.stateDir,
    database: { kysely: broker.kysely, close: async () => undefined },
    tls,
  });
  extra.push(door);
  return door;
}

async function code(): Promise<string> {
  return (await broker.practice()).code.reveal();
}

async function enrolAt(brokerUrl: string, proxy?: string): Promise<string> {
  const stateFolder = newStateFolder();
  await enrol({ stateFolder, brokerUrl, code: await code(), ...(proxy && { proxy }) });
  return stateFolder;
}

function keyPair() {
  const pair = generateKeyPairSync('rsa', { modulusLength: 3072 });
  return { ...pair, pem: pair.privateKey.export({ format: 'pem', type: 'pkcs8' }) as string };
}

describe('first contact', () => {
  test('names what replaces the TLS certificate', async () => {
    const commonName = 'Zz Firewall Inspection CA';
    const root = keyPair();
    const leaf = keyPair();
    const issuer = { commonName, ...root };
    const ca = await signCertificate(planAuthority(commonName, root.publicKey, Date.now()), issuer);
    const plan = planServerCertificate(hosts, leaf.publicKey, Date.now());
    const door = await doorWith({
      key: leaf.pem,
      cert: (await signCertificate(plan, issuer)) + ca,
    });
    await expect(enrolAt(door.url)).rejects.toMatchObject({
      code: 'TLS_INTERCEPTED',
      facts: { host: 'localhost', reason: commonName },
    });
  });

  test('does not take another Conduit for ours', async () => {
    const other = new Authority(await createAuthority('Conduit device authority', Date.now()));
    const leaf = keyPair();
    const issued = await other.issueForServer(hosts, leaf.publicKey, Date.now());
    const door = await doorWith({ key: leaf.pem, cert: issued.certificate + other.pem });
    await expect(enrolAt(door.url)).rejects.toMatchObject({ code: 'CA_PIN_MISMATCH' });
  });

  test('is not fooled by the right authority shown beside a foreign chain', async () => {
    const authority = await openAuthority(authorityFolder(broker.stateDir), Date.now());
    const other = new Authority(await createAuthority('Conduit device authority', Date.now()));
    const leaf = keyPair();
    const issued = await other.issueForServer(hosts, leaf.publicKey, Date.now());
    const door = await doorWith({ key: leaf.pem, cert: issued.certificate + authority.pem });
    await expect(enrolAt(door.url)).rejects.toThrow();
  });

  test.each([
    ['not valid yet', 30 * DAY_MS],
    ['run out', -120 * DAY_MS],
  ])('blames the broker, not the clock, for a certificate that has %s', async (_title, shift) => {
    const authority = await openAuthority(authorityFolder(broker.stateDir), Date.now());
    const leaf = keyPair();
    const at = Date.now() + shift;
    const issued = await authority.issueForServer(hosts, leaf.publicKey, at);
    const door = await doorWith({ key: leaf.pem, cert: issued.certificate + authority.pem });
    await expect(enrolAt(door.url)).rejects.toMatchObject({
      code: 'BROKER_CERTIFICATE_INVALID',
      facts: { reason: 'out-of-date' },
    });
  });

  test('names a wrong clock when the signed time of the broker differs', async () => {
    const authority = await openAuthority(authorityFolder(broker.stateDir), Date.now());
    const leaf = keyPair();
    const at = Date.now() + 30 * DAY_MS;
    const issued = await authority.issueForServer(hosts, leaf.publicKey, at);
    const door = await doorWith({ key: leaf.pem, cert: issued.certificate + authority.pem });
    door.clock.shiftMs = 30 * DAY_MS;
    await expect(enrolAt(door.url)).rejects.toMatchObject({
      code: 'CLOCK_SKEWED',
      facts: { reason: 'confirmed' },
    });
  });

  test('names a host that does not exist', async () => {
    await expect(enrolAt('https://broker.invalid')).rejects.toMatchObject({
      code: 'HOST_UNKNOWN',
      facts: { host: 'broker.invalid' },
    });
  });

  test('names a host that takes no connection', async () => {
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    await expect(enrolAt(`https://localhost:${port}`)).rejects.toMatchObject({
      code: 'HOST_REFUSED',
    });
  });

  test.each([
    ['without a password', undefined],
    ['with a password', 'zz-user:zz-pass'],
  ])('goes through a proxy %s, and so does the link', async (_title, credentials) => {
    const proxy = new ConnectProxy(credentials);
    extra.push(proxy);
    const url = await proxy.start();
    const agent = await startConnectedAgent(await enrolAt(broker.url, url), url);
    expect(proxy.asked).toEqual(
      expect.arrayContaining([new URL(broker.url).host, `localhost:${broker.gatewayPort}`]),
    );
    expect(JSON.stringify(agent.log.lines)).not.toContain('zz-pass');
    await agent.stop(0);
  });

  test('names a proxy that refuses', async () => {
    const proxy = new ConnectProxy('zz-user:zz-pass');
    extra.push(proxy);
    const url = (await proxy.start()).replace('zz-pass', 'zz-wrong');
    await expect(enrolAt(broker.url, url)).rejects.toMatchObject({
      code: 'PROXY_REFUSED',
      facts: { reason: 'authentication-required' },
    });
  });
});
