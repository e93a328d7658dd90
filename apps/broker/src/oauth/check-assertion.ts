/**
 * A client's word for itself (RFC 7523 §3): a JWT that it signed with a key whose public half it
 * registered. Stricter than the RFC: one audience and that is us, five minutes of life at most, an id
 * that serves once.
 */
import { Injectable } from '@nestjs/common';
import {
  createLocalJWKSet,
  decodeJwt,
  errors,
  jwtVerify,
  type JSONWebKeySet,
  type JWTPayload,
} from 'jose';
import { ConsoleOrigin } from '#apps/broker/src/access/console-origin.js';
import { KeyBook, type KeyEntry } from '#apps/broker/src/access/key-book.js';
import { UsedAssertions } from '#apps/broker/src/oauth/used-assertions.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';

/** No HMAC, no `none`: with public keys alone there is nothing to confuse a signature with. */
export const assertionAlgorithms = ['ES256', 'EdDSA', 'Ed25519', 'PS256', 'RS256'];
export const TOKEN_PATH = '/oauth2/token';
export const maxAssertionSeconds = 300;
const TOLERANCE_SECONDS = 30;
const MAX_ASSERTION_CHARACTERS = 8_192;
const MAX_ID_CHARACTERS = 256;

@Injectable()
export class CheckAssertion {
  constructor(
    private readonly keys: KeyBook,
    private readonly used: UsedAssertions,
    private readonly origin: ConsoleOrigin,
    private readonly clock: Clock,
  ) {}

  /**
   * @returns the client, whose own bounds are still to be looked at
   * @throws ConduitError CLIENT_ASSERTION_REFUSED with a reason
   */
  async execute(assertion: string): Promise<KeyEntry> {
    const client = this.claimed(assertion);
    const payload = await this.verified(assertion, client);
    const { iat = 0, exp = 0, jti, aud } = payload;
    if (typeof aud !== 'string' && aud?.length !== 1) throw refused('audience');
    if (exp - iat > maxAssertionSeconds) throw refused('lifetime');
    if (typeof jti !== 'string' || jti === '' || jti.length > MAX_ID_CHARACTERS) {
      throw refused('id');
    }
    const goodUntil = new Date((exp + TOLERANCE_SECONDS) * 1_000);
    const isNew = await this.used.take(client.keyId, jti, goodUntil);
    if (!isNew) throw refused('replayed');
    return client;
  }

  /** Whom it says it is of. An unknown client is answered as a wrong signature is. */
  private claimed(assertion: string): KeyEntry & { jwks: { keys: object[] } } {
    if (assertion.length > MAX_ASSERTION_CHARACTERS) throw refused('form');
    let subject: unknown;
    try {
      subject = decodeJwt(assertion).sub;
    } catch {
      throw refused('form');
    }
    const client = typeof subject === 'string' ? this.keys.find(subject) : undefined;
    if (!client?.jwks) throw refused('signature');
    return { ...client, jwks: client.jwks };
  }

  private async verified(
    assertion: string,
    { keyId, jwks }: KeyEntry & { jwks: { keys: object[] } },
  ): Promise<JWTPayload> {
    const [main = ''] = this.origin.origins;
    try {
      const { payload } = await jwtVerify(assertion, createLocalJWKSet(jwks as JSONWebKeySet), {
        algorithms: assertionAlgorithms,
        issuer: keyId,
        subject: keyId,
        audience: [main, main + TOKEN_PATH],
        clockTolerance: TOLERANCE_SECONDS,
        maxTokenAge: maxAssertionSeconds,
        requiredClaims: ['exp', 'iat', 'jti'],
        currentDate: new Date(this.clock.now()),
      });
      return payload;
    } catch (error) {
      throw refused(reasonOf(error));
    }
  }
}

/** One word; jose's own messages may quote the caller. */
function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'expired';
  if (error instanceof errors.JWTClaimValidationFailed) {
    return error.claim === 'aud' ? 'audience' : 'claims';
  }
  if (error instanceof errors.JOSEAlgNotAllowed) return 'algorithm';
  if (error instanceof errors.JWTInvalid || error instanceof errors.JWSInvalid) return 'form';
  return 'signature';
}

const refused = (reason: string): ConduitError =>
  new ConduitError('CLIENT_ASSERTION_REFUSED', { facts: { reason } });
