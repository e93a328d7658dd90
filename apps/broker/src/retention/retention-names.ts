/** Names of the tenants that plans, holds and entries are of. */
import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { namesById } from '#libs/db/names-by-id.js';
import type { Database } from '#libs/db/schema.js';

interface OfTenant {
  practice_id: string | null;
  integrator_id: string | null;
  site_id?: string | null;
}

export interface TenantNames {
  sites: ReadonlyMap<string, string>;
  tenant(of: OfTenant): { practiceName?: string; integratorName?: string };
}

@Injectable()
export class RetentionNames {
  constructor(private readonly database: Kysely<Database>) {}

  async of(rows: readonly OfTenant[]): Promise<TenantNames> {
    const { database } = this;
    const practices = await namesById(
      database,
      'practices',
      rows.map((row) => row.practice_id),
    );
    const integrators = await namesById(
      database,
      'integrators',
      rows.map((row) => row.integrator_id),
    );
    const sites = await namesById(
      database,
      'sites',
      rows.map((row) => row.site_id),
    );
    return {
      sites,
      tenant: ({ practice_id: practiceId, integrator_id: integratorId }) => {
        const practiceName = practiceId === null ? undefined : practices.get(practiceId);
        const integratorName = integratorId === null ? undefined : integrators.get(integratorId);
        return {
          ...(practiceName !== undefined && { practiceName }),
          ...(integratorName !== undefined && { integratorName }),
        };
      },
    };
  }
}
