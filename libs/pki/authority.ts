/**
 * The device certificate authority of one installation: issues agents', servers' and nodes' certificates.
 * Its public key's SHA-256 is the pin that every enrolment code carries.
 */
import { createPrivateKey, hkdfSync, X509Certificate, type KeyObject } from 'node:crypto';
import type { AgentName } from '#libs/pki/agent-uri.js';
import {
  planAgentCertificate,
  planAuthority,
  planNodeCertificate,
  planServerCertificate,
  type CertificatePlan,
} from '#libs/pki/certificate-plan.js';
import type { AcceptedRequest } from '#libs/pki/certificate-request.js';
import { makeTlsKey, spkiSha256 } from '#libs/pki/keys.js';
import type { NodeName } from '#libs/pki/node-name.js';
import { signCertificate } from '#libs/pki/sign-certificate.js';

export interface AuthorityFiles {
  /** PEM */
  certificate: string;
  /** PEM, PKCS #8, not encrypted: whoever stores it guards it. */
  privateKey: string;
}

export interface IssuedCertificate {
  /** PEM */
  certificate: string;
  plan: CertificatePlan;
}

/** A new self-signed RSA-3072 root: ten years, pathLen 0. */
export async function createAuthority(commonName: string, nowMs: number): Promise<AuthorityFiles> {
  const key = await makeTlsKey();
  const plan = planAuthority(commonName, key.publicKey, nowMs);
  const certificate = await signCertificate(plan, { commonName, ...key });
  return {
    certificate,
    privateKey: key.privateKey.export({ format: 'pem', type: 'pkcs8' }) as string,
  };
}

export class Authority {
  readonly certificate: X509Certificate;
  private readonly privateKey: KeyObject;
  private readonly commonName: string;

  /** @throws Error when the key does not belong to the certificate, or that is no authority's */
  constructor(files: AuthorityFiles) {
    this.certificate = new X509Certificate(files.certificate);
    this.privateKey = createPrivateKey(files.privateKey);
    if (!this.certificate.ca || !this.certificate.checkPrivateKey(this.privateKey)) {
      throw new Error('certificate and key are not those of one authority');
    }
    this.commonName = this.certificate.subject.replace(/^CN=/, '');
  }

  /** PEM */
  get pem(): string {
    return this.certificate.toString();
  }

  get pin(): Buffer {
    return spkiSha256(this.certificate.publicKey);
  }

  /**
   * HKDF-SHA256 (RFC 5869) of the private key: 32 bytes that every node holding this authority can
   * compute and nobody else. A new label for each purpose.
   */
  deriveKey(label: string): Buffer {
    const secret = this.privateKey.export({ format: 'der', type: 'pkcs8' });
    return Buffer.from(hkdfSync('sha256', secret, Buffer.alloc(0), Buffer.from(label), 32));
  }

  /** A 24-hour client certificate. The caller has checked that the key was never certified before. */
  issueForAgent(
    name: AgentName,
    request: AcceptedRequest,
    nowMs: number,
  ): Promise<IssuedCertificate> {
    return this.issue(planAgentCertificate(name, request.publicKey, nowMs));
  }

  /** A server certificate, by default for 90 days, for the broker's own listeners. */
  issueForServer(
    hosts: { dnsNames: string[]; ipAddresses: string[] },
    publicKey: KeyObject,
    nowMs: number,
    lifeMs?: number,
  ): Promise<IssuedCertificate> {
    return this.issue(planServerCertificate(hosts, publicKey, nowMs, lifeMs));
  }

  /** A 24-hour certificate for the links between broker nodes, at either end. */
  issueForNode(name: NodeName, publicKey: KeyObject, nowMs: number): Promise<IssuedCertificate> {
    return this.issue(planNodeCertificate(name, publicKey, nowMs));
  }

  private async issue(plan: CertificatePlan): Promise<IssuedCertificate> {
    const { certificate, privateKey, commonName } = this;
    const issuer = { commonName, privateKey, publicKey: certificate.publicKey };
    return { certificate: await signCertificate(plan, issuer), plan };
  }
}
