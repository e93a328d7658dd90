import { Injectable } from '@nestjs/common';
import { Kysely, sql, type Expression, type RawBuilder, type SqlBool } from 'kysely';
import { fleetAgent, fleetColumns } from '#apps/broker/src/fleet/fleet-agent.js';
import { containing } from '#apps/broker/src/fleet/containing.js';
import {
  agentStates,
  type AgentState,
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
  practice: sql`lower(practices.name)`,
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

/** One page of the fleet, searched, narrowed and ordered by the store. */
@Injectable()
export class ListFleet {
  constructor(private readonly database: Kysely<Database>) {}

  async execute(filter: FleetFilter, page: number): Promise<FleetPage> {
    const { states = [], sort = 'state', direction = 'up' } = filter;
    const order = sql.raw(direction === 'down' ? 'desc nulls last' : 'asc nulls last');
    const rows = await this.matching(filter)
      .select(fleetColumns)
      .$if(states.length > 0, (query) => query.where('health.state', 'in', states))
      .orderBy(sql`${sortColumns[sort]} ${order}`)
      .orderBy('health.agent_id')
      .offset((page - 1) * FLEET_PAGE_SIZE)
      .limit(FLEET_PAGE_SIZE)
      .execute();
    const counts = await this.counts(filter);
    const counted = states.length > 0 ? states : agentStates;
    return {
      agents: rows.map(fleetAgent),
      page,
      pageSize: FLEET_PAGE_SIZE,
      total: counted.reduce((sum, state) => sum + counts[state], 0),
      counts,
    };
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

  private matching({ search, cause }: FleetFilter) {
    const query = this.database
      .selectFrom('agent_health as health')
      .innerJoin('agents', 'agents.agent_id', 'health.agent_id')
      .innerJoin('practices', 'practices.practice_id', 'agents.practice_id');
    return query
      .$if(cause !== undefined, (narrowed) => narrowed.where('health.cause', '=', cause!))
      .$if(search !== undefined && search.trim() !== '', (narrowed) =>
        narrowed.where(this.found(containing(search!.trim()))),
      );
  }

  private found(pattern: string): Expression<SqlBool> {
    return sql<SqlBool>`(practices.name ilike ${pattern} or agents.agent_id like ${pattern}
      or agents.practice_id like ${pattern} or health.version ilike ${pattern}
      or agents.agent_id in (select agent_id from sites
        where agent_id is not null
          and (name ilike ${pattern} or pms_site_id ilike ${pattern} or site_id like ${pattern})))`;
  }
}
