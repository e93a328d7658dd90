/** The live links of this node, by site, and what is known of the sites of others. */
import type { LinkClient } from '#libs/link/link-client.js';

export type SiteAvailability = 'online' | 'offline' | 'unreachable';

/** After so long without a word of its agent a site counts as unreachable. */
export const silenceMs = 120_000;

/** How many async statements an agent runs at once at a site: altogether, and of one integrator. */
export interface AsyncPlaces {
  all: number;
  each: number;
}

export abstract class SiteLinks {
  /**
   * The link to the agent that serves the site, or undefined when it is not attached here; ReachSite asks
   * it wherever it is. In memory: no I/O.
   */
  abstract find(siteId: string): LinkClient | undefined;

  /** online: attached; offline: the agent said goodbye; unreachable: silent for two minutes or more. */
  abstract availability(siteId: string): SiteAvailability;

  /** As the site's agent says, or as most have it. In memory: no I/O. */
  abstract asyncPlaces(siteId: string): AsyncPlaces;
}
