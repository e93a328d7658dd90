/**
 * Certificate signing requests (PKCS #10, RFC 2986). From a stranger's request exactly one thing is
 * taken, the public key; subject, attributes and requested extensions are never looked at.
 */
import { createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import forge from 'node-forge';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { parseDer, toDer, untypedForge } from '#libs/pki/der.js';
import { isAcceptableRsaKey, spkiSha256, type KeyPair } from '#libs/pki/keys.js';
import { sha256WithRsa } from '#libs/pki/sign-certificate.js';

const signAsync = promisify(sign);

/** A request for a 4096-bit key with a few attributes is about 1.5 kB. */
export const maxRequestBytes = 8_192;

export interface AcceptedRequest {
  publicKey: KeyObject;
  spkiSha256: Buffer;
}

/** DER of a request that names nobody: whom it is for, the issuer knows by other means. */
export async function createCertificateRequest(key: KeyPair): Promise<Buffer> {
  const request = forge.pki.createCertificationRequest();
  const spki = key.publicKey.export({ format: 'pem', type: 'spki' }) as string;
  request.publicKey = forge.pki.publicKeyFromPem(spki);
  request.setSubject([{ name: 'commonName', value: 'conduit-agent' }]);
  request.siginfo.algorithmOid = request.signatureOid = sha256WithRsa;
  const signed = untypedForge.pki.getCertificationRequestInfo(request);
  request.certificationRequestInfo = signed;
  const signature = await signAsync('sha256', toDer(signed), key.privateKey);
  request.signature = signature.toString('binary');
  return toDer(forge.pki.certificationRequestToAsn1(request));
}

/**
 * Accepts a request when it is canonical DER of at most 8 kB, holds an RSA key of 3072 to 4096 bits
 * with e = 65537, and proves possession of it by a SHA-256 PKCS #1 v1.5 signature (RFC 2986 §4.2).
 * @throws ConduitError CERTIFICATE_REQUEST_INVALID for anything else, whatever the reason
 */
export function readCertificateRequest(der: Uint8Array): AcceptedRequest {
  try {
    return read(der);
  } catch (cause) {
    throw new ConduitError('CERTIFICATE_REQUEST_INVALID', { cause });
  }
}

function read(der: Uint8Array): AcceptedRequest {
  const tree = parseDer(der, maxRequestBytes);
  const request = forge.pki.certificationRequestFromAsn1(tree);
  if (request.signatureOid !== sha256WithRsa) throw new Error('signature algorithm');
  const spki = toDer(forge.pki.publicKeyToAsn1(request.publicKey as forge.pki.rsa.PublicKey));
  const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  if (!isAcceptableRsaKey(publicKey)) throw new Error('key');
  if (!request.certificationRequestInfo) throw new Error('content');
  const signed = toDer(request.certificationRequestInfo);
  const signature = Buffer.from(request.signature as string, 'binary');
  if (!verify('sha256', signed, publicKey, signature)) throw new Error('signature');
  return { publicKey, spkiSha256: spkiSha256(publicKey) };
}
