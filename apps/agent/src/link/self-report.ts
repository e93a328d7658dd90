import { Injectable } from '@nestjs/common';
import { AgentConfig } from '#apps/agent/src/agent.config.js';
import { asyncPlacesOf } from '#apps/agent/src/execution/place-counts.js';
import { LocalRules } from '#apps/agent/src/grants/local-rules.js';
import { AgentIdentity } from '#apps/agent/src/identity/agent-identity.js';
import { DatabaseHealth, type NotedFailure } from '#apps/agent/src/link/database-health.port.js';
import { SiteLoads } from '#apps/agent/src/link/site-loads.port.js';
import type { AgentReport } from '#libs/contracts/link-messages.js';

const LONGEST_MS = 7 * 86_400_000;

/** As the broker takes it: whole, and never longer than a week. */
export const rounded = (ms: number): number => Math.min(Math.max(0, Math.round(ms)), LONGEST_MS);

/** What an agent says of itself: its pause flag and the sites that it both serves and knows. */
@Injectable()
export class SelfReport {
  constructor(
    private readonly config: AgentConfig,
    private readonly identity: AgentIdentity,
    private readonly rules: LocalRules,
    private readonly databases: DatabaseHealth,
    private readonly loads: SiteLoads,
  ) {}

  /** Calls back when something has changed that should be told at once. */
  onChange(listener: () => void): void {
    this.loads.onChange(listener);
    this.databases.onChange(listener);
  }

  get lastDatabaseFailure(): NotedFailure | undefined {
    return this.databases.lastFailure;
  }

  describe(): Pick<AgentReport, 'paused' | 'sites'> {
    const served = this.config.sites.filter(({ siteId }) => this.identity.siteIds.includes(siteId));
    const sites = served.map(({ siteId, catalogues, limits }) => {
      const places = asyncPlacesOf(limits);
      const { probedAtMs, latencyMs, usualLatencyMs, ...seen } = this.databases.of(siteId);
      return {
        ...seen,
        siteId,
        ...(probedAtMs !== undefined && { probeAgeMs: rounded(performance.now() - probedAtMs) }),
        ...(latencyMs !== undefined && { latencyMs: rounded(latencyMs) }),
        ...(usualLatencyMs !== undefined && { usualLatencyMs: rounded(usualLatencyMs) }),
        asyncPlaces: places.all,
        asyncPlacesEach: places.each,
        load: this.loads.of(siteId),
        ...this.loads.workOf(siteId),
        catalogues: catalogues.map(({ name, isDefault }) => ({ name, isDefault })),
      };
    });
    return { paused: this.rules.paused, sites };
  }
}
