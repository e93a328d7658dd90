/** The sites that an integrator was ever paired with: how they are, and what it may do there. */
import { Injectable } from '@nestjs/common';
import { Kysely, type Selectable } from 'kysely';
import { SiteLinks } from '#apps/broker/src/gateway/site-links.port.js';
import { missingFrom } from '#apps/broker/src/grants/answered-requests.js';
import { GrantBook, type GrantLookup } from '#apps/broker/src/grants/grant-book.port.js';
import { permissionLines, scopeWords } from '#apps/broker/src/practice-desk/permission-words.js';
import { ShowStatements } from '#apps/broker/src/statements/show-statements.js';
import { pmsNames, type PmsType } from '#apps/broker/src/sites/pms-names.js';
import type { PairedSite, SiteStanding } from '#libs/console-api/integrator.js';
import type { StatementText } from '#libs/console-api/statement.js';
import type { Database, SitesTable } from '#libs/db/schema.js';
import type { AskedAccess } from '#libs/grants/grant-messages.js';
import type { Grant, SignedGrant } from '#libs/grants/grant.js';
import { parseGrant } from '#libs/grants/parse-grant.js';

type SiteRow = Selectable<SitesTable> & { time_zone: string };

@Injectable()
export class ShowSites {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly grants: GrantBook,
    private readonly links: SiteLinks,
    private readonly submitted: ShowStatements,
  ) {}

  /** By name. */
  async execute(integratorId: string): Promise<PairedSite[]> {
    const siteIds = this.grants.pairedSites(integratorId);
    if (siteIds.length === 0) return [];
    const rows = await this.database
      .selectFrom('sites')
      .innerJoin('practices', 'practices.practice_id', 'sites.practice_id')
      .selectAll('sites')
      .select('practices.time_zone')
      .where('site_id', 'in', siteIds)
      .orderBy('sites.name')
      .orderBy('site_id')
      .execute();
    const name = await this.nameOf(integratorId);
    const last = await this.lastGrants(integratorId, siteIds);
    const { statements } = await this.submitted.list(integratorId);
    const declined = await this.declineReasons(integratorId, siteIds);
    const asked = await this.asked(integratorId, siteIds);
    return rows.map((row) => {
      const lookup = this.grants.find(row.site_id, integratorId);
      const grant = lookup.state === 'active' ? lookup.grant : last.get(row.site_id);
      const reason = declined.get(row.site_id);
      const running = lookup.state === 'active' ? lookup.grant : undefined;
      const waiting = running && onTop(asked.get(row.site_id), running, statements);
      return {
        ...this.siteOf(row),
        standing: standingOf(lookup),
        ...(lookup.state === 'declined' && reason !== undefined && { declineReason: reason }),
        ...(waiting && { waiting }),
        ...(grant && { permission: permissionOf(grant, name, row, statements) }),
      };
    });
  }

  private siteOf(row: SiteRow): Omit<PairedSite, 'standing'> {
    return {
      siteId: row.site_id,
      name: row.name,
      pmsName: pmsNames[row.pms_type as PmsType] ?? row.pms_type,
      pmsSiteId: row.pms_site_id,
      isSandbox: row.is_sandbox && row.serves_sandbox,
      availability: this.links.availability(row.site_id),
      load: row.load,
      catalogues: row.catalogues.map((catalogue) => catalogue.name),
      ...(row.last_seen_at && { lastSeenAt: row.last_seen_at.toISOString() }),
      ...(row.agent_version !== null && { agentVersion: row.agent_version }),
    };
  }

  private async nameOf(integratorId: string): Promise<string> {
    const row = await this.database
      .selectFrom('integrators')
      .select('name')
      .where('integrator_id', '=', integratorId)
      .executeTakeFirst();
    return row?.name ?? integratorId;
  }

  /** The document that was in force last at each site. */
  private async lastGrants(integratorId: string, siteIds: string[]): Promise<Map<string, Grant>> {
    const rows = await this.database
      .selectFrom('grants')
      .select(['site_id', 'signed'])
      .where('integrator_id', '=', integratorId)
      .where('site_id', 'in', siteIds)
      .orderBy('created_at')
      .orderBy('seq')
      .execute();
    const found = new Map<string, Grant>();
    for (const { site_id: siteId, signed } of rows) {
      const reading = parseGrant((signed as SignedGrant).document);
      // The document that ends a permission says nothing of what was permitted.
      if (reading.ok && !reading.grant.revoked) found.set(siteId, reading.grant);
    }
    return found;
  }

  /** What practices have before them, by site. */
  private async asked(integratorId: string, siteIds: string[]): Promise<Map<string, AskedAccess>> {
    const rows = await this.database
      .selectFrom('access_requests')
      .select(['site_id', 'asked'])
      .where('integrator_id', '=', integratorId)
      .where('site_id', 'in', siteIds)
      .where('state', '=', 'pending')
      .execute();
    return new Map(rows.map((row) => [row.site_id, row.asked as AskedAccess]));
  }

  private async declineReasons(
    integratorId: string,
    siteIds: string[],
  ): Promise<Map<string, string>> {
    const rows = await this.database
      .selectFrom('access_requests')
      .select(['site_id', 'decline_reason'])
      .where('integrator_id', '=', integratorId)
      .where('site_id', 'in', siteIds)
      .where('decline_reason', 'is not', null)
      .orderBy('created_at')
      .execute();
    return new Map(rows.map((row) => [row.site_id, row.decline_reason as string]));
  }
}

function standingOf(lookup: GrantLookup): SiteStanding {
  if (lookup.state === 'pending') {
    return lookup.waitsFor === 'server' ? 'waiting-for-server' : 'waiting-for-practice';
  }
  // An access request whose permission nobody has seen any more.
  return lookup.state === 'none' ? 'expired' : lookup.state;
}

function onTop(
  asked: AskedAccess | undefined,
  running: Grant,
  statements: readonly StatementText[],
): PairedSite['waiting'] {
  if (!asked) return undefined;
  const missing = missingFrom(asked, [running]);
  if (missing.length === 0) return undefined;
  const isMissing = (one: string): boolean => missing.includes(one);
  return {
    scopes: asked.scopes.filter(isMissing).map((scope) => scopeWords(scope, statements)),
    catalogues: asked.catalogues.filter(isMissing),
    purposes: asked.purposes.filter(isMissing),
  };
}

function permissionOf(
  grant: Grant,
  integrator: string,
  row: SiteRow,
  statements: readonly StatementText[],
): NonNullable<PairedSite['permission']> {
  // Other sites under the same permission stay without a name: they may not be paired any more.
  const sites = new Map(grant.siteIds.map((siteId) => [siteId, siteId]));
  sites.set(row.site_id, row.name);
  return {
    grantId: grant.grantId,
    expires: grant.expires,
    scopes: grant.scopes.map((scope) => scopeWords(scope, statements)),
    catalogues: grant.catalogues,
    purposes: grant.purposes,
    lines: permissionLines(grant, { integrator, sites, statements, timeZone: row.time_zone }),
  };
}
