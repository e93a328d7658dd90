import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import type { CreatePracticeDto } from '#libs/contracts/operator.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

@Injectable()
export class RegisterPractice {
  constructor(
    private readonly kysely: Kysely<Database>,
    private readonly audit: AuditTrail,
  ) {}

  async execute(order: CreatePracticeDto, actorRef = 'operator'): Promise<{ practiceId: string }> {
    const practiceId = randomUUID();
    await this.kysely.transaction().execute(async (within) => {
      await within
        .insertInto('practices')
        .values({ practice_id: practiceId, name: order.name })
        .execute();
      const record = { type: 'practice.created', practice: practiceId } as const;
      await this.audit.record({ ...record, actorRef }, within);
    });
    return { practiceId };
  }

  /** @throws ConduitError REGISTRY_ENTRY_NOT_FOUND */
  async require(practiceId: string): Promise<void> {
    const row = await this.kysely
      .selectFrom('practices')
      .select('practice_id')
      .where('practice_id', '=', practiceId)
      .executeTakeFirst();
    if (!row) {
      throw new ConduitError('REGISTRY_ENTRY_NOT_FOUND', { facts: { field: 'practiceId' } });
    }
  }
}
