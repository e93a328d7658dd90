/**
 * The people of the console: invitations, passkeys, sessions, step-ups. Promises: nobody comes in
 * without an invitation; a passkey with user verification, or an account linked to one, signs in;
 * whatever grants, revokes, admits or exports is confirmed by a passkey over exactly that action; no
 * secret is stored in a form that could be used; names and addresses are in this room's tables alone.
 */
import { Module } from '@nestjs/common';
import { Ceremonies } from '#apps/broker/src/people/ceremonies.js';
import { PasskeyBook } from '#apps/broker/src/people/passkey-book.js';
import { PasskeyRules } from '#apps/broker/src/people/passkey-rules.js';
import { SessionsController } from '#apps/broker/src/people/sessions.controller.js';
import { SignOut } from '#apps/broker/src/people/sign-out.js';
import { StepUpRecord } from '#apps/broker/src/people/step-up-record.js';
import { StepUps } from '#apps/broker/src/people/step-ups.js';

@Module({
  controllers: [SessionsController],
  providers: [Ceremonies, PasskeyBook, PasskeyRules, SignOut, StepUpRecord, StepUps],
  exports: [StepUps],
})
export class PeopleModule {}
