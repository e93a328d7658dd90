/**
 * The sites this agent serves: for each its settings, its driver, its places for statements, the
 * room for results that wait to be taken, and the writes that were made.
 */
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { RunQueryMeta } from '#libs/contracts/link-messages.js';
import type { SiteSettings } from '#apps/agent/src/agent.config.js';
import type { ConsentGuard } from '#apps/agent/src/consent/consent-guard.js';
import { WaitingRoom } from '#apps/agent/src/execution/waiting-room.js';
import type { PmsDriver } from '#apps/agent/src/pms/pms-driver.port.js';
import { SiteSpool } from '#apps/agent/src/spool/site-spool.js';
import type { SpoolFolder } from '#apps/agent/src/spool/spool-folder.js';
import type { GrantDecision } from '#apps/agent/src/grants/grant-gate.port.js';
import {
  SiteWrites,
  type CommandRunner,
  type WriteKeeping,
} from '#apps/agent/src/writes/site-writes.js';

export type OpenPmsDriver = (site: SiteSettings) => PmsDriver;

export interface PmsSite {
  settings: SiteSettings;
  driver: PmsDriver;
  room: WaitingRoom;
  spool: SiteSpool;
  writes: SiteWrites;
}

@Injectable()
export class PmsSites implements OnApplicationShutdown {
  private readonly sites: ReadonlyMap<string, PmsSite>;

  /** Opens no connection yet. */
  constructor(
    settings: readonly SiteSettings[],
    open: OpenPmsDriver,
    folder: SpoolFolder,
    keeping: WriteKeeping,
    private readonly consents: Pick<ConsentGuard, 'over' | 'mayTellValues'>,
  ) {
    const openSite = (site: SiteSettings): PmsSite => {
      const driver = open(site);
      return {
        settings: site,
        driver,
        room: new WaitingRoom(site.limits),
        spool: new SiteSpool(folder, site.limits),
        writes: new SiteWrites(site, driver, keeping),
      };
    };
    this.sites = new Map(settings.map((site) => [site.siteId.toLowerCase(), openSite(site)]));
  }

  find(siteId: string): PmsSite | undefined {
    return this.sites.get(siteId.toLowerCase());
  }

  all(): PmsSite[] {
    return [...this.sites.values()];
  }

  /** Runs one command of a query: at most once if it writes, and nothing of patients who withdrew. */
  runnerFor(
    { writes }: PmsSite,
    meta: RunQueryMeta,
    permission: Extract<GrantDecision, { allowed: true }>,
  ): CommandRunner {
    return this.consents.over(writes.runnerFor(meta, permission), meta);
  }

  /** Whether values of a command that is over may be told, of which nobody knows any more whom it was about. */
  mayTellValues(asker: Pick<RunQueryMeta, 'siteId' | 'integratorId'>): boolean {
    return this.consents.mayTellValues(asker);
  }

  /** After everything that runs has ended. */
  async onApplicationShutdown(): Promise<void> {
    await Promise.allSettled(this.all().map(({ driver }) => driver.close()));
  }
}

/** The name of the catalogue a query means, as the site spells it; undefined when it has none such. */
export function catalogueOf(site: SiteSettings, wanted: string | undefined): string | undefined {
  const { catalogues } = site;
  if (wanted !== undefined) {
    return catalogues.find(({ name }) => name.toLowerCase() === wanted.toLowerCase())?.name;
  }
  return (catalogues.find(({ isDefault }) => isDefault) ?? catalogues[0])?.name;
}
