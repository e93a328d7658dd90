import { Injectable } from '@nestjs/common';
import { Kysely, sql } from 'kysely';
import { moment } from '#apps/broker/src/fleet/fleet-agent.js';
import type { Alert, Alerts } from '#libs/console-api/operator.js';
import type { Database } from '#libs/db/schema.js';

const MOST_OPEN = 200;
const MOST_CLOSED = 50;
const MOST_OF_AGENT = 10;

const noticesOf = sql<{ sent: number; waiting: number; failed: number }>`(
  select json_build_object(
    'sent', count(sent_at), 'failed', count(failed_at),
    'waiting', count(*) - count(sent_at) - count(failed_at))
  from alert_notices where alert_notices.alert_id = alerts.alert_id)`;

/** Alerts as staff read them; the oldest that is open first, the latest that is over first. */
@Injectable()
export class ListAlerts {
  constructor(private readonly database: Kysely<Database>) {}

  async execute(): Promise<Alerts> {
    const { count } = await this.database
      .selectFrom('alerts')
      .select(({ fn }) => fn.countAll<string>().as('count'))
      .where('closed_at', 'is', null)
      .executeTakeFirstOrThrow();
    const open = await this.alerts()
      .where('closed_at', 'is', null)
      .orderBy('opened_at')
      .limit(MOST_OPEN)
      .execute();
    const closed = await this.alerts()
      .where('closed_at', 'is not', null)
      .orderBy('closed_at', 'desc')
      .limit(MOST_CLOSED)
      .execute();
    return { open: open.map(toAlert), openTotal: Number(count), closed: closed.map(toAlert) };
  }

  async ofAgent(agentId: string): Promise<Alert[]> {
    const rows = await this.alerts()
      .where('alerts.agent_id', '=', agentId)
      .orderBy('opened_at', 'desc')
      .limit(MOST_OF_AGENT)
      .execute();
    return rows.map(toAlert);
  }

  private alerts() {
    return this.database
      .selectFrom('alerts')
      .innerJoin('alert_rules', 'alert_rules.rule_id', 'alerts.rule_id')
      .innerJoin('agents', 'agents.agent_id', 'alerts.agent_id')
      .innerJoin('practices', 'practices.practice_id', 'agents.practice_id')
      .select(['alert_id', 'alert_rules.kind', 'alerts.agent_id', 'practices.name', 'alerts.cause'])
      .select(['opened_at', 'closed_at', 'times'])
      .select(noticesOf.as('notices'));
  }
}

type AlertRow = Awaited<ReturnType<ReturnType<ListAlerts['alerts']>['execute']>>[number];

const toAlert = (row: AlertRow): Alert => ({
  alertId: row.alert_id,
  kind: row.kind,
  agentId: row.agent_id,
  practiceName: row.name,
  cause: row.cause,
  openedAt: row.opened_at.toISOString(),
  ...moment('closedAt', row.closed_at),
  times: row.times,
  notices: row.notices,
});
