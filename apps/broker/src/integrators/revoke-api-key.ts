import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';

/** Ends a key on every node. Revoking it again changes nothing and is no error. */
@Injectable()
export class RevokeApiKey {
  constructor(
    private readonly kysely: Kysely<Database>,
    private readonly audit: AuditTrail,
    private readonly broadcast: Broadcast,
    private readonly clock: Clock,
  ) {}

  /**
   * @param by who asks: a person sees the keys of their own integrator only
   * @throws ConduitError REGISTRY_ENTRY_NOT_FOUND; to a person CONSOLE_ENTRY_NOT_FOUND
   */
  async execute(keyId: string, by?: { integratorId: string; personId: string }): Promise<void> {
    await this.kysely.transaction().execute(async (within) => {
      const row = await within
        .selectFrom('api_keys')
        .select(['integrator_id', 'revoked_at'])
        .where('key_id', '=', keyId)
        .$if(by !== undefined, (query) =>
          query.where('integrator_id', '=', by?.integratorId as string),
        )
        .forUpdate()
        .executeTakeFirst();
      if (!row && by) throw new ConduitError('CONSOLE_ENTRY_NOT_FOUND');
      if (!row) {
        throw new ConduitError('REGISTRY_ENTRY_NOT_FOUND', { facts: { field: 'keyId' } });
      }
      if (row.revoked_at) return;
      await within
        .updateTable('api_keys')
        .set({ revoked_at: new Date(this.clock.now()) })
        .where('key_id', '=', keyId)
        .execute();
      const record = { type: 'key.revoked', integrator: row.integrator_id, keyId } as const;
      await this.audit.record({ ...record, actorRef: by?.personId ?? 'operator' }, within);
    });
    await this.broadcast.publish('key.changed', keyId);
  }
}
