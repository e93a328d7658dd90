import { Injectable } from '@nestjs/common';
import { Kysely, type ExpressionBuilder, type ExpressionWrapper, type SqlBool } from 'kysely';
import type { Place } from '#apps/broker/src/people/invitation-rules.js';
import { operatorRoles, type OpenInvitation, type People } from '#libs/console-api/session.js';
import type { Database } from '#libs/db/schema.js';
import { Clock } from '#libs/kernel/clock.js';

/** Rows of one place, and of no other; for `person_roles` and `invitations`, whose columns are alike. */
export const ofPlace =
  (place: Place) =>
  (
    eb: ExpressionBuilder<Database, 'person_roles'>,
  ): ExpressionWrapper<Database, 'person_roles', SqlBool> => {
    if ('practiceId' in place) return eb('practice_id', '=', place.practiceId);
    if ('integratorId' in place) return eb('integrator_id', '=', place.integratorId);
    return eb('role', 'in', [...operatorRoles]);
  };

/** Who holds a role at a place, and who is invited to one. */
@Injectable()
export class PlacePeople {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly clock: Clock,
  ) {}

  async list(place: Place): Promise<People> {
    const now = new Date(this.clock.now());
    const holders = await this.database
      .selectFrom('person_roles')
      .innerJoin('people', 'people.person_id', 'person_roles.person_id')
      .select(['people.person_id', 'people.name', 'people.email'])
      .select(['person_roles.role', 'person_roles.expires_at', 'person_roles.created_at'])
      .where(ofPlace(place) as never)
      .where(({ eb, or }) => or([eb('expires_at', 'is', null), eb('expires_at', '>', now)]))
      .orderBy('people.name')
      .orderBy('person_role_id')
      .execute();
    return {
      holders: holders.map((row) => ({
        personId: row.person_id,
        name: row.name,
        ...(row.email !== null && { email: row.email }),
        role: row.role,
        ...(row.expires_at !== null && { expiresAt: row.expires_at.toISOString() }),
        since: row.created_at.toISOString(),
      })),
      invitations: await this.open(place, now),
    };
  }

  private async open(place: Place, now: Date): Promise<OpenInvitation[]> {
    const rows = await this.database
      .selectFrom('invitations')
      .select(['invitation_id', 'role', 'email', 'role_expires_at', 'expires_at'])
      .where(ofPlace(place) as never)
      .where('accepted_at', 'is', null)
      .where('expires_at', '>', now)
      .orderBy('expires_at')
      .execute();
    return rows.map((row) => ({
      invitationId: row.invitation_id,
      role: row.role,
      ...(row.email !== null && { email: row.email }),
      ...(row.role_expires_at !== null && { expiresAt: row.role_expires_at.toISOString() }),
      invitationEndsAt: row.expires_at.toISOString(),
    }));
  }
}
