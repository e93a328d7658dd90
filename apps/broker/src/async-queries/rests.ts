/** Who is asked nothing for a while: a whole site, or one integrator's queries at it. */
import type { Wait } from '#apps/broker/src/async-queries/wait-reasons.js';
import type { InLine } from '#apps/broker/src/async-queries/site-lines.js';

/** In the place of an integrator: all of them. */
const ALL = '*';

export class Rests {
  private readonly bySite = new Map<string, Map<string, NodeJS.Timeout>>();

  /** @param rested called with the site when it may be asked again */
  constructor(private readonly rested: (siteId: string) => void) {}

  begin({ siteId, integratorId }: InLine, { of, restMs }: Wait): void {
    const who = of === 'site' ? ALL : integratorId;
    const site = this.bySite.get(siteId) ?? new Map<string, NodeJS.Timeout>();
    this.bySite.set(siteId, site);
    clearTimeout(site.get(who));
    const over = (): void => {
      site.delete(who);
      if (site.size === 0) this.bySite.delete(siteId);
      this.rested(siteId);
    };
    site.set(who, setTimeout(over, restMs).unref());
  }

  isResting(siteId: string): boolean {
    return this.bySite.get(siteId)?.has(ALL) === true;
  }

  /** Integrators whose queries at this site are left alone. */
  of(siteId: string): string[] {
    return [...(this.bySite.get(siteId)?.keys() ?? [])].filter((who) => who !== ALL);
  }

  /** What kept integrators of this site from being asked may be over: their permissions changed. */
  endOfIntegrators(siteId: string): void {
    const site = this.bySite.get(siteId);
    for (const who of this.of(siteId)) {
      clearTimeout(site?.get(who));
      site?.delete(who);
    }
    if (site?.size === 0) this.bySite.delete(siteId);
    this.rested(siteId);
  }

  clear(): void {
    for (const site of this.bySite.values()) {
      for (const timer of site.values()) clearTimeout(timer);
    }
    this.bySite.clear();
  }
}
