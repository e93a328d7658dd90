import { Injectable } from '@nestjs/common';
import { Kysely, sql, type Expression, type RawBuilder, type SqlBool } from 'kysely';
import { fleetAgent, fleetColumns } from '#apps/broker/src/fleet/fleet-agent.js';
import { containing } from '#apps/broker/src/fleet/containing.js';
import {
  agentStates,
  type AgentState,
  type FleetAgent,
  type FleetFilter,
  type FleetPage,
  type FleetSort,
} from '#libs/console-api/operator.js';
import type { Database } from '#libs/db/schema.js';

export const FLEET_PAGE_SIZE = 50;

/** What needs somebody first. */
const stateOrder = sql`array_position(
  array['quarantined', 'unreachable', 'degraded', 'offline', 'online', 'revoked'], health.state)`;

const sortColumns: Record<FleetSort, RawBuilder<unknown>> = {
  practice: sql`(select lower(practices.name) from agents join practices using (practice_id)
    where agents.agent_id = health.agent_id)`,
  state: stateOrder,
  heard: sql`health.heard_at`,
  databaseMs: sql`health.database_ms`,
  linkMs: sql`health.link_ms`,
  clockOffset: sql`abs(health.clock_offset_ms)`,
  certificate: sql`health.certificate_ends_at`,
  waiting: sql`health.waiting`,
  reconnects: sql`health.reconnects`,
  version: sql`health.version`,
};

/**
 * One page of the fleet, searched, narrowed and ordered by the store. What is on the page is chosen
 * first, from the narrow table alone where that is enough; only its lines are then put together.
 */
@Injectable()
export class ListFleet {
  constructor(private readonly database: Kysely<Database>) {}

  async execute(filter: FleetFilter, page: number): Promise<FleetPage> {
    const { states = [] } = filter;
    const [agents, counts] = await Promise.all([this.lines(filter, page), this.counts(filter)]);
    const counted: readonly AgentState[] = states.length > 0 ? states : agentStates;
    const total = counted.reduce((sum, state) => sum + counts[state], 0);
    return { agents, page, pageSize: FLEET_PAGE_SIZE, total, counts };
  }

  private async lines(filter: FleetFilter, page: number): Promise<FleetAgent[]> {
    const ids = await this.chosen(filter, page);
    if (ids.length === 0) return [];
    const rows = await this.database
      .selectFrom('agent_health as health')
      .innerJoin('agents', 'agents.agent_id', 'health.agent_id')
      .innerJoin('practices', 'practices.practice_id', 'agents.practice_id')
      .select(fleetColumns)
      .where('health.agent_id', 'in', ids)
      .execute();
    const byId = new Map(rows.map((row) => [row.agent_id, row]));
    return ids.flatMap((id) => {
      const row = byId.get(id);
      return row ? [fleetAgent(row)] : [];
    });
  }

  private async chosen(filter: FleetFilter, page: number): Promise<string[]> {
    const { states = [], sort = 'state', direction = 'up' } = filter;
    const order = sql.raw(direction === 'down' ? 'desc nulls last' : 'asc nulls last');
    const rows = await this.matching(filter)
      .select('health.agent_id')
      .$if(states.length > 0, (query) => query.where('health.state', 'in', states))
      .orderBy(sql`${sortColumns[sort]} ${order}`)
      .orderBy('health.agent_id')
      .offset((page - 1) * FLEET_PAGE_SIZE)
      .limit(FLEET_PAGE_SIZE)
      .execute();
    return rows.map((row) => row.agent_id);
  }

  /** Without the states asked for, so that a person sees what else there is. */
  private async counts(filter: FleetFilter): Promise<Record<AgentState, number>> {
    const rows = await this.matching(filter)
      .select(({ fn }) => ['health.state', fn.countAll<string>().as('count')])
      .groupBy('health.state')
      .execute();
    const none = Object.fromEntries(agentStates.map((state): [string, number] => [state, 0]));
    const found = Object.fromEntries(
      rows.map(({ state, count }): [string, number] => [state, Number(count)]),
    );
    return { ...none, ...found } as Record<AgentState, number>;
  }

  private matching({ search = '', cause }: FleetFilter) {
    const text = search.trim();
    return this.database
      .selectFrom('agent_health as health')
      .$if(cause !== undefined, (query) => query.where('health.cause', '=', cause!))
      .$if(text !== '', (query) => query.where(this.found(containing(text))));
  }

  private found(pattern: string): Expression<SqlBool> {
    return sql<SqlBool>`(health.version ilike ${pattern} or health.agent_id in (
      select agents.agent_id from agents join practices using (practice_id)
        where practices.name ilike ${pattern} or agents.agent_id like ${pattern}
          or agents.practice_id like ${pattern}
      union all
      select sites.agent_id from sites where sites.agent_id is not null and
        (name ilike ${pattern} or pms_site_id ilike ${pattern} or site_id like ${pattern})))`;
  }
}
