/** A new certificate after a long outage, against a signature by the identity key. */
import { createPublicKey, sign, X509Certificate, type KeyObject } from 'node:crypto';
import type { AgentConfig } from '#apps/agent/src/agent.config.js';
import type { AgentIdentity } from '#apps/agent/src/identity/agent-identity.js';
import type { BrokerAddress } from '#apps/agent/src/identity/broker-contact.js';
import { readIdentityAnswer } from '#apps/agent/src/identity/identity-answer.js';
import { BrokerTrust } from '#apps/agent/src/identity/broker-trust.js';
import type { TlsCredentials } from '#apps/agent/src/identity/tls-credentials.js';
import {
  enrolmentPaths,
  type ChallengeAnswer,
  type IdentityAnswer,
} from '#libs/contracts/enrolment.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { createCertificateRequest } from '#libs/pki/certificate-request.js';
import { recoveryTranscript } from '#libs/pki/enrolment-proof.js';
import { makeTlsKey, rawPublicKey, spkiSha256, type KeyPair } from '#libs/pki/keys.js';

type Signer = (bytes: Buffer) => Uint8Array;

/** @throws ConduitError AGENT_IDENTITY_REFUSED, AGENT_REVOKED, AGENT_QUARANTINED, and as `BrokerTrust` */
export function recoverOver(
  broker: BrokerTrust,
  identityKey: KeyObject,
  tlsKey: KeyPair,
): Promise<IdentityAnswer> {
  const publicKey = rawPublicKey(createPublicKey(identityKey));
  return askForRecovery(broker, publicKey, (bytes) => sign(null, bytes, identityKey), tlsKey);
}

/** Where the settings say the broker is, else where the agent enrolled. */
export function brokerAddress(config: AgentConfig, identity: AgentIdentity): BrokerAddress {
  const { brokerUrl, proxy } = config;
  return {
    brokerUrl: brokerUrl ?? identity.facts.brokerUrl,
    ...(proxy && { proxy: proxy.reveal() }),
  };
}

/** Replaces the agent's certificate; the old one, if it was still good, stops being so. */
export async function recoverCertificate(
  identity: AgentIdentity,
  credentials: TlsCredentials,
  address: BrokerAddress,
): Promise<void> {
  const authority = new X509Certificate(identity.facts.authority);
  const pin = spkiSha256(authority.publicKey);
  const broker = new BrokerTrust(address, (hash) => hash.equals(pin));
  const tlsKey = await makeTlsKey();
  const answer = await askForRecovery(
    broker,
    identity.publicKey,
    (bytes) => identity.sign(bytes),
    tlsKey,
  );
  const certificate = new X509Certificate(answer.certificate);
  if (answer.agentId !== identity.agentId || !certificate.verify(authority.publicKey)) {
    throw new ConduitError('CA_PIN_MISMATCH');
  }
  const privateKey = tlsKey.privateKey.export({ format: 'pem', type: 'pkcs8' }) as string;
  await credentials.replace({ certificate: answer.certificate, privateKey });
  await identity.learn(answer);
}

async function askForRecovery(
  broker: BrokerTrust,
  identityPublicKey: Uint8Array,
  signer: Signer,
  tlsKey: KeyPair,
): Promise<IdentityAnswer> {
  const path = enrolmentPaths.recoveryChallenge;
  const { challenge } = (await broker.call({ method: 'POST', path, body: {} })) as ChallengeAnswer;
  const claim = {
    challenge,
    certificateRequest: (await createCertificateRequest(tlsKey)).toString('base64url'),
    identityPublicKey: Buffer.from(identityPublicKey).toString('base64url'),
  };
  const identitySignature = Buffer.from(signer(recoveryTranscript(claim))).toString('base64url');
  const body = { ...claim, identitySignature };
  return readIdentityAnswer(
    await broker.call({ method: 'POST', path: enrolmentPaths.recovery, body }),
  );
}
