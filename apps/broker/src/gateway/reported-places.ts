import { Injectable } from '@nestjs/common';
import type { AgentPeer } from '#apps/broker/src/gateway/agent-peer.js';
import type { AsyncPlaces } from '#apps/broker/src/gateway/site-links.port.js';
import type { AgentReport } from '#libs/contracts/link-messages.js';

/** Of an agent that has not said yet: what its settings are where nobody changes them. */
const usual: AsyncPlaces = { all: 6, each: 3 };

/** How many async statements the agents of this node run at once, for as long as their links live. */
@Injectable()
export class ReportedPlaces {
  private readonly byPeer = new WeakMap<AgentPeer, ReadonlyMap<string, AsyncPlaces>>();

  note(peer: AgentPeer, { sites }: AgentReport): void {
    const said = sites.map(({ siteId, asyncPlaces, asyncPlacesEach }): [string, AsyncPlaces] => {
      const all = Math.max(1, asyncPlaces ?? usual.all);
      return [siteId, { all, each: Math.max(1, Math.min(all, asyncPlacesEach ?? usual.each)) }];
    });
    this.byPeer.set(peer, new Map(said));
  }

  /** @param peer the agent that serves the site, if one is there */
  of(peer: AgentPeer | undefined, siteId: string): AsyncPlaces {
    return (peer && this.byPeer.get(peer)?.get(siteId)) ?? usual;
  }
}
