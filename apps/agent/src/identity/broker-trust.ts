/**
 * Whom to believe at first contact: a broker whose certificate the machine's own roots vouch for,
 * or one whose chain ends in the device CA that the enrolment code pins. Everything else is named.
 */
import { randomBytes, verify, X509Certificate } from 'node:crypto';
import {
  callBroker,
  commonNameOf,
  lookAtChain,
  type BrokerAddress,
  type BrokerCall,
  type Trust,
} from '#apps/agent/src/identity/broker-contact.js';
import { enrolmentPaths, type TimeAnswer } from '#libs/contracts/enrolment.js';
import { ConduitError, toConduitError } from '#libs/errors/conduit-error.js';
import { timeTranscript } from '#libs/pki/enrolment-proof.js';
import { spkiSha256 } from '#libs/pki/keys.js';

/** Says whether a CA's SPKI hash (32 bytes) is the pinned one. */
export type PinCheck = (spkiHash: Buffer) => boolean;

const authorityName = 'Conduit device authority';

export class BrokerTrust {
  private trust: Trust = 'machine';

  constructor(
    private readonly address: BrokerAddress,
    private readonly isPinned: PinCheck,
  ) {}

  /**
   * @throws ConduitError the broker's own code, or TLS_INTERCEPTED, CA_PIN_MISMATCH, CLOCK_SKEWED,
   *   BROKER_CERTIFICATE_INVALID, PROXY_REFUSED, HOST_UNKNOWN, HOST_REFUSED, LINK_PROTOCOL
   */
  async call(call: BrokerCall): Promise<unknown> {
    try {
      return await callBroker(this.address, call, this.trust);
    } catch (error) {
      const problem = toConduitError(error);
      if (problem.code === 'CLOCK_SKEWED') throw await this.confirmClock(problem);
      if (problem.code !== 'TLS_INTERCEPTED' || this.trust !== 'machine') throw problem;
      this.trust = { ca: await this.findPinnedRoot() };
      return this.call(call);
    }
  }

  /**
   * The broker's time, believed for its signature and not for the connection it came over.
   * @returns this machine's clock minus the broker's, milliseconds; undefined when it is not to be had
   */
  async measureSkew(): Promise<number | undefined> {
    const nonce = randomBytes(16).toString('base64url');
    const path = `${enrolmentPaths.time}?nonce=${nonce}`;
    try {
      const askedMs = Date.now();
      const answer = await callBroker(this.address, { method: 'GET', path }, 'unverified');
      const timeMs = this.readTime(answer as TimeAnswer, nonce);
      return timeMs === undefined ? undefined : (askedMs + Date.now()) / 2 - timeMs;
    } catch {
      return undefined;
    }
  }

  /** Dates don't count here: they are what is in doubt. The nonce keeps old answers out. */
  private readTime(answer: TimeAnswer, nonce: string): number | undefined {
    const certificate = new X509Certificate(answer.certificate);
    const authority = new X509Certificate(answer.authority);
    const signature = Buffer.from(answer.signature, 'base64url');
    const isSigned =
      answer.nonce === nonce &&
      Number.isSafeInteger(answer.timeMs) &&
      this.isPinned(spkiSha256(authority.publicKey)) &&
      certificate.verify(authority.publicKey) &&
      // An agent's certificate comes from the same CA; only a server's may tell the time.
      certificate.keyUsage?.includes('1.3.6.1.5.5.7.3.1') === true &&
      verify('sha256', timeTranscript(nonce, answer.timeMs), certificate.publicKey, signature);
    return isSigned ? answer.timeMs : undefined;
  }

  private async confirmClock(problem: ConduitError): Promise<ConduitError> {
    const skewMs = await this.measureSkew();
    if (skewMs === undefined) return problem;
    const { host } = problem.facts;
    const facts = { ...(host !== undefined && { host }), reason: 'confirmed' };
    return Math.abs(skewMs) > 30_000
      ? new ConduitError('CLOCK_SKEWED', { facts })
      : new ConduitError('BROKER_CERTIFICATE_INVALID', {
          facts: { ...facts, reason: 'out-of-date' },
        });
  }

  /** First step: look. The second, a new connection with `ca` set, leaves the verdict to OpenSSL. */
  private async findPinnedRoot(): Promise<string> {
    const chain = await lookAtChain(this.address);
    const root = chain.at(-1);
    const isChain = chain.every((certificate, index) => {
      const issuer = chain[index + 1] ?? certificate;
      return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
    });
    if (root && isChain && root.ca && this.isPinned(spkiSha256(root.publicKey))) {
      return root.toString();
    }
    const issuer = commonNameOf((root ?? chain[0])?.issuer) ?? 'unknown-issuer';
    const host = new URL(this.address.brokerUrl).hostname;
    throw issuer === authorityName
      ? new ConduitError('CA_PIN_MISMATCH', { facts: { host } })
      : new ConduitError('TLS_INTERCEPTED', { facts: { host, reason: issuer } });
  }
}
