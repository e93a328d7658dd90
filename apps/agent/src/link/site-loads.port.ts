import type { SiteLoad } from '#libs/contracts/link-messages.js';

/** What is held back at a site just now because its database server has enough to do. */
export abstract class SiteLoads {
  abstract of(siteId: string): SiteLoad;

  /** Calls back when any site's load has changed. */
  abstract onChange(listener: () => void): void;
}
