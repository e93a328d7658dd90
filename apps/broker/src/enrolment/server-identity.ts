/** The broker's own TLS key and certificate, made anew at each start: nothing to store or to steal. */
import { createPrivateKey, sign, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { Authority } from '#libs/pki/authority.js';
import { makeTlsKey } from '#libs/pki/keys.js';

const signAsync = promisify(sign);

export interface ServerHosts {
  dnsNames: string[];
  ipAddresses: string[];
}

/** For the gateway's listener, for the development HTTPS listener, and to sign the time. */
export class ServerIdentity {
  readonly key: KeyObject;

  private constructor(
    /** PEM of the server certificate. */
    readonly certificate: string,
    /** PEM of the device CA. */
    readonly authority: string,
    /** PEM, PKCS #8. */
    readonly privateKey: string,
    readonly notAfter: Date,
  ) {
    this.key = createPrivateKey(privateKey);
  }

  static async make(authority: Authority, hosts: ServerHosts, nowMs: number) {
    const { privateKey, publicKey } = await makeTlsKey();
    const { certificate, plan } = await authority.issueForServer(hosts, publicKey, nowMs);
    const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }) as string;
    return new ServerIdentity(certificate, authority.pem, pem, plan.notAfter);
  }

  /** Certificate and CA in the order in which TLS presents them. */
  get chain(): string {
    return this.certificate + this.authority;
  }

  /** RSA PKCS #1 v1.5 with SHA-256. */
  sign(bytes: Uint8Array): Promise<Buffer> {
    return signAsync('sha256', bytes, this.key);
  }
}
