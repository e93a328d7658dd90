/**
 * An authenticator in software, and the browser in front of it, for tests: makes passkeys and uses
 * them as WebAuthn says, and can be told to misbehave.
 */
import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from '@simplewebauthn/server';
import { isoCBOR } from '@simplewebauthn/server/helpers';

export type SoftAlgorithm = 'ES256' | 'EdDSA' | 'RS256';

interface Credential {
  id: Buffer;
  rpId: string;
  userHandle: string;
  algorithm: SoftAlgorithm;
  privateKey: KeyObject;
  coseKey: Buffer;
  counter: number;
}

/** How one ceremony may differ from an honest one. */
export interface Misbehaviour {
  origin?: string;
  challenge?: string;
  rpId?: string;
  crossOrigin?: boolean;
  /** The person was not verified. */
  unverified?: boolean;
  counter?: number;
  userHandle?: string;
  /** One bit of the signature is wrong. */
  forged?: boolean;
}

const FLAG = { present: 1, verified: 4, backupEligible: 8, backedUp: 16, attested: 64 };
const sha256 = (data: string | Buffer): Buffer => createHash('sha256').update(data).digest();
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
const fromText = (encoded: string | undefined): Uint8Array<ArrayBuffer> =>
  new Uint8Array(Buffer.from(encoded ?? '', 'base64url'));

function makeKey(algorithm: SoftAlgorithm): { privateKey: KeyObject; coseKey: Buffer } {
  const pair =
    algorithm === 'ES256'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : algorithm === 'EdDSA'
        ? generateKeyPairSync('ed25519')
        : generateKeyPairSync('rsa', { modulusLength: 2048 });
  const jwk = pair.publicKey.export({ format: 'jwk' });
  const entries: Record<SoftAlgorithm, [number, number | Uint8Array][]> = {
    ES256: [
      [1, 2],
      [3, -7],
      [-1, 1],
      [-2, fromText(jwk.x)],
      [-3, fromText(jwk.y)],
    ],
    EdDSA: [
      [1, 1],
      [3, -8],
      [-1, 6],
      [-2, fromText(jwk.x)],
    ],
    RS256: [
      [1, 3],
      [3, -257],
      [-1, fromText(jwk.n)],
      [-2, fromText(jwk.e)],
    ],
  };
  const cose = new Map(entries[algorithm]) as never;
  return { privateKey: pair.privateKey, coseKey: Buffer.from(isoCBOR.encode(cose)) };
}

export class SoftAuthenticator {
  readonly credentials: Credential[] = [];

  /** @param counts whether its counter grows, as that of a security key does */
  constructor(
    readonly origin: string,
    private readonly algorithm: SoftAlgorithm = 'ES256',
    private readonly counts = false,
  ) {}

  create(
    options: PublicKeyCredentialCreationOptionsJSON,
    wrong: Misbehaviour = {},
  ): RegistrationResponseJSON {
    const credential: Credential = {
      id: randomBytes(16),
      rpId: options.rp.id ?? new URL(this.origin).hostname,
      userHandle: options.user.id,
      algorithm: this.algorithm,
      ...makeKey(this.algorithm),
      counter: 0,
    };
    this.credentials.push(credential);
    const length = Buffer.alloc(2);
    length.writeUInt16BE(credential.id.length);
    const attested = Buffer.concat([Buffer.alloc(16), length, credential.id, credential.coseKey]);
    const authData = Buffer.concat([this.head(credential, wrong, FLAG.attested), attested]);
    const attestationObject = isoCBOR.encode(
      new Map<string, unknown>([
        ['fmt', 'none'],
        ['attStmt', new Map()],
        ['authData', new Uint8Array(authData)],
      ]) as never,
    );
    return {
      id: text(credential.id),
      rawId: text(credential.id),
      type: 'public-key',
      response: {
        clientDataJSON: text(this.clientData('webauthn.create', options.challenge, wrong)),
        attestationObject: text(attestationObject),
        transports: ['internal'],
      },
      clientExtensionResults: {},
    };
  }

  get(
    options: PublicKeyCredentialRequestOptionsJSON,
    wrong: Misbehaviour = {},
  ): AuthenticationResponseJSON {
    const allowed = options.allowCredentials?.map(({ id }) => id);
    const credential = this.credentials.findLast(({ id }) => allowed?.includes(text(id)) ?? true);
    if (!credential) throw new Error('no passkey for this');
    if (this.counts) credential.counter += 1;
    const clientData = this.clientData('webauthn.get', options.challenge, wrong);
    const authData = this.head(credential, wrong, 0);
    const signature = sign(
      credential.algorithm === 'EdDSA' ? null : 'sha256',
      Buffer.concat([authData, sha256(clientData)]),
      credential.privateKey,
    );
    if (wrong.forged) signature.writeUInt8(signature.readUInt8(20) ^ 1, 20);
    return {
      id: text(credential.id),
      rawId: text(credential.id),
      type: 'public-key',
      response: {
        clientDataJSON: text(clientData),
        authenticatorData: text(authData),
        signature: text(signature),
        userHandle: wrong.userHandle ?? credential.userHandle,
      },
      clientExtensionResults: {},
    };
  }

  private head(credential: Credential, wrong: Misbehaviour, more: number): Buffer {
    const verified = wrong.unverified ? 0 : FLAG.verified;
    const flags = FLAG.present | verified | FLAG.backupEligible | FLAG.backedUp | more;
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(wrong.counter ?? credential.counter);
    return Buffer.concat([sha256(wrong.rpId ?? credential.rpId), Buffer.of(flags), counter]);
  }

  private clientData(type: string, challenge: string, wrong: Misbehaviour): Buffer {
    return Buffer.from(
      JSON.stringify({
        type,
        challenge: wrong.challenge ?? challenge,
        origin: wrong.origin ?? this.origin,
        crossOrigin: wrong.crossOrigin ?? false,
      }),
    );
  }
}
