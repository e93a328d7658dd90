import { Injectable } from '@nestjs/common';
import { Kysely, sql } from 'kysely';
import { containing } from '#apps/broker/src/fleet/containing.js';
import { given } from '#apps/broker/src/fleet/fleet-agent.js';
import { REGISTRY_PAGE_SIZE } from '#apps/broker/src/fleet/list-practices.js';
import type { IntegratorPage } from '#libs/console-api/operator.js';
import type { Database } from '#libs/db/schema.js';
import { Clock } from '#libs/kernel/clock.js';

/** Software vendors as staff see them: what they declared, and how much of them is alive. */
@Injectable()
export class ListIntegrators {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly clock: Clock,
  ) {}

  async execute(search: string, page: number): Promise<IntegratorPage> {
    const pattern = containing(search.trim());
    const now = new Date(this.clock.now());
    const rows = await this.database
      .selectFrom('integrators as vendor')
      .select(['vendor.integrator_id', 'vendor.name', 'abn', 'purposes', 'countries'])
      .select('vendor.created_at')
      .select([
        sql<number>`(select count(*)::integer from api_keys
          where api_keys.integrator_id = vendor.integrator_id and revoked_at is null
            and (expires_at is null or expires_at > ${now}))`.as('live_keys'),
        sql<number>`(select count(distinct site_id)::integer from grants
          where grants.integrator_id = vendor.integrator_id and state = 'active'
            and expires_at > ${now})`.as('sites'),
        sql<boolean>`exists (select from person_roles where role = 'integrator-admin'
          and person_roles.integrator_id = vendor.integrator_id)`.as('has_admin'),
      ])
      .where('vendor.name', 'ilike', pattern)
      .orderBy(sql`lower(vendor.name)`)
      .orderBy('vendor.integrator_id')
      .offset((page - 1) * REGISTRY_PAGE_SIZE)
      .limit(REGISTRY_PAGE_SIZE)
      .execute();
    const { count } = await this.database
      .selectFrom('integrators')
      .select(({ fn }) => fn.countAll<string>().as('count'))
      .where('name', 'ilike', pattern)
      .executeTakeFirstOrThrow();
    const integrators = rows.map((row) => ({
      integratorId: row.integrator_id,
      name: row.name,
      ...given('abn', row.abn),
      purposes: row.purposes,
      countries: row.countries,
      liveKeys: row.live_keys,
      sites: row.sites,
      hasAdmin: row.has_admin,
      createdAt: row.created_at.toISOString(),
    }));
    return { integrators, page, pageSize: REGISTRY_PAGE_SIZE, total: Number(count) };
  }
}
