/** Names of the tenants that plans, holds and entries are of. */
import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
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
    const ids = (pick: (row: OfTenant) => string | null | undefined) => [
      '',
      ...new Set(rows.map(pick).filter((id) => id !== null && id !== undefined)),
    ];
    const practices = await this.database
      .selectFrom('practices')
      .select(['practice_id as id', 'name'])
      .where(
        'practice_id',
        'in',
        ids((row) => row.practice_id),
      )
      .execute();
    const integrators = await this.database
      .selectFrom('integrators')
      .select(['integrator_id as id', 'name'])
      .where(
        'integrator_id',
        'in',
        ids((row) => row.integrator_id),
      )
      .execute();
    const sites = await this.database
      .selectFrom('sites')
      .select(['site_id as id', 'name'])
      .where(
        'site_id',
        'in',
        ids((row) => row.site_id),
      )
      .execute();
    const [ofPractices, ofIntegrators] = [asMap(practices), asMap(integrators)];
    return {
      sites: asMap(sites),
      tenant: ({ practice_id: practiceId, integrator_id: integratorId }) => {
        const practiceName = practiceId === null ? undefined : ofPractices.get(practiceId);
        const integratorName = integratorId === null ? undefined : ofIntegrators.get(integratorId);
        return {
          ...(practiceName !== undefined && { practiceName }),
          ...(integratorName !== undefined && { integratorName }),
        };
      },
    };
  }
}

const asMap = (rows: readonly { id: string; name: string }[]) =>
  new Map(rows.map(({ id, name }) => [id, name]));
