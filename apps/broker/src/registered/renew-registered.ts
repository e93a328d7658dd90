/**
 * Renews: another end, another frequency, another name. The end is counted from now, so that renewing
 * in time keeps a query alive for ever, and forgetting it ends it within a day.
 */
import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import type { CallerIdentity } from '#apps/broker/src/access/caller.js';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import { RegisteredAllowance } from '#apps/broker/src/registered/registered-allowance.js';
import { auditSubject, type RegisteredRow } from '#apps/broker/src/registered/registered-row.js';
import { sealName } from '#apps/broker/src/registered/sealed-name.js';
import { InvalidFields } from '#libs/contracts/read-dto.js';
import type { RenewRegisteredDto } from '#libs/contracts/registered.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';
import type { Secret } from '#libs/kernel/secret.js';

export interface RenewOrder {
  caller: CallerIdentity;
  secret: Secret<Buffer>;
  row: RegisteredRow;
  requestId: string;
  terms: RenewRegisteredDto;
}

@Injectable()
export class RenewRegistered {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly audit: AuditTrail,
    private readonly broadcast: Broadcast,
    private readonly allowance: RegisteredAllowance,
    private readonly clock: Clock,
  ) {}

  /** @throws ConduitError REGISTERED_ENDED, AUDIT_UNAVAILABLE; InvalidFields */
  async execute({ caller, secret, row, requestId, terms }: RenewOrder): Promise<RegisteredRow> {
    const { duration, frequency, name } = terms;
    if (duration === undefined && frequency === undefined && name === undefined) {
      const problem = 'must name duration, frequency or name';
      throw new InvalidFields([{ field: '', problem }]);
    }
    this.allowance.checkFrequency(frequency);
    const nowMs = this.clock.now();
    const { registered_id: id } = row;
    const renewed = await this.database.transaction().execute(async (within) => {
      const changed = await within
        .updateTable('registered_queries')
        .set((expression) => ({
          revision: expression('revision', '+', 1),
          updated_at: new Date(nowMs),
          ...(duration !== undefined && {
            duration_seconds: duration,
            ends_at: new Date(nowMs + duration * 1_000),
          }),
          ...(frequency !== undefined && { frequency_seconds: frequency }),
          ...(name !== undefined && {
            sealed_name: sealName(secret, id, name),
            name_key_id: caller.keyId,
          }),
        }))
        .where('registered_id', '=', id)
        .where('state', '=', 'enabled')
        .where('ends_at', '>', new Date(nowMs))
        .returningAll()
        .executeTakeFirst();
      if (!changed) throw new ConduitError('REGISTERED_ENDED');
      const subject = { ...auditSubject(changed), keyId: caller.keyId, requestId };
      await this.audit.record(
        { type: 'registered.renewed', ...subject, outcome: 'successful' },
        within,
      );
      return changed;
    });
    await this.broadcast.publish('registered.changed', id);
    return renewed;
  }
}
