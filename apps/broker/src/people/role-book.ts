import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { sql, type Transaction } from 'kysely';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { placeRefs, type InvitationRow } from '#apps/broker/src/people/invitation-book.js';
import type { Database } from '#libs/db/schema.js';

/** Gives roles. One that is held already goes on, to the later end. */
@Injectable()
export class RoleBook {
  constructor(private readonly audit: AuditTrail) {}

  async give(
    within: Transaction<Database>,
    personId: string,
    invitation: InvitationRow,
  ): Promise<void> {
    await within
      .insertInto('person_roles')
      .values({
        person_role_id: randomUUID(),
        person_id: personId,
        role: invitation.role,
        practice_id: invitation.practice_id,
        integrator_id: invitation.integrator_id,
        expires_at: invitation.role_expires_at,
        invited_by: invitation.invited_by,
      })
      .onConflict((conflict) =>
        conflict
          .expression(sql`person_id, role, coalesce(practice_id, ''), coalesce(integrator_id, '')`)
          .doUpdateSet({
            expires_at: sql<Date>`greatest(person_roles.expires_at, excluded.expires_at)`,
            invited_by: sql<string>`excluded.invited_by`,
          }),
      )
      .execute();
    await this.audit.record(
      {
        type: 'role.granted',
        actorRef: invitation.invited_by,
        personRef: personId,
        ...placeRefs(invitation),
      },
      within,
    );
  }
}
