import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { makeApiKey } from '#apps/broker/src/access/api-key.js';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import { requireClientKeys } from '#apps/broker/src/integrators/client-keys.js';
import { refuseBadRanges } from '#apps/broker/src/integrators/issue-api-key.js';
import { requireKeyRoom } from '#apps/broker/src/integrators/key-room.js';
import type { CreateKeyDto } from '#libs/contracts/operator.js';
import type { Database } from '#libs/db/schema.js';
import { Clock } from '#libs/kernel/clock.js';

export interface ClientOrder extends CreateKeyDto {
  jwks: { keys: object[] };
}

/** An OAuth client: a key that proves itself by its own signature, so there is no secret to answer. */
@Injectable()
export class RegisterClient {
  constructor(
    private readonly kysely: Kysely<Database>,
    private readonly audit: AuditTrail,
    private readonly broadcast: Broadcast,
    private readonly clock: Clock,
  ) {}

  /** @throws ConduitError REGISTRY_ENTRY_NOT_FOUND, KEY_LIMIT; InvalidFields */
  async execute(
    integratorId: string,
    order: ClientOrder,
    actorRef: string,
  ): Promise<{ clientId: string }> {
    const { name, jwks, siteIds = [], addressRanges = [], expiresAt } = order;
    requireClientKeys(jwks.keys);
    refuseBadRanges(addressRanges);
    const { keyId } = makeApiKey('any');
    await this.kysely.transaction().execute(async (within) => {
      await requireKeyRoom(within, integratorId, name, new Date(this.clock.now()));
      await within
        .insertInto('api_keys')
        .values({
          key_id: keyId,
          integrator_id: integratorId,
          name,
          secret_hmac: null,
          jwks: JSON.stringify({ keys: jwks.keys }),
          site_ids: JSON.stringify(siteIds),
          address_ranges: JSON.stringify(addressRanges),
          expires_at: expiresAt === undefined ? null : new Date(expiresAt),
        })
        .execute();
      const record = { type: 'key.created', integrator: integratorId, keyId } as const;
      await this.audit.record({ ...record, actorRef, reason: 'oauth-client' }, within);
    });
    await this.broadcast.publish('key.changed', keyId);
    return { clientId: keyId };
  }
}
