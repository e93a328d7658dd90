import type { SiteReport } from '#libs/contracts/link-messages.js';

export type DatabaseSighting = Pick<SiteReport, 'database' | 'pmsVersion' | 'practiceName'>;

/** What is known of a site's database just now, without asking it. */
export abstract class DatabaseHealth {
  abstract of(siteId: string): DatabaseSighting;
}
