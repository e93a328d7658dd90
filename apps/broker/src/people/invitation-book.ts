/** Invitations as the store has them: found by their code, counted when tried wrongly, used once. */
import { Injectable } from '@nestjs/common';
import { Kysely, type Selectable, type Transaction } from 'kysely';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { isSameHash, parseInvitationCode } from '#apps/broker/src/people/invitation-code.js';
import { maxWrongTries } from '#apps/broker/src/people/invitation-rules.js';
import type { InvitationsTable } from '#libs/db/people-tables.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';

export type InvitationRow = Selectable<InvitationsTable> & {
  practice_name: string | null;
  integrator_name: string | null;
};

@Injectable()
export class InvitationBook {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly audit: AuditTrail,
    private readonly clock: Clock,
  ) {}

  /**
   * Only the holder of the whole code learns more than that it is not valid.
   * @throws ConduitError INVITATION_INVALID, INVITATION_USED, INVITATION_EXPIRED
   */
  async find(code: string): Promise<InvitationRow> {
    const parts = parseInvitationCode(code);
    const row = parts && (await this.read(parts.invitationId));
    if (!parts || !row || row.failed_attempts >= maxWrongTries) return this.refuse(undefined);
    if (!isSameHash(row.secret_hash, parts.secretHash)) return this.refuse(row);
    if (row.accepted_at) throw new ConduitError('INVITATION_USED');
    if (row.expires_at.getTime() <= this.clock.now()) throw new ConduitError('INVITATION_EXPIRED');
    return row;
  }

  /** Uses it up. @throws ConduitError INVITATION_USED when somebody was faster */
  async use(
    within: Transaction<Database>,
    { invitation_id: invitationId }: InvitationRow,
    personId: string,
  ): Promise<void> {
    const used = await within
      .updateTable('invitations')
      .set({ accepted_at: new Date(this.clock.now()), accepted_by: personId, email: null })
      .where('invitation_id', '=', invitationId)
      .where('accepted_at', 'is', null)
      .returning('invitation_id')
      .executeTakeFirst();
    if (!used) throw new ConduitError('INVITATION_USED');
  }

  private read(invitationId: string): Promise<InvitationRow | undefined> {
    return this.database
      .selectFrom('invitations')
      .leftJoin('practices', 'practices.practice_id', 'invitations.practice_id')
      .leftJoin('integrators', 'integrators.integrator_id', 'invitations.integrator_id')
      .selectAll('invitations')
      .select(['practices.name as practice_name', 'integrators.name as integrator_name'])
      .where('invitation_id', '=', invitationId)
      .executeTakeFirst();
  }

  private async refuse(row: InvitationRow | undefined): Promise<never> {
    if (row) {
      await this.database
        .updateTable('invitations')
        .set(({ eb }) => ({ failed_attempts: eb('failed_attempts', '+', 1) }))
        .where('invitation_id', '=', row.invitation_id)
        .execute();
    }
    this.audit.note({
      type: 'invitation.refused',
      errorCode: 'INVITATION_INVALID',
      ...(row && placeRefs(row)),
    });
    throw new ConduitError('INVITATION_INVALID');
  }
}

/** Where an invitation or a role is for, as an audit record says it. */
export function placeRefs(row: {
  role: string;
  practice_id: string | null;
  integrator_id: string | null;
}): { role: string; practice?: string; integrator?: string } {
  return {
    role: row.role,
    ...(row.practice_id !== null && { practice: row.practice_id }),
    ...(row.integrator_id !== null && { integrator: row.integrator_id }),
  };
}
