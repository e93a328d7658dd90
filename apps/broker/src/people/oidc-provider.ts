/**
 * The provider of accounts that people may sign in with besides their passkeys: OpenID Connect with
 * the code flow, PKCE, state and nonce (OpenID Connect Core 1.0 §3.1, RFC 7636, RFC 9207), by
 * openid-client. Nothing but issuer and subject is taken from an account: no name, no address.
 */
import { Injectable } from '@nestjs/common';
import * as oidc from 'openid-client';
import { ConsoleOrigin } from '#apps/broker/src/access/console-origin.js';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

const TIMEOUT_SECONDS = 10;

/** What has to be remembered between going there and coming back. */
export interface OidcRound {
  state: string;
  nonce: string;
  verifier: string;
}

export interface OidcIdentity {
  issuer: string;
  subject: string;
}

@Injectable()
export class OidcProvider {
  private found: Promise<oidc.Configuration> | undefined;

  /** What a provider names of itself is not called unless it is declared as well. */
  private readonly fetchDeclared: oidc.CustomFetch = async (url, options) => {
    const isDeclared = this.config.residency.permits(new URL(url).hostname, 'sign-in');
    if (!isDeclared) throw new ConduitError('OIDC_UNAVAILABLE');
    return fetch(url, options as unknown as Parameters<typeof fetch>[1]);
  };

  constructor(
    private readonly config: BrokerConfig,
    private readonly origin: ConsoleOrigin,
  ) {}

  /** For the button; undefined where no provider is set. */
  get label(): string | undefined {
    const { oidcIssuer, oidcLabel } = this.config;
    return oidcIssuer === undefined ? undefined : (oidcLabel ?? new URL(oidcIssuer).hostname);
  }

  /** @throws ConduitError OIDC_UNAVAILABLE */
  async begin(): Promise<OidcRound & { url: string }> {
    const provider = await this.discover();
    const round = {
      state: oidc.randomState(),
      nonce: oidc.randomNonce(),
      verifier: oidc.randomPKCECodeVerifier(),
    };
    const url = oidc.buildAuthorizationUrl(provider, {
      redirect_uri: this.callback,
      scope: 'openid',
      response_type: 'code',
      state: round.state,
      nonce: round.nonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(round.verifier),
      code_challenge_method: 'S256',
    });
    return { ...round, url: url.href };
  }

  /**
   * @param search of the address that the browser came back to, with its `?`
   * @throws ConduitError OIDC_REFUSED, OIDC_UNAVAILABLE
   */
  async finish(search: string, round: OidcRound): Promise<OidcIdentity> {
    const provider = await this.discover();
    try {
      const tokens = await oidc.authorizationCodeGrant(provider, new URL(this.callback + search), {
        expectedState: round.state,
        expectedNonce: round.nonce,
        pkceCodeVerifier: round.verifier,
        idTokenExpected: true,
      });
      const claims = tokens.claims();
      if (claims) return { issuer: claims.iss, subject: claims.sub };
    } catch (error) {
      throw new ConduitError('OIDC_REFUSED', { cause: error });
    }
    throw new ConduitError('OIDC_REFUSED');
  }

  private get callback(): string {
    return this.origin.link('/console/api/oidc/callback');
  }

  /** Once; a provider that was away is asked again by the next. */
  private async discover(): Promise<oidc.Configuration> {
    const { oidcIssuer, oidcClientId, oidcClientSecret } = this.config;
    if (oidcIssuer === undefined || oidcClientId === undefined) {
      throw new ConduitError('OIDC_UNAVAILABLE');
    }
    const isPlain = oidcIssuer.startsWith('http:');
    this.found ??= oidc.discovery(
      new URL(oidcIssuer),
      oidcClientId,
      undefined,
      oidcClientSecret ? oidc.ClientSecretBasic(oidcClientSecret.reveal()) : oidc.None(),
      {
        timeout: TIMEOUT_SECONDS,
        [oidc.customFetch]: this.fetchDeclared,
        ...(isPlain && { execute: [oidc.allowInsecureRequests] }),
      },
    );
    try {
      return await this.found;
    } catch (error) {
      this.found = undefined;
      throw new ConduitError('OIDC_UNAVAILABLE', { cause: error });
    }
  }
}
