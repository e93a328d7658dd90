import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { enrol } from '#apps/agent/src/identity/enrol.js';
import { BrokerTrust } from '#apps/agent/src/identity/broker-trust.js';
import { enrolmentPaths, type ChallengeAnswer } from '#libs/contracts/enrolment.js';
import { createCertificateRequest } from '#libs/pki/certificate-request.js';
import {
  deriveCodeKey,
  makeEnrolmentCode,
  pinMatches,
  readEnrolmentCode,
  writeEnrolmentCode,
  type EnrolmentCode,
} from '#libs/pki/enrolment-code.js';
import { enrolmentTranscript, signTranscript } from '#libs/pki/enrolment-proof.js';
import { makeIdentityKey, makeTlsKey, rawPublicKey, type KeyPair } from '#libs/pki/keys.js';
import { newStateFolder } from '#test/identity/agent.fixture.js';
import { startTestBroker, type TestBroker } from '#test/identity/broker.fixture.js';

let broker: TestBroker;
let tlsKey: KeyPair;

beforeAll(async () => {
  broker = await startTestBroker();
  tlsKey = await makeTlsKey();
});

afterAll(() => broker.stop());

const refused = expect.objectContaining({ code: 'ENROLMENT_CODE_INVALID' });

function tryCode(code: string, stateFolder = newStateFolder()) {
  return enrol({ stateFolder, brokerUrl: broker.url, code });
}

interface Forgery {
  code: EnrolmentCode;
  codeKey?: KeyPair;
  request?: string;
  challenge?: string;
  /** Signed by a key other than the one that is shown. */
  foreignIdentity?: boolean;
  identity?: KeyPair;
}

/** An enrolment as a program of the attacker's would send it. */
async function send(forgery: Forgery): Promise<unknown> {
  const trust = new BrokerTrust({ brokerUrl: broker.url }, (hash) =>
    pinMatches(forgery.code, hash),
  );
  const path = enrolmentPaths.enrolmentChallenge;
  const { challenge } = (await trust.call({ method: 'POST', path, body: {} })) as ChallengeAnswer;
  const identity = forgery.identity ?? makeIdentityKey();
  const signer = forgery.foreignIdentity ? makeIdentityKey() : identity;
  const claim = {
    codeId: forgery.code.codeId,
    challenge: forgery.challenge ?? challenge,
    certificateRequest:
      forgery.request ?? (await createCertificateRequest(tlsKey)).toString('base64url'),
    identityPublicKey: rawPublicKey(identity.publicKey).toString('base64url'),
    encryptionPublicKey: randomBytes(32).toString('base64url'),
  };
  const codeKey = forgery.codeKey ?? deriveCodeKey(forgery.code);
  const body = {
    ...claim,
    codeSignature: signTranscript(enrolmentTranscript(claim, 'code'), codeKey.privateKey),
    identitySignature: signTranscript(enrolmentTranscript(claim, 'identity'), signer.privateKey),
  };
  return trust.call({ method: 'POST', path: enrolmentPaths.enrolment, body });
}

describe('an enrolment code', () => {
  test('that nobody made is refused', async () => {
    const real = readEnrolmentCode((await broker.practice()).code.reveal());
    const invented = makeEnrolmentCode(real.caPin);
    await expect(tryCode(writeEnrolmentCode(invented))).rejects.toEqual(refused);
  });

  test('works once', async () => {
    const { code } = await broker.practice();
    await tryCode(code.reveal());
    await expect(tryCode(code.reveal())).rejects.toEqual(refused);
  });

  test('hands a site over, and who had it from when on stays known', async () => {
    const { code, newCode, siteId } = await broker.practice();
    const former = await tryCode(code.reveal());
    const now = await tryCode((await newCode()).reveal());
    const holders = await broker.kysely
      .selectFrom('site_holders')
      .innerJoin('agents', 'agents.agent_id', 'site_holders.agent_id')
      .select(['site_holders.agent_id', 'since'])
      .where('site_id', '=', siteId)
      .whereRef('since', '=', 'encryption_key_since')
      .orderBy('since')
      .execute();
    expect(holders.map(({ agent_id }) => agent_id)).toEqual([former.agentId, now.agentId]);
  });

  test('makes one agent of two that race', async () => {
    const { code } = await broker.practice();
    const outcomes = await Promise.allSettled([tryCode(code.reveal()), tryCode(code.reveal())]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  test('is refused an hour later', async () => {
    const { code } = await broker.practice();
    broker.clock.shiftMs = 3_600_001;
    await expect(tryCode(code.reveal())).rejects.toEqual(refused);
    broker.clock.shiftMs = 0;
  });

  test('is burnt by five bad tries, and four leave it good', async () => {
    const { practiceId, newCode } = await broker.practice();
    expect(practiceId).toBeDefined();
    for (const tries of [4, 5]) {
      const text = (await newCode()).reveal();
      const code = readEnrolmentCode(text);
      const codeKey = makeIdentityKey();
      for (let n = 0; n < tries; n += 1)
        await expect(send({ code, codeKey })).rejects.toEqual(refused);
      if (tries === 4) await expect(tryCode(text)).resolves.toBeDefined();
      else await expect(tryCode(text)).rejects.toEqual(refused);
    }
    expect(broker.audit.types()).toContain('enrolment.refused');
  });

  test('with a challenge the broker never gave is refused', async () => {
    const code = readEnrolmentCode((await broker.practice()).code.reveal());
    const challenge = randomBytes(54).toString('base64url');
    await expect(send({ code, challenge })).rejects.toEqual(refused);
  });

  test('does not carry an identity key that the asker does not hold', async () => {
    const code = readEnrolmentCode((await broker.practice()).code.reveal());
    await expect(send({ code, foreignIdentity: true })).rejects.toEqual(refused);
  });

  test('with a bad certificate request says so, and stays good', async () => {
    const text = (await broker.practice()).code.reveal();
    const request = randomBytes(300).toString('base64url');
    await expect(send({ code: readEnrolmentCode(text), request })).rejects.toMatchObject({
      code: 'CERTIFICATE_REQUEST_INVALID',
    });
    await expect(tryCode(text)).resolves.toBeDefined();
  });

  test('does not certify a TLS key or an identity key a second time', async () => {
    const identity = makeIdentityKey();
    const { code, newCode } = await broker.practice();
    await send({ code: readEnrolmentCode(code.reveal()), identity });
    const invalid = { code: 'CERTIFICATE_REQUEST_INVALID' };
    const second = readEnrolmentCode((await newCode()).reveal());
    await expect(send({ code: second })).rejects.toMatchObject(invalid);
    const request = (await createCertificateRequest(await makeTlsKey())).toString('base64url');
    await expect(send({ code: second, identity, request })).rejects.toMatchObject(invalid);
    await expect(send({ code: second, request })).resolves.toBeDefined();
  });

  test('whose answer was lost is finished by running enrol again', async () => {
    const { code } = await broker.practice();
    const stateFolder = newStateFolder();
    await tryCode(code.reveal(), stateFolder);
    // As if the process had died between the broker's answer and the last step.
    const { cpSync, renameSync, rmSync, writeFileSync, readFileSync } = await import('node:fs');
    const { identityKey } = JSON.parse(
      readFileSync(`${stateFolder}/identity/identity.json`, 'utf8'),
    );
    renameSync(`${stateFolder}/identity`, `${stateFolder}/identity.next`);
    rmSync(`${stateFolder}/identity.next/identity.json`);
    const pending = { codeId: readEnrolmentCode(code.reveal()).codeId, identityKey };
    writeFileSync(`${stateFolder}/identity.next/pending.json`, JSON.stringify(pending));
    cpSync(`${stateFolder}/identity.next`, `${stateFolder}/kept`, { recursive: true });
    const again = await tryCode(code.reveal(), stateFolder);
    expect(again.agentId).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('cannot be made for a site of another practice', async () => {
    const one = await broker.practice();
    await tryCode(one.code.reveal());
    const other = await broker.practice();
    await broker.kysely
      .updateTable('enrolment_codes')
      .set({
        sites: JSON.stringify([
          { siteId: one.siteId, name: 'Zz', pmsType: 'Sandbox', pmsSiteId: 'Z' },
        ]),
      })
      .where('practice_id', '=', other.practiceId)
      .execute();
    await expect(tryCode(other.code.reveal())).rejects.toEqual(refused);
  });
});
