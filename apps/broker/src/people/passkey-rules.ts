/**
 * What a passkey of this console has to be: user verification always, found by the authenticator
 * itself (no user name is typed), no attestation (which device it is, is not our business).
 * @simplewebauthn/server verifies; its own messages, which quote what was sent, go no further.
 * Source: W3C Web Authentication Level 3, §7.1 and §7.2.
 */
import { Injectable } from '@nestjs/common';
import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
  type AuthenticationResponseJSON,
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
  type RegistrationResponseJSON,
  type WebAuthnCredential,
} from '@simplewebauthn/server';
import { ConsoleOrigin } from '#apps/broker/src/access/console-origin.js';
import { CEREMONY_MS } from '#apps/broker/src/people/ceremonies.js';
import { requireOwnPage } from '#apps/broker/src/people/browser-claims.js';
import { cosePublicKey } from '#apps/broker/src/people/cose-key.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

/** COSE: ES256, EdDSA, RS256, in the order that we prefer. */
const ALGORITHMS = [-7, -8, -257];

const RP_NAME = 'Conduit';

export interface NewPasskey {
  /** The credential id, base64url. */
  passkeyId: string;
  /** COSE_Key. */
  publicKey: Buffer;
  /** DER. */
  spki: Buffer;
  algorithm: number;
  counter: number;
  transports: string[];
  isSynced: boolean;
  rpId: string;
  origin: string;
}

export interface KnownPasskey {
  passkey_id: string;
  public_key: Buffer;
  counter: string;
}

@Injectable()
export class PasskeyRules {
  constructor(private readonly origin: ConsoleOrigin) {}

  /** @param challenge base64url @param shownAs what the authenticator shows beside the host's name */
  creationOptions(
    challenge: string,
    personId: string,
    shownAs: string,
    existing: readonly string[],
  ): Promise<PublicKeyCredentialCreationOptionsJSON> {
    return generateRegistrationOptions({
      rpName: RP_NAME,
      rpID: this.origin.rpId,
      userName: shownAs,
      userDisplayName: shownAs,
      userID: new Uint8Array(Buffer.from(personId)),
      challenge: new Uint8Array(Buffer.from(challenge, 'base64url')),
      timeout: CEREMONY_MS,
      attestationType: 'none',
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      supportedAlgorithmIDs: ALGORITHMS,
      excludeCredentials: existing.map((id) => ({ id })),
    });
  }

  /** @param allowed credential ids; absent: whichever the person chooses */
  requestOptions(
    challenge: string,
    allowed?: readonly { id: string; transports: string[] }[],
  ): Promise<PublicKeyCredentialRequestOptionsJSON> {
    return generateAuthenticationOptions({
      rpID: this.origin.rpId,
      challenge: new Uint8Array(Buffer.from(challenge, 'base64url')),
      timeout: CEREMONY_MS,
      userVerification: 'required',
      ...(allowed && { allowCredentials: [...allowed] }),
    });
  }

  /** @throws ConduitError PASSKEY_REFUSED */
  async verifyNew(response: RegistrationResponseJSON, challenge: string): Promise<NewPasskey> {
    requireOwnPage(response);
    const { origins, rpId } = this.origin;
    const verified = await verifyRegistrationResponse({
      response,
      expectedChallenge: challenge,
      expectedOrigin: origins,
      expectedRPID: rpId,
      requireUserVerification: true,
      supportedAlgorithmIDs: ALGORITHMS,
    }).catch(refused);
    if (!verified.verified) return refused();
    const { credential, credentialBackedUp, origin } = verified.registrationInfo;
    const publicKey = Buffer.from(credential.publicKey);
    try {
      const { spki, algorithm } = cosePublicKey(publicKey);
      return {
        passkeyId: credential.id,
        publicKey,
        spki,
        algorithm,
        counter: credential.counter,
        transports: (credential.transports ?? []).map(String).slice(0, 8),
        isSynced: credentialBackedUp,
        rpId,
        origin,
      };
    } catch (error) {
      return refused(error);
    }
  }

  /**
   * @returns the authenticator's new counter
   * @throws ConduitError PASSKEY_REFUSED, also for a counter that went back: a copy of the key
   */
  async verifyUse(
    response: AuthenticationResponseJSON,
    challenge: string,
    passkey: KnownPasskey,
  ): Promise<number> {
    requireOwnPage(response);
    const credential: WebAuthnCredential = {
      id: passkey.passkey_id,
      publicKey: new Uint8Array(passkey.public_key),
      counter: Number(passkey.counter),
    };
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response,
      expectedChallenge: challenge,
      expectedOrigin: this.origin.origins,
      expectedRPID: this.origin.rpId,
      credential,
      requireUserVerification: true,
    }).catch(refused);
    return verified ? authenticationInfo.newCounter : refused();
  }
}

function refused(cause?: unknown): never {
  throw new ConduitError('PASSKEY_REFUSED', { cause });
}
