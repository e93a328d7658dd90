/**
 * Challenges that wait for their one answer: five minutes, then they are over. Taking one removes it,
 * so the same answer serves once however often and wherever it is sent.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Kysely, type Selectable } from 'kysely';
import type { CeremoniesTable } from '#libs/db/people-tables.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';

export const CEREMONY_MS = 300_000;

export type CeremonyKind = CeremoniesTable['kind'];

export interface Ceremony {
  ceremonyId: string;
  /** base64url of 32 random bytes. */
  challenge: string;
  personId?: string;
  invitationId?: string;
  detail: Record<string, string>;
}

export interface NewCeremony {
  kind: CeremonyKind;
  /** Absent: a UUID. Where a ceremony is found by something else, such as its challenge. */
  ceremonyId?: string;
  challenge?: string;
  personId?: string;
  invitationId?: string;
  detail?: Record<string, string>;
}

export const newChallenge = (): string => randomBytes(32).toString('base64url');

@Injectable()
export class Ceremonies {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly clock: Clock,
  ) {}

  async begin(order: NewCeremony): Promise<Ceremony> {
    const { kind, personId, invitationId, detail } = order;
    const ceremonyId = order.ceremonyId ?? randomUUID();
    const challenge = order.challenge ?? newChallenge();
    const nowMs = this.clock.now();
    // Whoever begins tidies up: where no background job runs they would grow for ever.
    await this.database
      .deleteFrom('ceremonies')
      .where('expires_at', '<', new Date(nowMs))
      .execute();
    await this.database
      .insertInto('ceremonies')
      .values({
        ceremony_id: ceremonyId,
        kind,
        challenge,
        person_id: personId ?? null,
        invitation_id: invitationId ?? null,
        detail: detail === undefined ? null : JSON.stringify(detail),
        expires_at: new Date(nowMs + CEREMONY_MS),
      })
      .execute();
    return asCeremony({
      ceremony_id: ceremonyId,
      challenge,
      person_id: personId ?? null,
      invitation_id: invitationId ?? null,
      detail: detail ?? null,
    });
  }

  /** @throws ConduitError CEREMONY_EXPIRED when it is over, was answered, or is of another kind */
  async take(kind: CeremonyKind, ceremonyId: string): Promise<Ceremony> {
    const row = await this.database
      .deleteFrom('ceremonies')
      .where('ceremony_id', '=', ceremonyId)
      .where('kind', '=', kind)
      .returningAll()
      .executeTakeFirst();
    if (!row || row.expires_at.getTime() <= this.clock.now()) {
      throw new ConduitError('CEREMONY_EXPIRED');
    }
    return asCeremony(row);
  }
}

function asCeremony(
  row: Pick<
    Selectable<CeremoniesTable>,
    'ceremony_id' | 'challenge' | 'person_id' | 'invitation_id' | 'detail'
  >,
): Ceremony {
  return {
    ceremonyId: row.ceremony_id,
    challenge: row.challenge,
    ...(row.person_id !== null && { personId: row.person_id }),
    ...(row.invitation_id !== null && { invitationId: row.invitation_id }),
    detail: row.detail ?? {},
  };
}
