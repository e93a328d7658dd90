import { beforeAll, describe, expect, test } from '@jest/globals';
import { createHash, randomUUID, X509Certificate } from 'node:crypto';
import forge from 'node-forge';
import { agentUri, readAgentName } from '#libs/pki/agent-uri.js';
import { Authority, createAuthority } from '#libs/pki/authority.js';
import { createCertificateRequest, readCertificateRequest } from '#libs/pki/certificate-request.js';
import { makeServerKey, makeTlsKey, type KeyPair } from '#libs/pki/keys.js';
import { nodeHost, nodeUri, readNodeName } from '#libs/pki/node-name.js';

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

describe('a certificate of a key that forge does not know', () => {
  test('holds that key, and is one that OpenSSL follows to its root', async () => {
    const server = await makeServerKey();
    const hosts = { dnsNames: ['localhost'], ipAddresses: [] };
    const issued = await authority.issueForServer(hosts, server.publicKey, now);
    const certificate = new X509Certificate(issued.certificate);
    expect(certificate.publicKey.equals(server.publicKey)).toBe(true);
    expect(certificate.checkPrivateKey(server.privateKey)).toBe(true);
    expect(certificate.checkIssued(authority.certificate)).toBe(true);
    expect(certificate.verify(authority.certificate.publicKey)).toBe(true);
    const point = server.publicKey.export({ format: 'der', type: 'spki' }).subarray(-65);
    const identifier = createHash('sha1').update(point).digest();
    // RFC 5280 §4.2.1.2: an OCTET STRING of 20 bytes in the extension's own.
    const extension = Buffer.concat([Buffer.from('0603551d0e04160414', 'hex'), identifier]);
    expect(certificate.raw.includes(extension)).toBe(true);
  });

  test('names its key and its issuer’s as forge would', async () => {
    const parsed = forge.pki.certificateFromPem((await issueForAgent()).toString());
    const root = forge.pki.certificateFromPem(authority.pem);
    const hexOf = (certificate: forge.pki.Certificate) =>
      certificate.generateSubjectKeyIdentifier().toHex();
    expect(parsed.getExtension('subjectKeyIdentifier')).toMatchObject({
      subjectKeyIdentifier: hexOf(parsed),
    });
    const { value } = parsed.getExtension('authorityKeyIdentifier') as { value: string };
    expect(Buffer.from(value, 'binary').toString('hex')).toContain(hexOf(root));
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

describe('a node’s certificate', () => {
  const nodeName = { trustDomain: 'conduit.test', nodeId: randomUUID() };

  test('serves at both ends of a link, names the node and lives for a day', async () => {
    const issued = await authority.issueForNode(nodeName, key.publicKey, now);
    const certificate = new X509Certificate(issued.certificate);
    expect(certificate.checkIssued(authority.certificate)).toBe(true);
    expect(certificate.ca).toBe(false);
    expect(certificate.keyUsage?.sort()).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
    expect(readNodeName(certificate)).toEqual(nodeName);
    expect(certificate.checkHost(nodeHost(nodeName.nodeId))).toBeDefined();
    expect(certificate.checkHost(nodeHost(randomUUID()))).toBeUndefined();
    expect(Date.parse(certificate.validTo) - now).toBe(24 * 3_600_000);
  });

  test('is no agent’s, and neither an agent’s nor a server’s is a node’s', async () => {
    const node = await authority.issueForNode(nodeName, key.publicKey, now);
    expect(readAgentName(new X509Certificate(node.certificate))).toBeUndefined();
    expect(readNodeName(await issueForAgent())).toBeUndefined();
    const hosts = { dnsNames: [nodeHost(nodeName.nodeId)], ipAddresses: [] };
    const server = await authority.issueForServer(hosts, key.publicKey, now);
    expect(readNodeName(new X509Certificate(server.certificate))).toBeUndefined();
  });

  test('names nobody whose name holds what would change its shape', () => {
    for (const nodeId of ['', 'a', `${randomUUID()}/x`, `${randomUUID()}, DNS:localhost`]) {
      expect(() => nodeUri({ ...nodeName, nodeId })).toThrow();
    }
  });
});
