/**
 * The people of the console: invitations, passkeys, sessions, step-ups. Promises: nobody comes in
 * without an invitation; a passkey with user verification, or an account linked to one, signs in;
 * whatever grants, revokes, admits or exports is confirmed by a passkey over exactly that action; no
 * secret is stored in a form that could be used; names and addresses are in this room's tables alone.
 */
import { Module } from '@nestjs/common';
import { MailModule } from '#apps/broker/src/mail/mail.module.js';
import { AcceptInvitation } from '#apps/broker/src/people/accept-invitation.js';
import { Ceremonies } from '#apps/broker/src/people/ceremonies.js';
import { CreateInvitation } from '#apps/broker/src/people/create-invitation.js';
import { EndRole } from '#apps/broker/src/people/end-role.js';
import { FirstPeople } from '#apps/broker/src/people/first-people.js';
import { IntegratorPeopleController } from '#apps/broker/src/people/integrator-people.controller.js';
import { InvitationBook } from '#apps/broker/src/people/invitation-book.js';
import { InvitationMail } from '#apps/broker/src/people/invitation-mail.js';
import { NewPeople } from '#apps/broker/src/people/new-people.js';
import { OidcController } from '#apps/broker/src/people/oidc.controller.js';
import { OidcIdentities } from '#apps/broker/src/people/oidc-identities.js';
import { OidcProvider } from '#apps/broker/src/people/oidc-provider.js';
import { OidcSignIn } from '#apps/broker/src/people/oidc-sign-in.js';
import { OpenInvitation } from '#apps/broker/src/people/open-invitation.js';
import { OperatorInvitationsController } from '#apps/broker/src/people/operator-invitations.controller.js';
import { OperatorPeopleController } from '#apps/broker/src/people/operator-people.controller.js';
import { OwnPasskeys } from '#apps/broker/src/people/own-passkeys.js';
import { PasskeyBook } from '#apps/broker/src/people/passkey-book.js';
import { PasskeyRules } from '#apps/broker/src/people/passkey-rules.js';
import { PasskeysController } from '#apps/broker/src/people/passkeys.controller.js';
import { PlaceActs } from '#apps/broker/src/people/place-acts.js';
import { PlacePeople } from '#apps/broker/src/people/place-people.js';
import { PracticePeopleController } from '#apps/broker/src/people/practice-people.controller.js';
import { RoleBook } from '#apps/broker/src/people/role-book.js';
import { SessionsController } from '#apps/broker/src/people/sessions.controller.js';
import { SignIn } from '#apps/broker/src/people/sign-in.js';
import { SignOut } from '#apps/broker/src/people/sign-out.js';
import { StartSession } from '#apps/broker/src/people/start-session.js';
import { StepUpRecord } from '#apps/broker/src/people/step-up-record.js';
import { StepUps } from '#apps/broker/src/people/step-ups.js';
import { VisitorsController } from '#apps/broker/src/people/visitors.controller.js';

const ofInvitations = [
  AcceptInvitation,
  CreateInvitation,
  FirstPeople,
  InvitationBook,
  InvitationMail,
  NewPeople,
  OpenInvitation,
  RoleBook,
];
const ofPasskeys = [Ceremonies, OwnPasskeys, PasskeyBook, PasskeyRules, StepUpRecord, StepUps];
const ofSessions = [OidcIdentities, OidcProvider, OidcSignIn, SignIn, SignOut, StartSession];
const ofPlaces = [EndRole, PlaceActs, PlacePeople];

@Module({
  imports: [MailModule],
  controllers: [
    IntegratorPeopleController,
    OidcController,
    OperatorInvitationsController,
    OperatorPeopleController,
    PasskeysController,
    PracticePeopleController,
    SessionsController,
    VisitorsController,
  ],
  providers: [...ofInvitations, ...ofPasskeys, ...ofSessions, ...ofPlaces],
  exports: [StepUps],
})
export class PeopleModule {}
