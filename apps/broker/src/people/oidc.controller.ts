import { Body, Controller, Delete, Get, HttpCode, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { readCookie, setSessionCookie } from '#apps/broker/src/access/session-cookie.js';
import { Person, type SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { OidcIdentities } from '#apps/broker/src/people/oidc-identities.js';
import { OidcProvider } from '#apps/broker/src/people/oidc-provider.js';
import { OidcSignIn } from '#apps/broker/src/people/oidc-sign-in.js';
import { StepUpRequestDto } from '#apps/broker/src/people/people-bodies.js';
import { StepUps } from '#apps/broker/src/people/step-ups.js';
import type { LinkedAccount, SignInWays } from '#libs/console-api/session.js';
import { toConduitError } from '#libs/errors/conduit-error.js';

/** Said each time: a route of Nest's has its status, 200, before it runs. */
const FOUND = 302;

const BROWSER_COOKIE = '__Host-conduit-oidc';
/** Lax: the way back from the provider is another site's doing. */
const COOKIE_ATTRIBUTES = 'Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age=300';

/**
 * The second way to sign in. The browser itself walks through `start` and `callback`, so these answer
 * with pages to go to, also when they refuse: `/console/sign-in?problem=CODE`.
 */
@Controller('console/api')
@Policy('visitor')
export class OidcController {
  constructor(
    private readonly provider: OidcProvider,
    private readonly signIns: OidcSignIn,
    private readonly identities: OidcIdentities,
    private readonly stepUps: StepUps,
  ) {}

  @Get('sign-in/ways')
  ways(): SignInWays {
    const { label } = this.provider;
    return { passkey: true, ...(label !== undefined && { oidc: { label } }) };
  }

  @Get('oidc/start')
  async start(@Res() reply: FastifyReply): Promise<void> {
    try {
      const { url, browser } = await this.signIns.begin();
      await remember(reply, browser).redirect(url, FOUND);
    } catch (error) {
      await refuse(reply, '/console/sign-in', error);
    }
  }

  @Get('oidc/callback')
  async callback(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const search = request.url.slice((request.url + '?').indexOf('?'));
    try {
      const browser = readCookie(request.headers.cookie, BROWSER_COOKIE);
      const started = await this.signIns.finish(search, browser);
      if (started) setSessionCookie(reply, started.token);
      await reply.redirect(started ? '/console/' : '/console/account', FOUND);
    } catch (error) {
      await refuse(reply, '/console/sign-in', error);
    }
  }

  /** An account that signs in is worth as much as a passkey that does: a passkey has to agree. */
  @Post('oidc/link')
  @HttpCode(200)
  @Policy('session')
  async link(
    @Person() person: SignedInPerson,
    @Body() { stepUp }: StepUpRequestDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<{ url: string }> {
    await this.stepUps.require(person, { type: 'identity.link' }, stepUp);
    const { url, browser } = await this.signIns.begin(person.personId);
    remember(reply, browser);
    return { url };
  }

  @Get('oidc/link')
  @Policy('session')
  async isLinked(@Person() { personId }: SignedInPerson): Promise<LinkedAccount> {
    return { isLinked: await this.identities.isLinked(personId) };
  }

  @Delete('oidc/link')
  @HttpCode(204)
  @Policy('session')
  async unlink(
    @Person() person: SignedInPerson,
    @Body() { stepUp }: StepUpRequestDto,
  ): Promise<void> {
    await this.stepUps.require(person, { type: 'identity.unlink' }, stepUp);
    await this.identities.unlink(person.personId);
  }
}

const remember = (reply: FastifyReply, browser: string): FastifyReply =>
  reply.header('Set-Cookie', `${BROWSER_COOKIE}=${browser}; ${COOKIE_ATTRIBUTES}`);

function refuse(reply: FastifyReply, page: string, error: unknown): FastifyReply {
  const { code } = toConduitError(error);
  return reply.redirect(`${page}?problem=${code}`, FOUND);
}
