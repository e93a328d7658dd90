/**
 * The bridge between node:crypto's bytes and node-forge's ASN.1 trees. forge builds and parses here
 * and does nothing else: every signature, key and random number of this room is node:crypto's.
 */
import forge from 'node-forge';

export type Asn1 = forge.asn1.Asn1;

interface DerOptions {
  strict: boolean;
  parseAllBytes: boolean;
  decodeBitStrings: boolean;
}

/** Functions of forge 1.4.3 that its published types leave out. */
export const untypedForge = {
  pki: forge.pki as unknown as {
    getTBSCertificate(certificate: forge.pki.Certificate): Asn1;
    getCertificationRequestInfo(request: forge.pki.CertificateSigningRequest): Asn1;
  },
  asn1: forge.asn1 as unknown as {
    fromDer(bytes: forge.util.ByteStringBuffer, options: DerOptions): Asn1;
  },
};

export function toDer(tree: Asn1): Buffer {
  return Buffer.from(forge.asn1.toDer(tree).getBytes(), 'binary');
}

/**
 * @param der exactly one DER value (X.690 §10)
 * @param maxBytes longer input is refused unread
 * @throws Error when it is anything else; also when it is BER that DER forbids, so that the bytes
 *   which were signed are the bytes which were understood
 */
export function parseDer(der: Uint8Array, maxBytes: number): Asn1 {
  if (der.length === 0 || der.length > maxBytes) throw new Error('not a DER value of allowed size');
  const bytes = Buffer.from(der);
  const tree = untypedForge.asn1.fromDer(forge.util.createBuffer(bytes.toString('binary')), {
    strict: true,
    parseAllBytes: true,
    decodeBitStrings: true,
  });
  if (!toDer(tree).equals(bytes)) throw new Error('not canonical DER');
  return tree;
}

/** Contents of a BIT STRING of whole octets, as forge keeps them beside what it made of them. */
export function bitsOf(tree: Asn1 | undefined): Buffer {
  const { bitStringContents } = (tree ?? {}) as { bitStringContents?: string };
  if (!bitStringContents?.startsWith('\0')) throw new Error('not a bit string of whole octets');
  return Buffer.from(bitStringContents, 'binary').subarray(1);
}

/** PEM text of a DER value (RFC 7468). */
export function toPem(label: 'CERTIFICATE' | 'CERTIFICATE REQUEST', der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
