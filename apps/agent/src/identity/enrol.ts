/**
 * Getting an identity with a one-time code. All keys are made here and are on disk before the broker
 * hears of them; an enrolment that was interrupted, at whatever point, is simply run again.
 */
import { createPrivateKey, createPublicKey, X509Certificate, type KeyObject } from 'node:crypto';
import { AgentIdentity } from '#apps/agent/src/identity/agent-identity.js';
import { BrokerTrust } from '#apps/agent/src/identity/broker-trust.js';
import { makeEncryptionKeyRecord } from '#apps/agent/src/identity/encryption-keys.js';
import { IdentityFolder } from '#apps/agent/src/identity/identity-folder.js';
import { readIdentityAnswer } from '#apps/agent/src/identity/identity-answer.js';
import { recoverOver } from '#apps/agent/src/identity/recover.js';
import {
  enrolmentPaths,
  type ChallengeAnswer,
  type IdentityAnswer,
} from '#libs/contracts/enrolment.js';
import { ConduitError, toConduitError } from '#libs/errors/conduit-error.js';
import { createCertificateRequest } from '#libs/pki/certificate-request.js';
import {
  deriveCodeKey,
  pinMatches,
  readEnrolmentCode,
  type EnrolmentCode,
} from '#libs/pki/enrolment-code.js';
import { enrolmentTranscript, signTranscript } from '#libs/pki/enrolment-proof.js';
import { makeIdentityKey, makeTlsKey, rawPublicKey, spkiSha256 } from '#libs/pki/keys.js';

export interface EnrolmentOrder {
  stateFolder: string;
  /** https:// address of the broker. */
  brokerUrl: string;
  /** `CE1-…` as the operator handed it over. */
  code: string;
  /** `http://[user:password@]host:port` */
  proxy?: string;
}

/**
 * @throws ConduitError ENROLMENT_CODE_INVALID, CA_PIN_MISMATCH, TLS_INTERCEPTED, CLOCK_SKEWED,
 *   PROXY_REFUSED, HOST_UNKNOWN, HOST_REFUSED, CERTIFICATE_REQUEST_INVALID
 */
export async function enrol(order: EnrolmentOrder): Promise<AgentIdentity> {
  const code = readEnrolmentCode(order.code);
  if (await isDoneWith(order.stateFolder, code)) return AgentIdentity.load(order.stateFolder);
  const { brokerUrl, proxy } = order;
  const address = { brokerUrl, ...(proxy !== undefined && { proxy }) };
  const broker = new BrokerTrust(address, (hash) => pinMatches(code, hash));
  const folder = await IdentityFolder.prepare(order.stateFolder);
  const wasBegun = await isBegunWith(folder, code);
  const identityKey = await prepareKeys(folder, code, wasBegun);
  const tlsKey = await makeTlsKey();
  const answer =
    (wasBegun ? await recoverLostAnswer(broker, identityKey, tlsKey) : undefined) ??
    (await redeem(broker, folder, code, identityKey, tlsKey));
  checkAuthority(answer, code, brokerUrl);
  await folder.write('tls', {
    certificate: answer.certificate,
    privateKey: exportKey(tlsKey.privateKey),
  });
  const { agentId, practiceId, trustDomain, linkUrl, sites, authority } = answer;
  const facts = { agentId, practiceId, trustDomain, linkUrl, sites, authority, brokerUrl };
  const { codeId } = code;
  await folder.write('identity', { ...facts, codeId, identityKey: exportKey(identityKey) });
  await folder.adopt();
  return AgentIdentity.load(order.stateFolder);
}

/** Whether this very code has given this agent its identity, and only the saying so was cut short. */
async function isDoneWith(stateFolder: string, { codeId }: EnrolmentCode): Promise<boolean> {
  const next = await IdentityFolder.prepare(stateFolder);
  if ((await next.read('identity'))?.codeId === codeId) await next.adopt();
  const current = await IdentityFolder.open(stateFolder);
  return (await current?.read('identity'))?.codeId === codeId;
}

async function isBegunWith(folder: IdentityFolder, code: EnrolmentCode): Promise<boolean> {
  return (await folder.read('pending'))?.codeId === code.codeId;
}

async function prepareKeys(
  folder: IdentityFolder,
  code: EnrolmentCode,
  wasBegun: boolean,
): Promise<KeyObject> {
  const pending = wasBegun ? await folder.read('pending') : undefined;
  if (pending && (await folder.read('encryption'))) return createPrivateKey(pending.identityKey);
  await folder.clear();
  const { privateKey } = makeIdentityKey();
  await folder.write('encryption', { keys: [makeEncryptionKeyRecord(Date.now())] });
  await folder.write('pending', { codeId: code.codeId, identityKey: exportKey(privateKey) });
  return privateKey;
}

/** The code was used, perhaps, and only the answer was lost: then the identity key is known already. */
async function recoverLostAnswer(
  broker: BrokerTrust,
  identityKey: KeyObject,
  tlsKey: { privateKey: KeyObject; publicKey: KeyObject },
): Promise<IdentityAnswer | undefined> {
  try {
    return await recoverOver(broker, identityKey, tlsKey);
  } catch (error) {
    if (toConduitError(error).code === 'AGENT_IDENTITY_REFUSED') return undefined;
    throw error;
  }
}

async function redeem(
  broker: BrokerTrust,
  folder: IdentityFolder,
  code: EnrolmentCode,
  identityKey: KeyObject,
  tlsKey: { privateKey: KeyObject; publicKey: KeyObject },
): Promise<IdentityAnswer> {
  const path = enrolmentPaths.enrolmentChallenge;
  const { challenge } = (await broker.call({ method: 'POST', path, body: {} })) as ChallengeAnswer;
  const request = await createCertificateRequest(tlsKey);
  const encryption = await folder.read('encryption');
  const claim = {
    codeId: code.codeId,
    challenge,
    certificateRequest: request.toString('base64url'),
    identityPublicKey: rawPublicKey(createPublicKey(identityKey)).toString('base64url'),
    encryptionPublicKey: encryption?.keys[0]?.publicKey ?? '',
  };
  const body = {
    ...claim,
    codeSignature: signTranscript(
      enrolmentTranscript(claim, 'code'),
      deriveCodeKey(code).privateKey,
    ),
    identitySignature: signTranscript(enrolmentTranscript(claim, 'identity'), identityKey),
  };
  return readIdentityAnswer(
    await broker.call({ method: 'POST', path: enrolmentPaths.enrolment, body }),
  );
}

/** Whoever vouched for the connection, the authority that the agent will live by is the code's. */
function checkAuthority(answer: IdentityAnswer, code: EnrolmentCode, brokerUrl: string): void {
  const authority = new X509Certificate(answer.authority);
  const certificate = new X509Certificate(answer.certificate);
  const isOurs =
    pinMatches(code, spkiSha256(authority.publicKey)) && certificate.verify(authority.publicKey);
  if (isOurs) return;
  throw new ConduitError('CA_PIN_MISMATCH', { facts: { host: new URL(brokerUrl).hostname } });
}

function exportKey(key: KeyObject): string {
  return key.export({ format: 'pem', type: 'pkcs8' }) as string;
}
