/**
 * Asks the agent that serves a site, whichever node holds its link: this one, or the one that presence
 * names. Presence that is out of date costs one more look; a request that an agent may have had is never
 * sent twice.
 */
import { Injectable } from '@nestjs/common';
import { SiteLinks } from '#apps/broker/src/gateway/site-links.port.js';
import { SiteRegister } from '#apps/broker/src/gateway/site-register.js';
import { Metrics } from '#apps/broker/src/health/metrics.js';
import { KnownPlaces } from '#apps/broker/src/nodes/known-places.js';
import { NodeLinks } from '#apps/broker/src/nodes/node-links.js';
import type { ForwardedPattern } from '#apps/broker/src/nodes/serve-forwarded.js';
import { ConduitError, toConduitError } from '#libs/errors/conduit-error.js';
import type { LinkClient, RequestOptions } from '#libs/link/link-client.js';
import type { LinkReplyReader } from '#libs/link/link-reply-reader.js';

/** A request about a site: `meta.siteId` says to the other node whose agent it is for. */
interface SiteRequest {
  pattern: ForwardedPattern;
  meta: { siteId: string };
  body?: Uint8Array;
}

@Injectable()
export class ReachSite {
  constructor(
    private readonly links: SiteLinks,
    private readonly register: SiteRegister,
    private readonly places: KnownPlaces,
    private readonly nodes: NodeLinks,
    private readonly metrics: Metrics,
  ) {}

  /**
   * As LinkClient.request. LINK_CLOSED: a link on the way broke, and the agent may have done it.
   * @throws ConduitError LINK_REFUSED: the agent is attached to no node that can be reached, and nothing
   *   was done
   */
  async request(request: SiteRequest, options: RequestOptions): Promise<LinkReplyReader> {
    const here = this.links.find(request.meta.siteId);
    const answered = here && (await unlessRefused(ask(here, request, options)));
    return answered ?? this.requestElsewhere(request, options);
  }

  /** What LINK_REFUSED means to someone who asked about a site. In memory: no I/O. */
  absence(siteId: string): 'SITE_OFFLINE' | 'SITE_UNREACHABLE' {
    return this.links.availability(siteId) === 'unreachable' ? 'SITE_UNREACHABLE' : 'SITE_OFFLINE';
  }

  private async requestElsewhere(
    request: SiteRequest,
    options: RequestOptions,
  ): Promise<LinkReplyReader> {
    const { siteId } = request.meta;
    const agentId = this.register.find(siteId)?.agentId;
    if (!agentId) throw new ConduitError('LINK_REFUSED');
    for (const look of ['find', 'look'] as const) {
      const place = await this.places[look](agentId);
      const node = place && (await this.nodes.to(place));
      // It may have come here since.
      const client = node ?? this.links.find(siteId);
      // Nobody has announced it: to look again at once would find nobody again.
      if (!client && !place) break;
      const answered = client && (await unlessRefused(ask(client, request, options)));
      if (node) this.metrics.countForwarded(answered ? 'taken' : 'refused');
      if (answered) return answered;
    }
    throw new ConduitError('LINK_REFUSED');
  }
}

const ask = (client: LinkClient, { pattern, meta, body }: SiteRequest, options: RequestOptions) =>
  client.request(pattern, meta, body, options);

/** @returns undefined when it was refused: provably nothing was done */
async function unlessRefused<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (toConduitError(error).code === 'LINK_REFUSED') return undefined;
    throw error;
  }
}
