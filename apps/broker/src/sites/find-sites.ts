/** The sites an integrator is paired with, from the registry. */
import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import type { CallerIdentity } from '#apps/broker/src/access/caller.js';
import { GrantBook } from '#apps/broker/src/grants/grant-book.port.js';
import { SiteLinks } from '#apps/broker/src/gateway/site-links.port.js';
import { pmsTypeOf } from '#apps/broker/src/sites/pms-names.js';
import { siteView } from '#apps/broker/src/sites/site-view.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

export interface SiteFilter {
  pmsSiteId?: string;
  pmsName?: string;
}

@Injectable()
export class FindSites {
  constructor(
    private readonly kysely: Kysely<Database>,
    private readonly grants: GrantBook,
    private readonly links: SiteLinks,
  ) {}

  async execute(caller: CallerIdentity, filter: SiteFilter): Promise<Record<string, unknown>[]> {
    const { key } = caller;
    const paired = this.grants.pairedSites(caller.integratorId);
    const siteIds = key.siteIds ? paired.filter((id) => key.siteIds?.has(id)) : paired;
    if (siteIds.length === 0) return [];
    let query = this.kysely.selectFrom('sites').selectAll().where('site_id', 'in', siteIds);
    if (filter.pmsSiteId !== undefined) query = query.where('pms_site_id', '=', filter.pmsSiteId);
    if (filter.pmsName !== undefined) {
      query = query.where('pms_type', '=', pmsTypeOf(filter.pmsName) ?? filter.pmsName);
    }
    const rows = await query.orderBy('created_at').orderBy('site_id').execute();
    return rows.map((row) => siteView(row, this.links.availability(row.site_id)));
  }

  /** @throws ConduitError SITE_NOT_FOUND */
  async one(siteId: string): Promise<Record<string, unknown>> {
    const row = await this.kysely
      .selectFrom('sites')
      .selectAll()
      .where('site_id', '=', siteId)
      .executeTakeFirst();
    if (!row) throw new ConduitError('SITE_NOT_FOUND');
    return siteView(row, this.links.availability(siteId));
  }
}
