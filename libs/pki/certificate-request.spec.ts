import { beforeAll, describe, expect, test } from '@jest/globals';
import { generateKeyPairSync, sign, X509Certificate, type KeyObject } from 'node:crypto';
import forge from 'node-forge';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Authority, createAuthority } from '#libs/pki/authority.js';
import {
  createCertificateRequest,
  maxRequestBytes,
  readCertificateRequest,
} from '#libs/pki/certificate-request.js';
import { toDer, untypedForge } from '#libs/pki/der.js';
import { makeTlsKey, spkiSha256, type KeyPair } from '#libs/pki/keys.js';

const now = Date.UTC(2026, 0, 15);
const name = { trustDomain: 'conduit.test', practiceId: 'p-1', agentId: 'a-1' };

let key: KeyPair;
let good: Buffer;

beforeAll(async () => {
  key = await makeTlsKey();
  good = await createCertificateRequest(key);
});

function rsa(modulusLength: number, publicExponent = 0x10001): KeyPair {
  return generateKeyPairSync('rsa', { modulusLength, publicExponent });
}

/** A request as an attacker would build it: any key, digest and attributes. */
function hostileRequest(
  pair: KeyPair,
  change: { digest?: string; oid?: string; attributes?: object[]; subject?: string } = {},
): Buffer {
  const request = forge.pki.createCertificationRequest();
  request.publicKey = forge.pki.publicKeyFromPem(pem(pair.publicKey));
  request.setSubject([{ name: 'commonName', value: change.subject ?? 'x' }]);
  if (change.attributes) request.setAttributes(change.attributes as never);
  request.signatureOid = request.siginfo.algorithmOid = change.oid ?? '1.2.840.113549.1.1.11';
  const content = untypedForge.pki.getCertificationRequestInfo(request);
  request.certificationRequestInfo = content;
  const signature = sign(change.digest ?? 'sha256', toDer(content), pair.privateKey);
  request.signature = signature.toString('binary');
  return toDer(forge.pki.certificationRequestToAsn1(request));
}

const pem = (publicKey: KeyObject) => publicKey.export({ format: 'pem', type: 'spki' }) as string;

function expectRefused(der: Uint8Array): void {
  try {
    readCertificateRequest(der);
  } catch (error) {
    expect(error).toBeInstanceOf(ConduitError);
    expect((error as ConduitError).code).toBe('CERTIFICATE_REQUEST_INVALID');
    return;
  }
  throw new Error('was accepted');
}

describe('a certificate request', () => {
  test('that is good gives its public key', () => {
    const accepted = readCertificateRequest(good);
    expect(accepted.publicKey.equals(key.publicKey)).toBe(true);
    expect(accepted.spkiSha256).toEqual(spkiSha256(key.publicKey));
  });

  test('whose signature is another key’s is refused', () => {
    const thief = { publicKey: key.publicKey, privateKey: rsa(3072).privateKey };
    expectRefused(hostileRequest(thief));
  });

  test('with a byte changed is refused', () => {
    for (let at = 0; at < good.length; at += 7) {
      const changed = Buffer.from(good);
      changed[at]! ^= 0x01;
      expectRefused(changed);
    }
  });

  test('of a 2048-bit key is refused', () => expectRefused(hostileRequest(rsa(2048))));

  test('of a key with e = 3 is refused', () => expectRefused(hostileRequest(rsa(3072, 3))));

  test('of a giant key is refused', () => {
    const modulus = Buffer.concat([Buffer.alloc(2048, 0xff)]);
    const giant = forge.pki.setRsaPublicKey(
      new forge.jsbn.BigInteger(modulus.toString('hex'), 16),
      new forge.jsbn.BigInteger('10001', 16),
    );
    const request = forge.pki.createCertificationRequest();
    request.publicKey = giant;
    request.setSubject([{ name: 'commonName', value: 'x' }]);
    request.signatureOid = request.siginfo.algorithmOid = '1.2.840.113549.1.1.11';
    request.certificationRequestInfo = untypedForge.pki.getCertificationRequestInfo(request);
    request.signature = 'x'.repeat(2048);
    expectRefused(toDer(forge.pki.certificationRequestToAsn1(request)));
  });

  test.each([
    ['SHA-1', 'sha1', '1.2.840.113549.1.1.5'],
    ['MD5', 'md5', '1.2.840.113549.1.1.4'],
    ['SHA-256 named as SHA-1', 'sha256', '1.2.840.113549.1.1.5'],
    ['SHA-1 named as SHA-256', 'sha1', '1.2.840.113549.1.1.11'],
  ])('signed with %s is refused', (_title, digest, oid) => {
    expectRefused(hostileRequest(key, { digest, oid }));
  });

  test('of an elliptic curve key is refused', () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const spki = publicKey.export({ format: 'der', type: 'spki' });
    const at = good.indexOf(key.publicKey.export({ format: 'der', type: 'spki' }));
    const rest = good.subarray(at + 422);
    expectRefused(Buffer.concat([good.subarray(0, at), spki, rest]));
  });

  test('larger than the limit is refused unread', () => {
    expectRefused(Buffer.concat([good, Buffer.alloc(maxRequestBytes)]));
    expectRefused(hostileRequest(key, { subject: 'x'.repeat(maxRequestBytes) }));
  });

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['zeroes', Buffer.alloc(500)],
    ['text', Buffer.from('-----BEGIN CERTIFICATE REQUEST-----')],
    ['an endless length', Buffer.from('3084ffffffff', 'hex')],
    ['an indefinite length', Buffer.from('30800000', 'hex')],
    ['deep nesting', Buffer.from('3080'.repeat(4_000), 'hex')],
    ['a lone sequence', Buffer.from('3000', 'hex')],
  ])('that is %s is refused', (_title, bytes) => expectRefused(bytes));

  test('followed by more bytes is refused', () => {
    expectRefused(Buffer.concat([good, Buffer.from([0])]));
  });

  test('in a non-canonical encoding is refused', () => {
    const long = Buffer.alloc(5);
    long[0] = 0x30;
    long[1] = 0x83;
    long.writeUIntBE(good.length - 4, 2, 3);
    expectRefused(Buffer.concat([long, good.subarray(4)]));
  });

  test('that asks to be an authority with other names gets neither', async () => {
    const extensions = [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames: [{ type: 2, value: 'broker.example.com' }] },
    ];
    const der = hostileRequest(key, {
      subject: 'broker.example.com',
      attributes: [{ name: 'extensionRequest', extensions }],
    });
    const authority = new Authority(await createAuthority('Test CA', now));
    const issued = await authority.issueForAgent(name, readCertificateRequest(der), now);
    const certificate = new X509Certificate(issued.certificate);
    expect(certificate.ca).toBe(false);
    expect(certificate.subject).toBe('CN=a-1');
    expect(certificate.subjectAltName).toBe('URI:spiffe://conduit.test/practice/p-1/agent/a-1');
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    expect(issued.certificate).not.toContain('broker');
  });
});
