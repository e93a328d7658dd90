import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import type { AgentReportDto, SiteReportDto } from '#libs/contracts/agent-report.js';
import type { Database } from '#libs/db/schema.js';
import { Clock } from '#libs/kernel/clock.js';

/** Keeps what an agent reports of its sites; of its own sites only, and only when it changed. */
@Injectable()
export class RecordReport {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly broadcast: Broadcast,
    private readonly clock: Clock,
  ) {}

  async execute(agentId: string, report: AgentReportDto): Promise<void> {
    for (const siteId of await this.noteVersion(agentId, report.agentVersion)) {
      await this.broadcast.publish('site.changed', siteId);
    }
    for (const site of report.sites) {
      if (await this.update(agentId, site)) {
        await this.broadcast.publish('site.changed', site.siteId);
      }
    }
  }

  /** Also for an agent that serves no database yet: the operator sees which one it is. */
  private async noteVersion(agentId: string, agentVersion: string): Promise<string[]> {
    const rows = await this.database
      .updateTable('sites')
      .set({ agent_version: agentVersion, updated_at: new Date(this.clock.now()) })
      .where('agent_id', '=', agentId)
      .where('agent_version', 'is distinct from', agentVersion)
      .returning('site_id')
      .execute();
    return rows.map((row) => row.site_id);
  }

  private async update(agentId: string, site: SiteReportDto) {
    const row = await this.database
      .selectFrom('sites')
      .select(['catalogues', 'pms_version', 'status', 'enriched_at', 'load', 'serves_sandbox'])
      .where('site_id', '=', site.siteId)
      .where('agent_id', '=', agentId)
      .where('status', 'in', ['initialising', 'active'])
      .executeTakeFirst();
    if (!row) return false;
    const catalogues = JSON.stringify(
      site.catalogues.map(({ name, isDefault }) => ({ name, isDefault })),
    );
    const pmsVersion = site.pmsVersion ?? row.pms_version;
    const load = site.load ?? 'normal';
    const servesSandbox = site.sandbox === true;
    const isSame =
      row.status === 'active' &&
      row.load === load &&
      row.serves_sandbox === servesSandbox &&
      row.pms_version === pmsVersion &&
      sameCatalogues(row.catalogues, site.catalogues);
    if (isSame) return false;
    const now = new Date(this.clock.now());
    await this.database
      .updateTable('sites')
      .set({ catalogues, load, pms_version: pmsVersion, serves_sandbox: servesSandbox })
      .set({ status: 'active', enriched_at: now, updated_at: now })
      .$if(row.load !== load, (update) => update.set({ load_since: now }))
      .where('site_id', '=', site.siteId)
      .where('agent_id', '=', agentId)
      .execute();
    return true;
  }
}

interface Catalogue {
  name: string;
  isDefault: boolean;
}

/** jsonb keeps its own order of keys, so texts cannot be compared. */
function sameCatalogues(stored: Catalogue[], reported: Catalogue[]): boolean {
  return (
    stored.length === reported.length &&
    stored.every(({ name, isDefault }, index) => {
      const other = reported[index];
      return other?.name === name && other.isDefault === isDefault;
    })
  );
}
