import { Body, Controller, HttpCode, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { PersonDoor } from '#apps/broker/src/access/person-door.js';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { setSessionCookie } from '#apps/broker/src/access/session-cookie.js';
import { AcceptInvitation } from '#apps/broker/src/people/accept-invitation.js';
import { OpenInvitation } from '#apps/broker/src/people/open-invitation.js';
import {
  AcceptInvitationDto,
  OpenInvitationDto,
  SignInDto,
} from '#apps/broker/src/people/people-bodies.js';
import { SignIn } from '#apps/broker/src/people/sign-in.js';
import type { StartedSession } from '#apps/broker/src/people/start-session.js';
import type { OpenedInvitation, Session, SignInOptions } from '#libs/console-api/session.js';

/** For whoever is not signed in yet: invitations and signing in. */
@Controller('console/api')
@Policy('visitor')
export class VisitorsController {
  constructor(
    private readonly open: OpenInvitation,
    private readonly acceptance: AcceptInvitation,
    private readonly signIns: SignIn,
    private readonly people: PersonDoor,
  ) {}

  @Post('invitations/open')
  @HttpCode(200)
  openInvitation(@Body() { code }: OpenInvitationDto): Promise<OpenedInvitation> {
    return this.open.execute(code);
  }

  @Post('invitations/accept')
  @HttpCode(200)
  async acceptInvitation(
    @Body() order: AcceptInvitationDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Session> {
    const signedIn = await this.people.find(request);
    return enter(reply, await this.acceptance.execute(order, signedIn));
  }

  @Post('sign-in/options')
  @HttpCode(200)
  beginSignIn(): Promise<SignInOptions> {
    return this.signIns.begin();
  }

  @Post('sign-in')
  @HttpCode(200)
  async signIn(
    @Body() order: SignInDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Session> {
    const before = await this.people.find(request);
    return enter(reply, await this.signIns.execute(order, before));
  }
}

function enter(reply: FastifyReply, { token, session }: StartedSession): Session {
  setSessionCookie(reply, token);
  return session;
}
