import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import type { Place } from '#apps/broker/src/people/invitation-rules.js';
import { ofPlace } from '#apps/broker/src/people/place-people.js';
import type { PersonRole } from '#libs/console-api/session.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

type Tenant = Exclude<Place, { operator: true }>;

/** The first owner of a practice and the first administrator of an integrator: the operator invites them, and nobody after them. */
@Injectable()
export class FirstPeople {
  constructor(private readonly database: Kysely<Database>) {}

  /** @throws ConduitError CONSOLE_ENTRY_NOT_FOUND; ROLE_FORBIDDEN once there is one, or for another role */
  async require(tenant: Tenant, role: PersonRole): Promise<void> {
    await this.requireTenant(tenant);
    const first: PersonRole = 'practiceId' in tenant ? 'practice-owner' : 'integrator-admin';
    if (role !== first) throw new ConduitError('ROLE_FORBIDDEN');
    const held = await this.database
      .selectFrom('person_roles')
      .select('person_role_id')
      .where(ofPlace(tenant) as never)
      .where('role', '=', first)
      .executeTakeFirst();
    if (held) throw new ConduitError('ROLE_FORBIDDEN');
  }

  /** @throws ConduitError CONSOLE_ENTRY_NOT_FOUND */
  async requireTenant(tenant: Tenant): Promise<void> {
    const found =
      'practiceId' in tenant
        ? this.database
            .selectFrom('practices')
            .select('practice_id')
            .where('practice_id', '=', tenant.practiceId)
            .executeTakeFirst()
        : this.database
            .selectFrom('integrators')
            .select('integrator_id')
            .where('integrator_id', '=', tenant.integratorId)
            .executeTakeFirst();
    if (!(await found)) throw new ConduitError('CONSOLE_ENTRY_NOT_FOUND');
  }
}
