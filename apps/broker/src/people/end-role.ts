import { Injectable } from '@nestjs/common';
import { Kysely, type Transaction } from 'kysely';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { placeRefs } from '#apps/broker/src/people/invitation-book.js';
import type { Place } from '#apps/broker/src/people/invitation-rules.js';
import { ofPlace } from '#apps/broker/src/people/place-people.js';
import type { PersonRole } from '#libs/console-api/session.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';

/** Without one of them nobody could invite the next. */
const NEEDED: readonly PersonRole[] = ['practice-owner', 'integrator-admin', 'operator-security'];

/** Takes roles and invitations back. A role ends with the next request of whoever held it. */
@Injectable()
export class EndRole {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly audit: AuditTrail,
    private readonly clock: Clock,
  ) {}

  /** @throws ConduitError CONSOLE_ENTRY_NOT_FOUND; ROLE_LAST */
  async execute(place: Place, personId: string, role: string, actorRef: string): Promise<void> {
    await this.database.transaction().execute(async (within) => {
      const holders = await this.holders(within, place, role);
      const held = holders.find((one) => one.person_id === personId);
      if (!held) throw new ConduitError('CONSOLE_ENTRY_NOT_FOUND');
      if (holders.length === 1 && NEEDED.includes(held.role)) throw new ConduitError('ROLE_LAST');
      await within
        .deleteFrom('person_roles')
        .where('person_role_id', '=', held.person_role_id)
        .execute();
      // From here on counts how long somebody without a role is remembered.
      await within
        .updateTable('people')
        .set({ updated_at: new Date(this.clock.now()) })
        .where('person_id', '=', personId)
        .execute();
      const act = { type: 'role.ended', actorRef, personRef: personId } as const;
      await this.audit.record({ ...act, ...placeRefs(held) }, within);
    });
  }

  /** @throws ConduitError CONSOLE_ENTRY_NOT_FOUND, also for one that was accepted */
  async withdraw(place: Place, invitationId: string, actorRef: string): Promise<void> {
    await this.database.transaction().execute(async (within) => {
      const withdrawn = await within
        .deleteFrom('invitations')
        .where('invitation_id', '=', invitationId)
        .where(ofPlace(place) as never)
        .where('accepted_at', 'is', null)
        .returning(['role', 'practice_id', 'integrator_id'])
        .executeTakeFirst();
      if (!withdrawn) throw new ConduitError('CONSOLE_ENTRY_NOT_FOUND');
      const act = { type: 'invitation.withdrawn', actorRef } as const;
      await this.audit.record({ ...act, ...placeRefs(withdrawn) }, within);
    });
  }

  /** Locked: two who end each other's role at once must not leave none. */
  private holders(within: Transaction<Database>, place: Place, role: string) {
    return within
      .selectFrom('person_roles')
      .select(['person_role_id', 'person_id', 'role', 'practice_id', 'integrator_id'])
      .where(ofPlace(place) as never)
      .where('role', '=', role as PersonRole)
      .orderBy('person_role_id')
      .forUpdate()
      .execute();
  }
}
