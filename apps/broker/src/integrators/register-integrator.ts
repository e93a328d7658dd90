import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import type { CreateIntegratorDto } from '#libs/contracts/operator.js';
import { InvalidFields } from '#libs/contracts/read-dto.js';
import type { Database } from '#libs/db/schema.js';
import { purposes } from '#libs/grants/grant.js';

/** Admits a software vendor. It can do nothing yet: it needs a key, and a practice's permission. */
@Injectable()
export class RegisterIntegrator {
  constructor(
    private readonly kysely: Kysely<Database>,
    private readonly audit: AuditTrail,
  ) {}

  /** @throws InvalidFields for a purpose that cannot be granted */
  async execute(
    order: CreateIntegratorDto,
    actorRef = 'operator',
  ): Promise<{ integratorId: string }> {
    refuseUngrantable(order.purposes ?? []);
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
        { type: 'integrator.created', integrator: integratorId, actorRef },
        within,
      );
    });
    return { integratorId };
  }
}

function refuseUngrantable(asked: readonly string[]): void {
  const known: readonly string[] = purposes;
  const problems = asked
    .map((purpose, index) => ({ purpose, field: `purposes[${index}]` }))
    .filter(({ purpose }) => !known.includes(purpose))
    .map(({ field }) => ({ field, problem: `must be one of: ${known.join(', ')}` }));
  if (problems.length > 0) throw new InvalidFields(problems);
}
