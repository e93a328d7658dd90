import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { authorityFolder } from '#apps/broker/src/enrolment/authority.module.js';
import { openAuthority } from '#apps/broker/src/enrolment/open-authority.js';
import type { IdentityRecord, TlsRecord } from '#apps/agent/src/identity/identity-folder.js';
import { joinHeaders } from '#libs/contracts/link-messages.js';
import { dial } from '#libs/link/dial.js';
import { Authority, createAuthority } from '#libs/pki/authority.js';
import { planAgentCertificate } from '#libs/pki/certificate-plan.js';
import { makeTlsKey, spkiSha256, type KeyPair } from '#libs/pki/keys.js';
import { signCertificate } from '#libs/pki/sign-certificate.js';
import { enrolAgent } from '#test/identity/agent.fixture.js';
import { startTestBroker, type TestBroker } from '#test/identity/broker.fixture.js';

const DAY_MS = 86_400_000;

let broker: TestBroker;
let authority: Authority;
let key: KeyPair;
let identity: IdentityRecord;
let own: { cert: string; key: string };
let sequence = 0;

beforeAll(async () => {
  broker = await startTestBroker();
  authority = await openAuthority(authorityFolder(broker.stateDir), Date.now());
  const folder = join(await enrolAgent(broker, await broker.practice()), 'identity');
  identity = JSON.parse(readFileSync(join(folder, 'identity.json'), 'utf8')) as IdentityRecord;
  const tls = JSON.parse(readFileSync(join(folder, 'tls.json'), 'utf8')) as TlsRecord;
  own = { cert: tls.certificate, key: tls.privateKey };
  key = await makeTlsKey();
});

afterAll(() => broker.stop());

const privatePem = () => key.privateKey.export({ format: 'pem', type: 'pkcs8' }) as string;

/** Knocks with a certificate; afterwards the good one must still open the door. */
async function knock(
  credentials: { cert: string; key: string },
  headers?: Record<string, string>,
): Promise<void> {
  const { link } = await dial({
    host: 'localhost',
    port: broker.gatewayPort,
    ca: authority.pem,
    ...credentials,
    headers: {
      [joinHeaders.sequence]: String((sequence += 1)),
      [joinHeaders.joinId]: randomUUID(),
      [joinHeaders.instanceId]: instanceId,
      ...headers,
    },
  });
  link.close();
}

const instanceId = randomUUID();

interface Wish {
  practiceId?: string;
  agentId?: string;
  trustDomain?: string;
  at?: number;
  /** Known to the broker as a certificate of this agent. */
  isRegistered?: boolean;
  by?: Authority;
}

async function certificateFor(wish: Wish): Promise<{ cert: string; key: string }> {
  const { agentId, practiceId, trustDomain } = { ...identity, ...wish };
  const request = { publicKey: key.publicKey, spkiSha256: spkiSha256(key.publicKey) };
  const at = wish.at ?? Date.now();
  const name = { agentId, practiceId, trustDomain };
  const issued = await (wish.by ?? authority).issueForAgent(name, request, at);
  if (wish.isRegistered) {
    const { serial, notBefore, notAfter } = issued.plan;
    const hash = Buffer.from(serial.slice(0, 64).padEnd(64, '0'), 'hex');
    await broker.kysely
      .insertInto('agent_certificates')
      .values({
        serial,
        agent_id: identity.agentId,
        spki_sha256: hash,
        not_before: notBefore,
        not_after: notAfter,
        revoked_at: null,
      })
      .execute();
  }
  return { cert: issued.certificate, key: privatePem() };
}

async function expectRefusal(work: Promise<unknown>, code: string): Promise<void> {
  await expect(work).rejects.toMatchObject({ code });
  await expect(knock(own)).resolves.toBeUndefined();
}

describe('the gateway', () => {
  test('opens for the certificate that was issued', async () => {
    await expect(knock(own)).resolves.toBeUndefined();
  });

  test('opens for a certificate in force that is not the first', async () => {
    const other = await certificateFor({ isRegistered: true });
    await expect(knock(other)).resolves.toBeUndefined();
  });

  test('refuses a certificate that has expired, though its serial is known', async () => {
    const expired = await certificateFor({ at: Date.now() - 2 * DAY_MS, isRegistered: true });
    await expectRefusal(knock(expired), 'AGENT_IDENTITY_REFUSED');
  });

  test('refuses a certificate that was revoked', async () => {
    const revoked = await certificateFor({ isRegistered: true });
    const serial = new X509Certificate(revoked.cert).serialNumber.toLowerCase();
    await broker.kysely
      .updateTable('agent_certificates')
      .set({ revoked_at: new Date() })
      .where('serial', '=', serial)
      .execute();
    await expectRefusal(knock(revoked), 'AGENT_IDENTITY_REFUSED');
  });

  test('refuses a self-made certificate', async () => {
    const plan = planAgentCertificate(identity, key.publicKey, Date.now());
    const issuer = { commonName: identity.agentId, ...key };
    const cert = await signCertificate(plan, issuer);
    await expectRefusal(knock({ cert, key: privatePem() }), 'LINK_CLOSED');
  });

  test('refuses a certificate of another authority with the same name', async () => {
    const by = new Authority(await createAuthority('Conduit device authority', Date.now()));
    await expectRefusal(knock(await certificateFor({ by, isRegistered: true })), 'LINK_CLOSED');
  });

  test('refuses a server certificate of its own authority', async () => {
    const hosts = { dnsNames: ['localhost'], ipAddresses: [] };
    const issued = await authority.issueForServer(hosts, key.publicKey, Date.now());
    await expectRefusal(knock({ cert: issued.certificate, key: privatePem() }), 'LINK_CLOSED');
  });

  test.each([
    ['another practice', { practiceId: 'practice-other', isRegistered: true }],
    ['another trust domain', { trustDomain: 'elsewhere.test', isRegistered: true }],
    ['an agent that does not exist', { agentId: randomUUID() }],
    ['a serial that is not known', {}],
  ])('refuses a certificate with %s', async (_title, wish) => {
    await expectRefusal(knock(await certificateFor(wish)), 'AGENT_IDENTITY_REFUSED');
  });

  test.each([
    ['no number', { [joinHeaders.sequence]: '' }],
    ['no id', { [joinHeaders.joinId]: '' }],
    ['no instance', { [joinHeaders.instanceId]: 'x' }],
    ['a number below one', { [joinHeaders.sequence]: '0' }],
    ['a number too large', { [joinHeaders.sequence]: '9999999999' }],
    ['words for a number', { [joinHeaders.sequence]: '1 or 1' }],
  ])('refuses a join with %s', async (_title, headers) => {
    await expectRefusal(knock(own, headers), 'AGENT_IDENTITY_REFUSED');
  });

  test('logs each refusal without naming anybody', () => {
    const refusals = broker.log.lines.filter(({ event }) => event === 'agent.refused');
    expect(refusals.length).toBeGreaterThan(5);
    expect(JSON.stringify(refusals)).not.toContain('practice-other');
  });
});
