/** A practice and its sites as they are stored and as they are at this moment. */
import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { SiteLinks } from '#apps/broker/src/gateway/site-links.port.js';
import { pmsNames, type PmsType } from '#apps/broker/src/sites/pms-names.js';
import type { PracticeSite } from '#libs/console-api/practice.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

export interface Practice {
  practiceId: string;
  name: string;
  /** IANA name. */
  timeZone: string;
  /** YYYY-MM-DD, in order. */
  closedDays: string[];
}

/** A site with what only some pages show. */
export interface SiteOfPractice extends PracticeSite {
  agentId?: string;
  pmsType: string;
  pmsSiteId: string;
}

export const pmsNameOf = (pmsType: string): string => pmsNames[pmsType as PmsType] ?? pmsType;

@Injectable()
export class PracticeBook {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly links: SiteLinks,
  ) {}

  /** @throws ConduitError CONSOLE_ENTRY_NOT_FOUND */
  async find(practiceId: string): Promise<Practice> {
    const row = await this.database
      .selectFrom('practices')
      .select(['name', 'time_zone', 'closed_days'])
      .where('practice_id', '=', practiceId)
      .executeTakeFirst();
    if (!row) throw new ConduitError('CONSOLE_ENTRY_NOT_FOUND');
    const { name, time_zone: timeZone, closed_days: closedDays } = row;
    return { practiceId, name, timeZone, closedDays };
  }

  /** In use, by name. */
  async sites(practiceId: string): Promise<SiteOfPractice[]> {
    const rows = await this.database
      .selectFrom('sites')
      .leftJoin('site_availability', 'site_availability.site_id', 'sites.site_id')
      .select([
        'sites.site_id',
        'agent_id',
        'name',
        'pms_type',
        'pms_site_id',
        'load',
        'load_since',
      ])
      .select(['agent_version', 'last_seen_at', 'catalogues', 'availability', 'since'])
      .where('practice_id', '=', practiceId)
      .where('status', 'in', ['initialising', 'active'])
      .orderBy('name')
      .orderBy('sites.site_id')
      .execute();
    return rows.map((row): SiteOfPractice => {
      const availability = this.links.availability(row.site_id);
      return {
        siteId: row.site_id,
        name: row.name,
        pmsType: row.pms_type,
        pmsName: pmsNameOf(row.pms_type),
        pmsSiteId: row.pms_site_id,
        availability,
        load: row.load,
        catalogues: row.catalogues.map(({ name }) => name),
        ...(row.agent_id !== null && { agentId: row.agent_id }),
        // What was announced last may be of the state before: then nobody knows since when.
        ...(row.since && row.availability === availability && iso('availabilitySince', row.since)),
        ...(row.load_since && iso('loadSince', row.load_since)),
        ...(row.last_seen_at && iso('lastSeenAt', row.last_seen_at)),
        ...(row.agent_version !== null && { agentVersion: row.agent_version }),
      };
    });
  }

  /** @throws ConduitError CONSOLE_ENTRY_NOT_FOUND for a site that is not the practice's */
  async site(practiceId: string, siteId: string): Promise<SiteOfPractice> {
    const site = (await this.sites(practiceId)).find((one) => one.siteId === siteId);
    if (!site) throw new ConduitError('CONSOLE_ENTRY_NOT_FOUND');
    return site;
  }
}

const iso = <Name extends string>(name: Name, at: Date): Record<Name, string> =>
  ({ [name]: at.toISOString() }) as Record<Name, string>;
