import { Body, Controller, Delete, Get, HttpCode, Post, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { clearSessionCookie } from '#apps/broker/src/access/session-cookie.js';
import { Person, type SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { BeginStepUpDto } from '#apps/broker/src/people/people-bodies.js';
import { sessionView } from '#apps/broker/src/people/session-view.js';
import { SignOut } from '#apps/broker/src/people/sign-out.js';
import { StepUps } from '#apps/broker/src/people/step-ups.js';
import type { BegunStepUp, Session } from '#libs/console-api/session.js';

/** Of whoever is signed in: who that is, signing out, and beginning to confirm an action. */
@Controller('console/api')
@Policy('session')
export class SessionsController {
  constructor(
    private readonly signOut: SignOut,
    private readonly stepUps: StepUps,
  ) {}

  @Get('session')
  read(@Person() person: SignedInPerson): Session {
    return sessionView(person);
  }

  @Delete('session')
  @HttpCode(204)
  async end(
    @Person() person: SignedInPerson,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    await this.signOut.execute(person);
    clearSessionCookie(reply);
  }

  @Post('step-up')
  beginStepUp(
    @Person() person: SignedInPerson,
    @Body() { action }: BeginStepUpDto,
  ): Promise<BegunStepUp> {
    return this.stepUps.begin(person, action);
  }
}
