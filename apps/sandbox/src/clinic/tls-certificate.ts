/**
 * The sandbox's own server certificate: self-signed, so the certificate is also what a client
 * trusts. RSA-2048 because every SQL Server client takes it and it is made in a moment.
 */
import { generateKeyPair, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { promisify } from 'node:util';
import { planServerCertificate } from '#libs/pki/certificate-plan.js';
import { signCertificate } from '#libs/pki/sign-certificate.js';

const generate = promisify(generateKeyPair);

export interface TlsFiles {
  /** PEM; also the CA file of clients. */
  certificate: string;
  /** PEM, PKCS #8. */
  privateKey: string;
}

const weekMs = 7 * 86_400_000;

/** @param host the address listened on; `localhost` and 127.0.0.1 are always named too */
export async function makeTlsFiles(host: string, nowMs: number): Promise<TlsFiles> {
  const key = await generate('rsa', { modulusLength: 2048 });
  const names = new Set(['localhost', '127.0.0.1', host]);
  const hosts = {
    dnsNames: [...names].filter((name) => isIP(name) === 0),
    ipAddresses: [...names].filter((name) => isIP(name) !== 0),
  };
  const plan = planServerCertificate(hosts, key.publicKey, nowMs);
  return {
    certificate: await signCertificate(plan, { commonName: plan.commonName, ...key }),
    privateKey: key.privateKey.export({ format: 'pem', type: 'pkcs8' }) as string,
  };
}

/** Whether the certificate lasts another week and names the host. */
export function stillServes(files: TlsFiles, host: string, nowMs: number): boolean {
  const certificate = new X509Certificate(files.certificate);
  const named = isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host);
  return named !== undefined && Date.parse(certificate.validTo) - nowMs > weekMs;
}
