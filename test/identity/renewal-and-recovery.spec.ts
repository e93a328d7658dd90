import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EncryptionKeys, keepingMs, rotationMs } from '#apps/agent/src/identity/encryption-keys.js';
import { TlsCredentials } from '#apps/agent/src/identity/tls-credentials.js';
import type { TlsRecord } from '#apps/agent/src/identity/identity-folder.js';
import { KeyUpkeep } from '#apps/agent/src/link/key-upkeep.js';
import { authorityFolder } from '#apps/broker/src/enrolment/authority.module.js';
import { openAuthority } from '#apps/broker/src/enrolment/open-authority.js';
import { brokerPatterns } from '#libs/contracts/link-messages.js';
import { createCertificateRequest } from '#libs/pki/certificate-request.js';
import { makeTlsKey, spkiSha256 } from '#libs/pki/keys.js';
import {
  enrolAgent,
  startAgent,
  startConnectedAgent,
  type TestAgent,
} from '#test/identity/agent.fixture.js';
import { startTestBroker, type TestBroker } from '#test/identity/broker.fixture.js';
import { until } from '#test/support/settle.js';

const HALF_DAY_MS = 43_200_000;

let broker: TestBroker;
let stateFolder: string;
let agent: TestAgent;

beforeAll(async () => {
  broker = await startTestBroker();
  stateFolder = await enrolAgent(broker, await broker.practice());
  agent = await startConnectedAgent(stateFolder);
});

afterAll(async () => {
  await agent.stop(0);
  await broker.stop();
});

const serialOf = (pem: string) => new X509Certificate(pem).serialNumber.toLowerCase();
const stored = (folder = stateFolder) =>
  JSON.parse(readFileSync(join(folder, 'identity/tls.json'), 'utf8')) as TlsRecord;
const events = (of: TestAgent) => of.log.lines.map(({ event }) => event);

async function serialsInForce(): Promise<string[]> {
  const rows = await broker.kysely
    .selectFrom('agent_certificates')
    .innerJoin('agents', 'agents.agent_id', 'agent_certificates.agent_id')
    .select('serial')
    .where('revoked_at', 'is', null)
    .execute();
  return rows.map(({ serial }) => serial);
}

async function stateOf(agentId: string, state: 'active' | 'revoked' | 'quarantined') {
  await broker.kysely
    .updateTable('agents')
    .set({ state })
    .where('agent_id', '=', agentId)
    .execute();
}

/** As after an outage longer than the certificate: the pair on disk has expired. */
async function expire(folder: string): Promise<void> {
  const authority = await openAuthority(authorityFolder(broker.stateDir), Date.now());
  const { agentId, practiceId, trustDomain } = JSON.parse(
    readFileSync(join(folder, 'identity/identity.json'), 'utf8'),
  ) as { agentId: string; practiceId: string; trustDomain: string };
  const key = await makeTlsKey();
  const request = { publicKey: key.publicKey, spkiSha256: spkiSha256(key.publicKey) };
  const name = { agentId, practiceId, trustDomain };
  const { certificate } = await authority.issueForAgent(name, request, Date.now() - 172_800_000);
  const privateKey = key.privateKey.export({ format: 'pem', type: 'pkcs8' }) as string;
  writeFileSync(join(folder, 'identity/tls.json'), JSON.stringify({ certificate, privateKey }));
}

describe('a certificate', () => {
  test('is not renewed before its time', async () => {
    await agent.app.get(KeyUpkeep).round();
    expect(events(agent)).not.toContain('certificate.renewed');
  });

  test('is renewed at half life with a new key, and the link moves to it', async () => {
    const before = stored();
    await agent.app.get(KeyUpkeep).round(Date.now() + HALF_DAY_MS + 7_200_000);
    expect(events(agent)).toContain('certificate.renewed');
    expect(serialOf(stored().certificate)).not.toBe(serialOf(before.certificate));
    expect(stored().privateKey).not.toBe(before.privateKey);
    expect(await serialsInForce()).toEqual(
      expect.arrayContaining([serialOf(before.certificate), serialOf(stored().certificate)]),
    );
    await until(() => events(agent).filter((event) => event === 'link.connected').length === 2);
    expect(broker.audit.types()).toContain('certificate.renewed');
  });

  test('that was issued but never stored is retired by the next renewal', async () => {
    const inUse = serialOf(stored().certificate);
    const lost = await createCertificateRequest(await makeTlsKey());
    await agent.link.ask(brokerPatterns.renewCertificate, {}, lost);
    expect(await serialsInForce()).toHaveLength(2);
    await agent.app.get(KeyUpkeep).round(Date.now() + HALF_DAY_MS + 7_200_000);
    const inForce = await serialsInForce();
    expect(inForce).toHaveLength(2);
    expect(inForce).toEqual(expect.arrayContaining([inUse, serialOf(stored().certificate)]));
  });

  test('is not given to a key that had one', async () => {
    const request = await createCertificateRequest(await makeTlsKey());
    await until(() => agent.link.attached);
    await agent.link.ask(brokerPatterns.renewCertificate, {}, request);
    await expect(
      agent.link.ask(brokerPatterns.renewCertificate, {}, request),
    ).rejects.toMatchObject({ code: 'CERTIFICATE_REQUEST_INVALID' });
  });

  test('that has expired is recovered by the identity key, without help', async () => {
    const folder = await enrolAgent(broker, await broker.practice());
    await expire(folder);
    const returned = await startConnectedAgent(folder);
    expect(events(returned)).toEqual(expect.arrayContaining(['certificate.recovered']));
    const credentials = await TlsCredentials.load(returned.app.get(TlsCredentials)['folder']);
    expect(credentials.isUsableAt(Date.now())).toBe(true);
    expect(broker.audit.types()).toContain('agent.recovered');
    await returned.stop(0);
  });

  test('that was superseded behind the agent’s back is recovered after a refusal', async () => {
    const folder = await enrolAgent(broker, await broker.practice());
    await broker.kysely
      .updateTable('agent_certificates')
      .set({ revoked_at: new Date() })
      .where('serial', '=', serialOf(stored(folder).certificate))
      .execute();
    const returned = await startAgent(folder);
    await until(() => returned.link.status.diagnosis?.code === 'AGENT_IDENTITY_REFUSED');
    expect(returned.link.status.nextAttemptMs).toBeGreaterThan(Date.now());
    await returned.stop(0);
  });

  test.each([
    ['revoked', 'AGENT_REVOKED'],
    ['quarantined', 'AGENT_QUARANTINED'],
  ] as const)('is not recovered for an agent that is %s', async (state, code) => {
    const folder = await enrolAgent(broker, await broker.practice());
    await expire(folder);
    await stateOf(identityOf(folder), state);
    const refused = await startAgent(folder);
    await until(() => refused.link.status.diagnosis?.code === code);
    expect(refused.link.status.diagnosis?.remedy).toBeTruthy();
    expect(refused.link.status.nextAttemptMs! - Date.now()).toBeGreaterThan(30_000);
    await refused.stop(0);
  });
});

function identityOf(folder: string): string {
  const text = readFileSync(join(folder, 'identity/identity.json'), 'utf8');
  return (JSON.parse(text) as { agentId: string }).agentId;
}

describe('the encryption key', () => {
  test('is replaced after a week, kept for another and then destroyed', async () => {
    const keys = agent.app.get(EncryptionKeys);
    const first = keys.currentPublicKey!;
    await until(() => agent.link.attached);
    await agent.app.get(KeyUpkeep)['rotateEncryptionKey'](Date.now() + rotationMs);
    const second = keys.currentPublicKey!;
    expect(second).not.toBe(first);
    const row = await broker.kysely
      .selectFrom('agents')
      .select('encryption_public_key')
      .where('agent_id', '=', identityOf(stateFolder))
      .executeTakeFirstOrThrow();
    expect(row.encryption_public_key.toString('base64url')).toBe(second);
    expect(keys.find(first)).toBeDefined();
    await keys.discardOld(Date.now() + rotationMs + keepingMs - 1_000);
    expect(keys.find(first)).toBeDefined();
    await keys.discardOld(Date.now() + rotationMs + keepingMs + 1_000);
    expect(keys.find(first)).toBeUndefined();
    const text = readFileSync(join(stateFolder, 'identity/encryption.json'), 'utf8');
    expect(text).not.toContain(first);
  });

  test('that was announced but not confirmed is announced again, the same one', async () => {
    const keys = agent.app.get(EncryptionKeys);
    const announced = await keys.beginRotation(Date.now());
    const reloaded = await EncryptionKeys.load(agent.app.get(EncryptionKeys)['folder']);
    expect(reloaded.isRotationDueAt(Date.now())).toBe(true);
    expect(await reloaded.beginRotation(Date.now())).toBe(announced);
    expect(reloaded.find(announced)).toBeDefined();
  });
});
