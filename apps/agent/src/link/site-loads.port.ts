import type { SiteLoad } from '#libs/contracts/link-messages.js';

/** What is held back at a site just now because its database server has enough to do. */
export abstract class SiteLoads {
  abstract of(siteId: string): SiteLoad;

  /** Queries of the site that run, and that wait for a place. */
  abstract workOf(siteId: string): { running: number; waiting: number };

  /** Calls back when any site's load has changed. */
  abstract onChange(listener: () => void): void;
}
