import { Injectable } from '@nestjs/common';
import type { Transaction } from 'kysely';
import type { RegistrationResponseJSON } from '@simplewebauthn/server';
import type { SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { Ceremonies } from '#apps/broker/src/people/ceremonies.js';
import { challengeOf } from '#apps/broker/src/people/browser-claims.js';
import { InvitationBook, type InvitationRow } from '#apps/broker/src/people/invitation-book.js';
import { NewPeople } from '#apps/broker/src/people/new-people.js';
import { PasskeyRules } from '#apps/broker/src/people/passkey-rules.js';
import { StartSession, type StartedSession } from '#apps/broker/src/people/start-session.js';
import type { AcceptInvitationRequest } from '#libs/console-api/session.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

/**
 * Turns an invitation into a role: of a new person, with the passkey that was just made; or of whoever
 * is signed in. Everything in one transaction: an invitation is never used up for nothing.
 */
@Injectable()
export class AcceptInvitation {
  constructor(
    private readonly invitations: InvitationBook,
    private readonly ceremonies: Ceremonies,
    private readonly rules: PasskeyRules,
    private readonly people: NewPeople,
    private readonly starts: StartSession,
  ) {}

  /**
   * @throws ConduitError as InvitationBook; SESSION_MISSING without passkey and session;
   *   CEREMONY_EXPIRED, PASSKEY_REFUSED
   */
  async execute(
    order: AcceptInvitationRequest,
    signedIn: SignedInPerson | undefined,
  ): Promise<StartedSession> {
    const { code, name, credential } = order;
    const invitation = await this.invitations.find(code);
    if (credential) return this.admit(invitation, name, credential, signedIn);
    if (!signedIn) throw new ConduitError('SESSION_MISSING');
    const { personId, session } = signedIn;
    const give = (within: Transaction<Database>) =>
      this.people.giveRole(within, personId, invitation);
    // A new session: the limits of an operator's are closer.
    return this.starts.execute(personId, session.signedInWith, session.sessionId, give);
  }

  private async admit(
    invitation: InvitationRow,
    name: string | undefined,
    credential: RegistrationResponseJSON,
    before: SignedInPerson | undefined,
  ): Promise<StartedSession> {
    if (name === undefined) {
      const facts = { field: 'name', problem: 'is missing' };
      throw new ConduitError('REQUEST_INVALID', { facts });
    }
    const ceremony = await this.ceremonies.take('invitation', challengeOf(credential));
    const { personId, invitationId, challenge } = ceremony;
    if (personId === undefined || invitationId !== invitation.invitation_id) {
      throw new ConduitError('CEREMONY_EXPIRED');
    }
    const passkey = await this.rules.verifyNew(credential, challenge);
    return this.starts.execute(personId, 'passkey', before?.session.sessionId, (within) =>
      this.people.admit(within, { personId, name, invitation, passkey }),
    );
  }
}
