/** Certificates for tests of the link, issued as the product issues them; RSA-2048 to be quick. */
import { generateKeyPairSync } from 'node:crypto';
import {
  type CertificatePlan,
  planAgentCertificate,
  planAuthority,
  planNodeCertificate,
  planServerCertificate,
} from '#libs/pki/certificate-plan.js';
import { type Issuer, signCertificate } from '#libs/pki/sign-certificate.js';

export interface PemPair {
  cert: string;
  key: string;
}

type Overrides = Partial<CertificatePlan>;

/** A private authority and what it signs. */
export class FixtureAuthority {
  private constructor(
    private readonly issuer: Issuer,
    /** The pinned CA, PEM. */
    readonly ca: string,
  ) {}

  static async create(commonName = 'Fixture CA'): Promise<FixtureAuthority> {
    const issuer = { commonName, ...generateKeyPairSync('rsa', { modulusLength: 2048 }) };
    const plan = planAuthority(commonName, issuer.publicKey, Date.now());
    return new FixtureAuthority(issuer, await signCertificate(plan, issuer));
  }

  /** For `localhost`, 127.0.0.1 and ::1. */
  server(overrides: Overrides = {}): Promise<PemPair> {
    const names = { dnsNames: ['localhost'], ipAddresses: ['127.0.0.1', '::1'] };
    return this.sign((key) => planServerCertificate(names, key, Date.now()), overrides);
  }

  agent(overrides: Overrides = {}): Promise<PemPair> {
    const name = { trustDomain: 'fixture.example', practiceId: 'practice-1', agentId: 'agent-1' };
    return this.sign((key) => planAgentCertificate(name, key, Date.now()), overrides);
  }

  /** Of the trust domain that its agents have. */
  node(nodeId: string, overrides: Overrides = {}): Promise<PemPair> {
    const name = { trustDomain: 'fixture.example', nodeId };
    return this.sign((key) => planNodeCertificate(name, key, Date.now()), overrides);
  }

  private async sign(
    planFor: (key: CertificatePlan['publicKey']) => CertificatePlan,
    overrides: Overrides,
  ): Promise<PemPair> {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const plan = { ...planFor(publicKey), ...overrides };
    return {
      cert: await signCertificate(plan, this.issuer),
      key: privateKey.export({ format: 'pem', type: 'pkcs8' }) as string,
    };
  }
}
