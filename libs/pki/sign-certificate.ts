/** Turns a plan into a certificate (RFC 5280): forge builds the tree, node:crypto signs its bytes. */
import { createHash, sign, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import forge from 'node-forge';
import type { CertificatePlan } from '#libs/pki/certificate-plan.js';
import { bitsOf, parseDer, toDer, toPem, untypedForge, type Asn1 } from '#libs/pki/der.js';

const signAsync = promisify(sign);

/** sha256WithRSAEncryption (RFC 4055 §5). */
export const sha256WithRsa = '1.2.840.113549.1.1.11';

export interface Issuer {
  commonName: string;
  privateKey: KeyObject;
  publicKey: KeyObject;
}

const MAX_KEY_BYTES = 4_096;
/** Where the key is in a TBSCertificate with a version (RFC 5280 §4.1). */
const SUBJECT_PUBLIC_KEY_INFO = 6;

/**
 * @param plan with a key of any kind: forge knows RSA alone, so the key's own bytes take the place
 * of the one that forge is given
 * @param issuer an RSA key; for a root, the plan's own
 * @returns PEM
 */
export async function signCertificate(plan: CertificatePlan, issuer: Issuer): Promise<string> {
  const certificate = forge.pki.createCertificate();
  certificate.serialNumber = plan.serial;
  certificate.validity.notBefore = plan.notBefore;
  certificate.validity.notAfter = plan.notAfter;
  certificate.setSubject([{ name: 'commonName', value: plan.commonName }]);
  certificate.setIssuer([{ name: 'commonName', value: issuer.commonName }]);
  certificate.publicKey = forgeKey(issuer.publicKey);
  certificate.setExtensions([...extensionsOf(plan), authorityKeyIdentifier(issuer.publicKey)]);
  certificate.siginfo.algorithmOid = certificate.signatureOid = sha256WithRsa;
  certificate.tbsCertificate = untypedForge.pki.getTBSCertificate(certificate);
  childrenOf(certificate.tbsCertificate)[SUBJECT_PUBLIC_KEY_INFO] = spkiOf(plan.publicKey);
  const signature = await signAsync('sha256', toDer(certificate.tbsCertificate), issuer.privateKey);
  certificate.signature = signature.toString('binary');
  return toPem('CERTIFICATE', toDer(forge.pki.certificateToAsn1(certificate)));
}

/** Whom TLS lets a certificate stand for (RFC 5280 §4.2.1.12). */
const usages = {
  agent: { clientAuth: true },
  server: { serverAuth: true },
  node: { clientAuth: true, serverAuth: true },
} as const;

function extensionsOf(plan: CertificatePlan): object[] {
  const subject = subjectKeyIdentifier(plan.publicKey);
  switch (plan.kind) {
    case 'authority':
      return [
        { name: 'basicConstraints', critical: true, cA: true, pathLenConstraint: 0 },
        { name: 'keyUsage', critical: true, keyCertSign: true, cRLSign: true },
        subject,
      ];
    case 'agent':
    case 'server':
    case 'node':
      return [
        { name: 'basicConstraints', critical: true, cA: false },
        { name: 'keyUsage', critical: true, digitalSignature: true },
        { name: 'extKeyUsage', ...usages[plan.kind] },
        subject,
        { name: 'subjectAltName', altNames: alternativeNames(plan) },
      ];
  }
}

/** GeneralName tags (RFC 5280 §4.2.1.6): 2 dNSName, 6 uniformResourceIdentifier, 7 iPAddress. */
function alternativeNames(plan: CertificatePlan): object[] {
  return [
    ...plan.uris.map((value) => ({ type: 6, value })),
    ...plan.dnsNames.map((value) => ({ type: 2, value })),
    ...plan.ipAddresses.map((ip) => ({ type: 7, ip })),
  ];
}

function subjectKeyIdentifier(key: KeyObject): object {
  const { asn1, pki } = forge;
  const { UNIVERSAL } = asn1.Class;
  const value = asn1.create(UNIVERSAL, asn1.Type.OCTETSTRING, false, keyIdentifier(key));
  return { id: pki.oids['subjectKeyIdentifier'], value: toDer(value).toString('binary') };
}

function authorityKeyIdentifier(issuerKey: KeyObject): object {
  return { name: 'authorityKeyIdentifier', keyIdentifier: keyIdentifier(issuerKey) };
}

/** SHA-1 of the key's bits without its algorithm (RFC 5280 §4.2.1.2, method 1), as forge's binary text. */
function keyIdentifier(key: KeyObject): string {
  const bits = bitsOf(childrenOf(spkiOf(key))[1]);
  return createHash('sha1').update(bits).digest('binary');
}

const childrenOf = (tree: Asn1): Asn1[] => tree.value as Asn1[];

function spkiOf(key: KeyObject): Asn1 {
  return parseDer(key.export({ format: 'der', type: 'spki' }), MAX_KEY_BYTES);
}

function forgeKey(key: KeyObject): forge.pki.rsa.PublicKey {
  return forge.pki.publicKeyFromPem(key.export({ format: 'pem', type: 'spki' }) as string);
}
