/** A passkey made of software, and the browser around it: assertions as they should be, or as a test bends them. */
import {
  createHash,
  generateKeyPairSync,
  randomBytes,
  sign,
  type KeyObject,
  type KeyPairKeyObjectResult,
} from 'node:crypto';

import {
  passkeyApproverId,
  type PasskeyAlgorithm,
  type PasskeyApprover,
  type PasskeyKey,
} from '#libs/grants/approver.js';
import { canonicalJson } from '#libs/grants/canonical-json.js';
import type { Grant, PasskeySignature, SignedGrant } from '#libs/grants/grant.js';
import { grantDigest } from '#libs/grants/sign-grant.js';

/** What a test makes wrong. */
export interface Bend {
  type?: string;
  challenge?: string;
  origin?: string;
  rpId?: string;
  /** Further members of clientDataJSON. */
  clientData?: object;
  /** Flags of the authenticator data; else user present and verified, synced. */
  flags?: number;
  /** Follows the head of the authenticator data. */
  tail?: Buffer;
}

export interface APasskey {
  approver: PasskeyApprover;
  privateKey: KeyObject;
  /** As @simplewebauthn stores it. */
  coseKey: Buffer;
  assert(challenge: Buffer, bend?: Bend): PasskeySignature;
  sign(grant: Grant, bend?: Bend): SignedGrant;
}

const PRESENT_VERIFIED_SYNCED = 0x1d;

function keysOf(algorithm: PasskeyAlgorithm): KeyPairKeyObjectResult {
  switch (algorithm) {
    case -7:
      return generateKeyPairSync('ec', { namedCurve: 'P-256' });
    case -8:
      return generateKeyPairSync('ed25519');
    case -257:
      return generateKeyPairSync('rsa', { modulusLength: 2048 });
  }
}

/** CBOR (RFC 8949) of small integers, byte strings and one map: enough for a COSE key (RFC 9052 §7). */
function cbor(value: number | Buffer | Map<number, number | Buffer>): Buffer {
  const head = (major: number, n: number): Buffer => {
    if (n < 24) return Buffer.from([(major << 5) | n]);
    if (n < 256) return Buffer.from([(major << 5) | 24, n]);
    return Buffer.from([(major << 5) | 25, n >> 8, n & 0xff]);
  };
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value);
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value]);
  const members = [...value].flatMap(([name, member]) => [cbor(name), cbor(member)]);
  return Buffer.concat([head(5, value.size), ...members]);
}

function coseKeyOf(key: KeyObject, algorithm: PasskeyAlgorithm): Buffer {
  const jwk = key.export({ format: 'jwk' });
  const part = (name: 'x' | 'y' | 'n' | 'e'): Buffer => Buffer.from(jwk[name] ?? '', 'base64url');
  const members = {
    '-7': () => ({ 1: 2, 3: -7, '-1': 1, '-2': part('x'), '-3': part('y') }),
    '-8': () => ({ 1: 1, 3: -8, '-1': 6, '-2': part('x') }),
    '-257': () => ({ 1: 3, 3: -257, '-1': part('n'), '-2': part('e') }),
  }[algorithm]();
  return cbor(new Map(Object.entries(members).map(([name, value]) => [Number(name), value])));
}

export function aPasskey(
  changes: Partial<Omit<PasskeyApprover, 'kind' | 'approverId' | 'publicKey'>> = {},
): APasskey {
  const algorithm = changes.algorithm ?? -7;
  const { publicKey, privateKey } = keysOf(algorithm);
  const key: PasskeyKey = {
    algorithm,
    publicKey: publicKey.export({ format: 'der', type: 'spki' }).toString('base64url'),
    credentialId: changes.credentialId ?? randomBytes(32).toString('base64url'),
    rpId: changes.rpId ?? 'console.example.org',
    origin: changes.origin ?? 'https://console.example.org',
  };
  const approver: PasskeyApprover = {
    ...key,
    kind: 'webauthn',
    approverId: passkeyApproverId(key),
    name: changes.name ?? 'Zz Owner',
    addedAt: changes.addedAt ?? '2026-01-01T00:00:00.000Z',
  };
  const assert = (challenge: Buffer, bend: Bend = {}): PasskeySignature => {
    const clientData = Buffer.from(
      JSON.stringify({
        type: bend.type ?? 'webauthn.get',
        challenge: bend.challenge ?? challenge.toString('base64url'),
        origin: bend.origin ?? key.origin,
        crossOrigin: false,
        ...bend.clientData,
      }),
    );
    const sha256 = (bytes: string | Buffer) => createHash('sha256').update(bytes).digest();
    const authenticatorData = Buffer.concat([
      sha256(bend.rpId ?? key.rpId),
      Buffer.from([bend.flags ?? PRESENT_VERIFIED_SYNCED, 0, 0, 0, 0]),
      bend.tail ?? Buffer.alloc(0),
    ]);
    const signed = Buffer.concat([authenticatorData, sha256(clientData)]);
    return {
      kind: 'webauthn',
      approverId: approver.approverId,
      authenticatorData: authenticatorData.toString('base64url'),
      clientDataJSON: clientData.toString('base64url'),
      signature: sign(algorithm === -8 ? null : 'sha256', signed, privateKey).toString('base64url'),
    };
  };
  return {
    approver,
    privateKey,
    coseKey: coseKeyOf(publicKey, algorithm),
    assert,
    sign: (grant, bend) => {
      const document = canonicalJson(grant);
      return { document, approvals: [assert(grantDigest(document), bend)] };
    },
  };
}
