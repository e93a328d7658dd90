/** A passkey's public key in the form that node:crypto, and the agent, verify with. */
import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { decodeCredentialPublicKey, isoBase64URL } from '@simplewebauthn/server/helpers';

/** Labels of COSE_Key; RFC 9053 §7, RFC 8230 §4. */
const LABEL = { alg: 3, crv: -1, x: -2, y: -3, n: -1, e: -2 } as const;
const P_256 = 1;
const ED25519 = 6;

const MIN_RSA_BYTES = 256;

export interface PublicKeyForms {
  /** SubjectPublicKeyInfo, DER. */
  spki: Buffer;
  /** COSE: -7 ES256, -8 EdDSA, -257 RS256. */
  algorithm: number;
}

/** @throws Error for a key of another kind or curve, or an RSA key below 2048 bits */
export function cosePublicKey(cose: Uint8Array): PublicKeyForms {
  const key = decodeCredentialPublicKey(new Uint8Array(cose)) as unknown as Map<number, unknown>;
  const algorithm = Number(key.get(LABEL.alg));
  const part = (label: number): string => isoBase64URL.fromBuffer(bytesOf(key.get(label)));
  let jwk: JsonWebKey;
  switch (algorithm) {
    case -7:
      if (key.get(LABEL.crv) !== P_256) throw new Error('another curve');
      jwk = { kty: 'EC', crv: 'P-256', x: part(LABEL.x), y: part(LABEL.y) };
      break;
    case -8:
      if (key.get(LABEL.crv) !== ED25519) throw new Error('another curve');
      jwk = { kty: 'OKP', crv: 'Ed25519', x: part(LABEL.x) };
      break;
    case -257:
      if (bytesOf(key.get(LABEL.n)).length < MIN_RSA_BYTES) throw new Error('a short key');
      jwk = { kty: 'RSA', n: part(LABEL.n), e: part(LABEL.e) };
      break;
    default:
      throw new Error('another algorithm');
  }
  const spki = createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'der' });
  return { spki, algorithm };
}

function bytesOf(value: unknown): Uint8Array<ArrayBuffer> {
  if (!(value instanceof Uint8Array)) throw new Error('a part is missing');
  return new Uint8Array(value);
}
