import { beforeAll, describe, expect, test } from '@jest/globals';
import { createHash, X509Certificate } from 'node:crypto';
import forge from 'node-forge';
import { agentUri, readAgentName } from '#libs/pki/agent-uri.js';
import { Authority, createAuthority } from '#libs/pki/authority.js';
import { createCertificateRequest, readCertificateRequest } from '#libs/pki/certificate-request.js';
import { makeTlsKey, type KeyPair } from '#libs/pki/keys.js';

const now = Date.UTC(2026, 0, 15, 12);
const name = { trustDomain: 'conduit.test', practiceId: 'p-1', agentId: 'a-1' };

let authority: Authority;
let key: KeyPair;

beforeAll(async () => {
  authority = new Authority(await createAuthority('Test CA', now));
  key = await makeTlsKey();
});

async function issueForAgent(at = now): Promise<X509Certificate> {
  const request = readCertificateRequest(await createCertificateRequest(key));
  return new X509Certificate((await authority.issueForAgent(name, request, at)).certificate);
}

function extensionOf(certificate: X509Certificate, wanted: string): Record<string, unknown> {
  const parsed = forge.pki.certificateFromPem(certificate.toString());
  return parsed.getExtension(wanted) as Record<string, unknown>;
}

describe('an authority', () => {
  test('is a self-signed root for ten years that may have no authority below it', () => {
    const { certificate } = authority;
    expect(certificate.ca).toBe(true);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.publicKey.asymmetricKeyDetails?.modulusLength).toBe(3072);
    expect(extensionOf(certificate, 'basicConstraints')).toMatchObject({
      critical: true,
      pathLenConstraint: 0,
    });
    expect(new Date(certificate.validTo).getUTCFullYear()).toBe(2036);
  });

  test('is pinned by the hash of its public key', () => {
    const spki = authority.certificate.publicKey.export({ format: 'der', type: 'spki' });
    expect(authority.pin).toEqual(createHash('sha256').update(spki).digest());
  });

  test('is not made from the files of two', async () => {
    const other = await createAuthority('Other CA', now);
    const privateKey = other.privateKey;
    expect(() => new Authority({ certificate: authority.pem, privateKey })).toThrow();
  });
});

describe('an agent’s certificate', () => {
  test('names the agent, is for clients only and lives for a day', async () => {
    const certificate = await issueForAgent();
    expect(certificate.checkIssued(authority.certificate)).toBe(true);
    expect(certificate.verify(authority.certificate.publicKey)).toBe(true);
    expect(certificate.ca).toBe(false);
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    expect(extensionOf(certificate, 'basicConstraints')).toMatchObject({ critical: true });
    expect(extensionOf(certificate, 'keyUsage')).toMatchObject({
      critical: true,
      digitalSignature: true,
      keyCertSign: false,
    });
    expect(readAgentName(certificate)).toEqual(name);
    expect(Date.parse(certificate.validTo) - now).toBe(24 * 3_600_000);
    expect(now - Date.parse(certificate.validFrom)).toBe(5 * 60_000);
  });

  test('has a serial of 20 positive random octets', async () => {
    const serials = [await issueForAgent(), await issueForAgent()].map((c) => c.serialNumber);
    for (const serial of serials) expect(serial).toMatch(/^[4-7][0-9A-F]{39}$/);
    expect(serials[0]).not.toBe(serials[1]);
  });
});

describe('a server’s certificate', () => {
  test('is for servers only, under the names given', async () => {
    const hosts = { dnsNames: ['localhost'], ipAddresses: ['127.0.0.1', '::1'] };
    const issued = await authority.issueForServer(hosts, key.publicKey, now);
    const certificate = new X509Certificate(issued.certificate);
    expect(certificate.checkHost('localhost')).toBe('localhost');
    expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(certificate.checkIP('::1')).toBe('::1');
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    expect(readAgentName(certificate)).toBeUndefined();
  });
});

describe('an agent’s name', () => {
  test.each(['a/b', 'a,URI:x', '', 'a b', 'ä', 'x'.repeat(65)])(
    'cannot hold what would change its shape: %j',
    (agentId) => {
      expect(() => agentUri({ ...name, agentId })).toThrow();
    },
  );
});
