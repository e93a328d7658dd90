import { createHash, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { Ceremonies } from '#apps/broker/src/people/ceremonies.js';
import { isSameHash } from '#apps/broker/src/people/invitation-code.js';
import { OidcIdentities } from '#apps/broker/src/people/oidc-identities.js';
import { OidcProvider } from '#apps/broker/src/people/oidc-provider.js';
import { StartSession, type StartedSession } from '#apps/broker/src/people/start-session.js';
import { ConduitError, toConduitError } from '#libs/errors/conduit-error.js';

export interface BegunRound {
  /** Where the browser goes. */
  url: string;
  /** For a cookie: whoever comes back has to be the browser that went. */
  browser: string;
}

const hashOf = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Signs in with an account of another provider, and links such an account to a person. */
@Injectable()
export class OidcSignIn {
  constructor(
    private readonly provider: OidcProvider,
    private readonly ceremonies: Ceremonies,
    private readonly identities: OidcIdentities,
    private readonly starts: StartSession,
    private readonly audit: AuditTrail,
  ) {}

  /** @param personId to link the account to; absent: to sign in */
  async begin(personId?: string): Promise<BegunRound> {
    const { url, state, nonce, verifier } = await this.provider.begin();
    const browser = randomBytes(32).toString('base64url');
    await this.ceremonies.begin({
      kind: 'oidc',
      ceremonyId: state,
      challenge: nonce,
      ...(personId !== undefined && { personId }),
      detail: { verifier, browser: hashOf(browser).toString('base64url') },
    });
    return { url, browser };
  }

  /**
   * @param search of the address that the browser came back to
   * @param browser the cookie it came back with
   * @returns undefined when an account was linked
   * @throws ConduitError CEREMONY_EXPIRED, OIDC_REFUSED, OIDC_IDENTITY_UNKNOWN, OIDC_UNAVAILABLE
   */
  async finish(search: string, browser: string | undefined): Promise<StartedSession | undefined> {
    try {
      const state = new URLSearchParams(search).get('state') ?? '';
      const { challenge, detail, personId } = await this.ceremonies.take('oidc', state);
      const expected = Buffer.from(detail['browser'] ?? '', 'base64url');
      if (!isSameHash(hashOf(browser ?? ''), expected)) throw new ConduitError('OIDC_REFUSED');
      const round = { state, nonce: challenge, verifier: detail['verifier'] ?? '' };
      const identity = await this.provider.finish(search, round);
      if (personId === undefined) {
        return await this.starts.execute(await this.identities.personOf(identity), 'oidc');
      }
      await this.identities.link(personId, identity);
      return undefined;
    } catch (error) {
      this.audit.note({ type: 'sign-in.refused', errorCode: toConduitError(error).code });
      throw error;
    }
  }
}
