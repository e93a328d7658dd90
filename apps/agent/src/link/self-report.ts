import { Injectable } from '@nestjs/common';
import { AgentConfig } from '#apps/agent/src/agent.config.js';
import { LocalRules } from '#apps/agent/src/grants/local-rules.js';
import { AgentIdentity } from '#apps/agent/src/identity/agent-identity.js';
import { DatabaseHealth } from '#apps/agent/src/link/database-health.port.js';
import { SiteLoads } from '#apps/agent/src/link/site-loads.port.js';
import type { AgentReport } from '#libs/contracts/link-messages.js';

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
  }

  describe(): Pick<AgentReport, 'paused' | 'sites'> {
    const served = this.config.sites.filter(({ siteId }) => this.identity.siteIds.includes(siteId));
    const sites = served.map(({ siteId, catalogues }) => ({
      siteId,
      ...this.databases.of(siteId),
      load: this.loads.of(siteId),
      catalogues: catalogues.map(({ name, isDefault }) => ({ name, isDefault })),
    }));
    return { paused: this.rules.paused, sites };
  }
}
