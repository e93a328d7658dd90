/** How each site is just now, for the people of this machine: what runs, what waits, what is held. */
import { Injectable } from '@nestjs/common';
import type { QueryLane, SiteLoad } from '#libs/contracts/link-messages.js';
import { PmsSites } from '#apps/agent/src/execution/pms-sites.js';
import { SiteLoads } from '#apps/agent/src/link/site-loads.port.js';

export interface SiteState {
  siteId: string;
  load: SiteLoad;
  running: Record<QueryLane, number>;
  waiting: Record<QueryLane, number>;
  /** Bytes of results on disk that wait to be taken. */
  spoolBytes: number;
}

@Injectable()
export class SiteStates {
  constructor(
    private readonly sites: PmsSites,
    private readonly loads: SiteLoads,
  ) {}

  all(): SiteState[] {
    return this.sites.all().map(({ settings, room, spool }) => ({
      siteId: settings.siteId,
      load: this.loads.of(settings.siteId),
      ...room.counts,
      spoolBytes: spool.fileBytes,
    }));
  }
}
