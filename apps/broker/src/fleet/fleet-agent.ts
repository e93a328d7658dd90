/** One line of the fleet, out of the store: ids, names of organisations, codes, times, counts. */
import { sql, type Selectable } from 'kysely';
import type { FleetAgent } from '#libs/console-api/operator.js';
import type { AgentHealthTable } from '#libs/db/fleet-tables.js';

/** Of `agent_health as health`, joined with `agents` and `practices`. */
export const fleetColumns = [
  'health.agent_id',
  'agents.practice_id',
  'practices.name as practice_name',
  'health.state',
  'health.cause',
  'health.state_since',
  'health.heard_at',
  'health.link_ms',
  'health.database',
  'health.probed_at',
  'health.database_ms',
  'health.version',
  'health.certificate_ends_at',
  'health.clock_offset_ms',
  'health.waiting',
  'health.reconnects',
  'health.reconnects_since',
  'health.last_error',
  'health.last_error_at',
  sql<string[]>`array(select name from sites
    where sites.agent_id = health.agent_id order by name, site_id)`.as('site_names'),
  sql<number>`(select count(*)::integer from alerts
    where alerts.agent_id = health.agent_id and closed_at is null)`.as('open_alerts'),
] as const;

type Health = Selectable<AgentHealthTable>;

export interface FleetAgentRow extends Pick<
  Health,
  | 'agent_id'
  | 'state'
  | 'cause'
  | 'state_since'
  | 'heard_at'
  | 'link_ms'
  | 'database'
  | 'probed_at'
  | 'database_ms'
  | 'version'
  | 'certificate_ends_at'
  | 'clock_offset_ms'
  | 'waiting'
  | 'reconnects'
  | 'reconnects_since'
  | 'last_error'
  | 'last_error_at'
> {
  practice_id: string;
  practice_name: string;
  site_names: string[];
  open_alerts: number;
}

export function fleetAgent(row: FleetAgentRow): FleetAgent {
  return {
    agentId: row.agent_id,
    practiceId: row.practice_id,
    practiceName: row.practice_name,
    siteNames: row.site_names,
    state: row.state,
    cause: row.cause,
    since: row.state_since.toISOString(),
    ...moment('heardAt', row.heard_at),
    ...given('linkMs', row.link_ms),
    ...given('database', row.database),
    ...moment('probedAt', row.probed_at),
    ...given('databaseMs', row.database_ms),
    ...given('version', row.version),
    ...moment('certificateEndsAt', row.certificate_ends_at),
    ...(row.clock_offset_ms !== null && { clockOffsetMs: Number(row.clock_offset_ms) }),
    waiting: row.waiting,
    reconnects: row.reconnects,
    ...moment('reconnectsSince', row.reconnects_since),
    ...given('lastError', row.last_error),
    ...moment('lastErrorAt', row.last_error_at),
    openAlerts: row.open_alerts,
  };
}

/** A field that is absent where the store has null. */
export const given = <K extends string, T>(name: K, value: T | null): { [P in K]?: T } =>
  (value === null ? {} : { [name]: value }) as { [P in K]?: T };

export const moment = <K extends string>(name: K, value: Date | null): { [P in K]?: string } =>
  given(name, value && value.toISOString());
