/**
 * Which node holds the link to a site, for the other nodes: a lease that ends by itself 30 s after
 * its node last renewed it. Losing it harms nothing at the node that holds the link.
 */
export abstract class SitePresence {
  /** Takes or renews the leases. Never rejects. */
  abstract hold(siteIds: string[]): Promise<void>;

  /** Gives up those leases that are this node's. Never rejects. */
  abstract release(siteIds: string[]): Promise<void>;

  abstract close(): Promise<void>;
}

export const leaseMs = 30_000;

/** For a broker of one node. */
export class AlonePresence extends SitePresence {
  override async hold(): Promise<void> {
    // Nobody else would ask.
  }

  override async release(): Promise<void> {
    // Nothing was taken.
  }

  override async close(): Promise<void> {
    // Nothing is open.
  }
}
