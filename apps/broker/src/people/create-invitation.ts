import { Injectable } from '@nestjs/common';
import { Kysely, sql, type Transaction } from 'kysely';
import { ConsoleOrigin } from '#apps/broker/src/access/console-origin.js';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { placeRefs } from '#apps/broker/src/people/invitation-book.js';
import { newInvitationCode } from '#apps/broker/src/people/invitation-code.js';
import { InvitationMail } from '#apps/broker/src/people/invitation-mail.js';
import {
  invitationLifeMs,
  isRoleOf,
  maxOpenInvitations,
  roleEnd,
  type Place,
} from '#apps/broker/src/people/invitation-rules.js';
import type { CreatedInvitation, PersonRole } from '#libs/console-api/session.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';

export interface InvitationOrder {
  place: Place;
  role: PersonRole;
  email?: string;
  expiresAt?: string;
  /** A personId, or `operator`. */
  invitedBy: string;
}

/** How records call whoever has the operator's token. */
const OPERATOR = 'operator';

/** Makes an invitation. Its code is in the link alone: shown once, or mailed, and not kept. */
@Injectable()
export class CreateInvitation {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly audit: AuditTrail,
    private readonly clock: Clock,
    private readonly origin: ConsoleOrigin,
    private readonly mail: InvitationMail,
  ) {}

  /** @throws ConduitError REQUEST_INVALID, INVITATION_LIMIT */
  async execute(order: InvitationOrder): Promise<CreatedInvitation> {
    const { place, role, email, invitedBy } = order;
    if (!isRoleOf(place, role)) {
      const facts = { field: 'role', problem: 'is not a role of this place' };
      throw new ConduitError('REQUEST_INVALID', { facts });
    }
    const nowMs = this.clock.now();
    const { invitationId, secretHash, code } = newInvitationCode();
    const expiresAt = new Date(nowMs + invitationLifeMs);
    const row = {
      invitation_id: invitationId,
      secret_hash: secretHash,
      role,
      practice_id: 'practiceId' in place ? place.practiceId : null,
      integrator_id: 'integratorId' in place ? place.integratorId : null,
      role_expires_at: roleEnd(role, order.expiresAt, nowMs),
      email: email ?? null,
      invited_by: invitedBy,
      expires_at: expiresAt,
      accepted_at: null,
      accepted_by: null,
    };
    await this.database.transaction().execute(async (within) => {
      await this.requireRoom(within, row);
      await within.insertInto('invitations').values(row).execute();
      const act = { type: 'invitation.created', actorRef: invitedBy } as const;
      await this.audit.record({ ...act, ...placeRefs(row) }, within);
    });
    const link = this.origin.link(`/console/invitation#${code.reveal()}`);
    const isMailed = email !== undefined && (await this.mail.send(email, link, expiresAt));
    const made = { invitationId, invitationEndsAt: expiresAt.toISOString() };
    return isMailed ? made : { ...made, link };
  }

  /**
   * Whoever has the operator's token is never refused: the oldest of its own goes instead, or a
   * machine that starts again and again would lock itself out.
   */
  private async requireRoom(
    within: Transaction<Database>,
    row: { practice_id: string | null; integrator_id: string | null; invited_by: string },
  ): Promise<void> {
    const { practice_id: practiceId, integrator_id: integratorId } = row;
    // Two that count at the same time would both find room for one more.
    const place = `invitations ${practiceId ?? integratorId ?? OPERATOR}`;
    await sql`select pg_advisory_xact_lock(hashtextextended(${place}, 0))`.execute(within);
    const open = await within
      .selectFrom('invitations')
      .select(['invitation_id', 'invited_by'])
      .where('practice_id', practiceId === null ? 'is' : '=', practiceId)
      .where('integrator_id', integratorId === null ? 'is' : '=', integratorId)
      .where('accepted_at', 'is', null)
      .where('expires_at', '>', new Date(this.clock.now()))
      .orderBy('expires_at')
      .execute();
    if (open.length < maxOpenInvitations) return;
    const oldest = open.find((one) => one.invited_by === OPERATOR);
    if (row.invited_by !== OPERATOR || !oldest) throw new ConduitError('INVITATION_LIMIT');
    await within
      .deleteFrom('invitations')
      .where('invitation_id', '=', oldest.invitation_id)
      .execute();
  }
}
