import { Injectable } from '@nestjs/common';
import { AttachedLinks } from '#apps/broker/src/gateway/attached-links.js';
import {
  silenceMs,
  SiteLinks,
  type AsyncPlaces,
  type SiteAvailability,
} from '#apps/broker/src/gateway/site-links.port.js';
import { ReportedPlaces } from '#apps/broker/src/gateway/reported-places.js';
import { SiteRegister } from '#apps/broker/src/gateway/site-register.js';
import type { LinkClient } from '#libs/link/link-client.js';
import { Clock } from '#libs/kernel/clock.js';

/** The links attached to this node. */
@Injectable()
export class AttachedSiteLinks extends SiteLinks {
  constructor(
    private readonly attached: AttachedLinks,
    private readonly register: SiteRegister,
    private readonly places: ReportedPlaces,
    private readonly clock: Clock,
  ) {
    super();
  }

  override find(siteId: string): LinkClient | undefined {
    const agentId = this.register.find(siteId)?.agentId;
    return agentId ? this.attached.newest(agentId)?.client : undefined;
  }

  override availability(siteId: string): SiteAvailability {
    const site = this.register.find(siteId);
    if (site?.agentId && this.attached.newest(site.agentId)) return 'online';
    if (site?.lastSeenMs === undefined || site.saidGoodbye) return 'offline';
    // A link that was just lost, or is held by another node, has been seen lately.
    return this.clock.now() - site.lastSeenMs < silenceMs ? 'online' : 'unreachable';
  }

  override asyncPlaces(siteId: string): AsyncPlaces {
    const agentId = this.register.find(siteId)?.agentId;
    return this.places.of(agentId ? this.attached.newest(agentId)?.peer : undefined, siteId);
  }
}
