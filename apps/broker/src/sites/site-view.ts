/** A site as Halo's clients read it, deprecated fields included. Absent facts are left out. */
import type { Selectable } from 'kysely';
import type { SiteAvailability } from '#apps/broker/src/gateway/site-links.port.js';
import { pmsNames, type PmsType } from '#apps/broker/src/sites/pms-names.js';
import type { SitesTable } from '#libs/db/schema.js';

export function siteView(
  row: Selectable<SitesTable>,
  availability: SiteAvailability,
): Record<string, unknown> {
  const version = row.pms_version === null ? {} : { practiceManagementVersion: row.pms_version };
  const name = pmsNames[row.pms_type as PmsType] ?? row.pms_type;
  return {
    id: row.site_id,
    pmsType: row.pms_type,
    availability,
    status: row.status,
    ...(row.agent_version !== null && { haloLinkVersion: row.agent_version }),
    ...(row.enriched_at && { enrichedAt: row.enriched_at.toISOString() }),
    catalogue: row.catalogues,
    practiceMetadata: {
      pmsType: row.pms_type,
      practiceName: row.name,
      practiceManagementSiteId: row.pms_site_id,
      ...version,
    },
    name: row.name,
    practiceManagementSiteId: row.pms_site_id,
    practiceManagementName: name,
    ...version,
    createdAt: row.created_at.toISOString(),
    authoritative: row.authoritative,
    ...(row.last_seen_at && { heartbeatTimestampUTC: row.last_seen_at.toISOString() }),
  };
}
