import { Injectable } from '@nestjs/common';
import type { Transaction } from 'kysely';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { InvitationBook, type InvitationRow } from '#apps/broker/src/people/invitation-book.js';
import { PasskeyBook } from '#apps/broker/src/people/passkey-book.js';
import type { NewPasskey } from '#apps/broker/src/people/passkey-rules.js';
import { RoleBook } from '#apps/broker/src/people/role-book.js';
import type { Database } from '#libs/db/schema.js';
import { Clock } from '#libs/kernel/clock.js';

export interface Newcomer {
  personId: string;
  name: string;
  invitation: InvitationRow;
  passkey: NewPasskey;
}

const FIRST_PASSKEY = 'First passkey';

/** What accepting an invitation writes, within the transaction that starts the session. */
@Injectable()
export class NewPeople {
  constructor(
    private readonly invitations: InvitationBook,
    private readonly passkeys: PasskeyBook,
    private readonly roles: RoleBook,
    private readonly audit: AuditTrail,
    private readonly clock: Clock,
  ) {}

  async admit(within: Transaction<Database>, newcomer: Newcomer): Promise<void> {
    const { personId, name, invitation, passkey } = newcomer;
    await within
      .insertInto('people')
      .values({
        person_id: personId,
        name,
        email: invitation.email,
        updated_at: new Date(this.clock.now()),
      })
      .execute();
    await this.audit.record({ type: 'person.admitted', actorRef: personId }, within);
    await this.passkeys.add(within, personId, FIRST_PASSKEY, passkey);
    await this.audit.record({ type: 'passkey.added', actorRef: personId }, within);
    await this.giveRole(within, personId, invitation);
  }

  /** @throws ConduitError INVITATION_USED when somebody was faster */
  async giveRole(
    within: Transaction<Database>,
    personId: string,
    invitation: InvitationRow,
  ): Promise<void> {
    await this.invitations.use(within, invitation, personId);
    await this.roles.give(within, personId, invitation);
  }
}
