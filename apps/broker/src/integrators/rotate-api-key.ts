import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import { IssueApiKey, type IssuedKey } from '#apps/broker/src/integrators/issue-api-key.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';

const HOUR_MS = 3_600_000;

export interface RotationOrder {
  keyId: string;
  /** How long the key before stays good; 0: it ends at once. */
  overlapHours: number;
  /** Of the new key. */
  expiresAt?: string;
  /** A personId. */
  actorRef: string;
}

/** A new key with the name and the bounds of one that lives; that one ends after the overlap. */
@Injectable()
export class RotateApiKey {
  constructor(
    private readonly kysely: Kysely<Database>,
    private readonly issue: IssueApiKey,
    private readonly audit: AuditTrail,
    private readonly broadcast: Broadcast,
    private readonly clock: Clock,
  ) {}

  /** @throws ConduitError CONSOLE_ENTRY_NOT_FOUND for a key that is foreign or not live, KEY_LIMIT */
  async execute(integratorId: string, order: RotationOrder): Promise<IssuedKey> {
    const { keyId, overlapHours, expiresAt, actorRef } = order;
    const nowMs = this.clock.now();
    const endsAt = new Date(nowMs + overlapHours * HOUR_MS);
    const made = await this.kysely.transaction().execute(async (within) => {
      const before = await within
        .selectFrom('api_keys')
        .selectAll()
        .where('key_id', '=', keyId)
        .where('integrator_id', '=', integratorId)
        .where('jwks', 'is', null)
        .where('revoked_at', 'is', null)
        .forUpdate()
        .executeTakeFirst();
      const isLive = before && (before.expires_at?.getTime() ?? Infinity) > nowMs;
      if (!isLive) throw new ConduitError('CONSOLE_ENTRY_NOT_FOUND');
      // Whoever gives no overlap wants the key before to be of no use to anyone: it makes room, too.
      const ends =
        overlapHours === 0
          ? { revoked_at: new Date(nowMs) }
          : before.expires_at && before.expires_at < endsAt
            ? undefined
            : { expires_at: endsAt };
      if (ends) {
        await within.updateTable('api_keys').set(ends).where('key_id', '=', keyId).execute();
      }
      const { name, site_ids: siteIds, address_ranges: addressRanges } = before;
      const wanted = {
        name,
        siteIds,
        addressRanges,
        ...(expiresAt !== undefined && { expiresAt }),
      };
      const issued = await this.issue.within(within, integratorId, wanted, actorRef);
      const record = { type: 'key.rotated', integrator: integratorId, keyId, actorRef } as const;
      await this.audit.record(record, within);
      return issued;
    });
    await Promise.all([made.keyId, keyId].map((id) => this.broadcast.publish('key.changed', id)));
    return made;
  }
}
