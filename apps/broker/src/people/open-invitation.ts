import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { placeOf } from '#apps/broker/src/access/held-roles.js';
import { Ceremonies, newChallenge } from '#apps/broker/src/people/ceremonies.js';
import { InvitationBook } from '#apps/broker/src/people/invitation-book.js';
import { PasskeyRules } from '#apps/broker/src/people/passkey-rules.js';
import type { OpenedInvitation } from '#libs/console-api/session.js';

/** Shows what an invitation is for and begins the making of a passkey; it stays open. */
@Injectable()
export class OpenInvitation {
  constructor(
    private readonly invitations: InvitationBook,
    private readonly ceremonies: Ceremonies,
    private readonly rules: PasskeyRules,
  ) {}

  /** @throws ConduitError as InvitationBook */
  async execute(code: string): Promise<OpenedInvitation> {
    const row = await this.invitations.find(code);
    const challenge = newChallenge();
    const personId = randomUUID();
    // Found again by its challenge: what accepts an invitation names no ceremony.
    const order = { kind: 'invitation', ceremonyId: challenge, challenge } as const;
    await this.ceremonies.begin({ ...order, personId, invitationId: row.invitation_id });
    const shownAs = row.email ?? row.practice_name ?? row.integrator_name ?? 'Conduit operator';
    return {
      role: row.role,
      ...placeOf(row),
      ...(row.role_expires_at !== null && { expiresAt: row.role_expires_at.toISOString() }),
      invitationEndsAt: row.expires_at.toISOString(),
      ...(row.email !== null && { email: row.email }),
      options: await this.rules.creationOptions(challenge, personId, shownAs, []),
    };
  }
}
