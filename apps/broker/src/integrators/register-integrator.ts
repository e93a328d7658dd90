import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import type { CreateIntegratorDto } from '#libs/contracts/operator.js';
import type { Database } from '#libs/db/schema.js';

/** Admits a software vendor. It can do nothing yet: it needs a key, and a practice's permission. */
@Injectable()
export class RegisterIntegrator {
  constructor(
    private readonly kysely: Kysely<Database>,
    private readonly audit: AuditTrail,
  ) {}

  async execute(order: CreateIntegratorDto): Promise<{ integratorId: string }> {
    const integratorId = randomUUID();
    await this.kysely.transaction().execute(async (within) => {
      await within
        .insertInto('integrators')
        .values({
          integrator_id: integratorId,
          name: order.name,
          abn: order.abn ?? null,
          contact_email: order.contactEmail ?? null,
          purposes: JSON.stringify(order.purposes ?? ['TREAT']),
          countries: JSON.stringify(order.countries ?? ['AU']),
        })
        .execute();
      await this.audit.record(
        { type: 'integrator.created', integrator: integratorId, actorRef: 'operator' },
        within,
      );
    });
    return { integratorId };
  }
}
