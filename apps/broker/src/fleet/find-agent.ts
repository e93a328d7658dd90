import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { fleetAgent, fleetColumns, moment } from '#apps/broker/src/fleet/fleet-agent.js';
import { standingOfRow } from '#apps/broker/src/fleet/fleet-row.js';
import { FindDiagnosis } from '#apps/broker/src/fleet/find-diagnosis.js';
import { ListAlerts } from '#apps/broker/src/fleet/list-alerts.js';
import { calendarOf } from '#apps/broker/src/fleet/agent-hours.js';
import { isOpenAt } from '#apps/broker/src/fleet/opening-hours.js';
import type { AgentDetail, SiteHealth } from '#libs/console-api/operator.js';
import type { SiteSignals } from '#libs/db/fleet-tables.js';
import type { Database } from '#libs/db/schema.js';
import { catalogue, isErrorCode } from '#libs/errors/catalogue.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { hoursWords } from '#libs/grants/permitted-hours.js';
import { Clock } from '#libs/kernel/clock.js';

/** All there is to know of one agent: its signals, its sites, what is wrong and what was asked. */
@Injectable()
export class FindAgent {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly alerts: ListAlerts,
    private readonly diagnoses: FindDiagnosis,
    private readonly clock: Clock,
  ) {}

  /** @throws ConduitError CONSOLE_ENTRY_NOT_FOUND */
  async execute(agentId: string): Promise<Omit<AgentDetail, 'waitingRequest'>> {
    const row = await this.database
      .selectFrom('agent_health as health')
      .innerJoin('agents', 'agents.agent_id', 'health.agent_id')
      .innerJoin('practices', 'practices.practice_id', 'agents.practice_id')
      .select(fleetColumns)
      .select(['agents.state as registry', 'agents.state_reason', 'agents.update_window'])
      .select(['reported_at', 'joined_at', 'left_at', 'paused', 'load', 'database_since'])
      .select(['waiting_since', 'health.sites'])
      .where('health.agent_id', '=', agentId)
      .executeTakeFirst();
    if (!row) throw new ConduitError('CONSOLE_ENTRY_NOT_FOUND');
    const diagnosis = await this.diagnoses.last(agentId);
    return {
      ...fleetAgent(row),
      causes: standingOfRow(row, this.clock.now()).causes,
      ...moment('joinedAt', row.joined_at),
      ...moment('leftAt', row.left_at),
      ...moment('reportedAt', row.reported_at),
      paused: row.paused,
      ...(row.update_window && { updateWindow: hoursWords(row.update_window) }),
      ...(isErrorCode(row.last_error) && { error: wordsOf(row.last_error) }),
      sites: await this.sitesOf(agentId, row.sites),
      alerts: await this.alerts.ofAgent(agentId),
      ...(diagnosis && { diagnosis }),
    };
  }

  private async sitesOf(agentId: string, signals: readonly SiteSignals[]): Promise<SiteHealth[]> {
    const rows = await this.database
      .selectFrom('sites')
      .leftJoin('site_hours as hours', 'hours.site_id', 'sites.site_id')
      .innerJoin('practices', 'practices.practice_id', 'sites.practice_id')
      .select(['sites.site_id', 'sites.name', 'sites.pms_type', 'hours.time_zone', 'hours.windows'])
      .select(['practices.time_zone as practice_zone', 'closed_days'])
      .where('agent_id', '=', agentId)
      .orderBy('sites.name')
      .orderBy('sites.site_id')
      .execute();
    const nowMs = this.clock.now();
    return rows.map((site) => {
      const { time_zone: timeZone, windows } = site;
      const said = signals.find(({ siteId }) => siteId === site.site_id);
      const hours = timeZone === null || windows === null ? undefined : { timeZone, windows };
      return {
        ...{ database: 'unknown', load: 'normal', running: 0, waiting: 0, ...said },
        siteId: site.site_id,
        name: site.name,
        pmsType: site.pms_type,
        ...(hours && { hours }),
        isOpen: isOpenAt([calendarOf(site)], nowMs),
      } as SiteHealth;
    });
  }
}

/** A code in the words of the catalogue. */
export function wordsOf(code: keyof typeof catalogue) {
  const { title, remedy, whoCanFix } = catalogue[code];
  return { code, title, remedy, whoCanFix };
}
