/** The tables of the operator's view of the fleet, as Kysely sees them; libs/db/schema.ts has the others. */
import type { ColumnType, Generated, JSONColumnType } from 'kysely';
import type {
  AgentCause,
  AgentEventKind,
  AgentState,
  AlertKind,
  FleetFilter,
  OpeningWindow,
} from '#libs/console-api/operator.js';
import type { SiteLoad, SiteReport } from '#libs/contracts/link-messages.js';

type Timestamp = ColumnType<Date, Date | string, Date | string>;
type CreatedAt = ColumnType<Date, Date | string | undefined, never>;

/** What an agent last said of one of its sites. */
export interface SiteSignals {
  siteId: string;
  database: SiteReport['database'];
  /** ISO 8601 UTC: when the database was last asked; absent: never. */
  probedAt?: string;
  latencyMs?: number;
  usualLatencyMs?: number;
  load: SiteLoad;
  running: number;
  waiting: number;
}

/** One row an agent, made by a trigger with it. State and cause are worked out from the rest. */
export interface AgentHealthTable {
  agent_id: string;
  state: Generated<AgentState>;
  cause: Generated<AgentCause>;
  state_since: ColumnType<Date, Date | undefined, Date>;
  /** The control signal: when its link was last known to live. */
  heard_at: Timestamp | null;
  reported_at: Timestamp | null;
  joined_at: Timestamp | null;
  left_at: Timestamp | null;
  reconnects: Generated<number>;
  /** The count begins anew after a day. */
  reconnects_since: Timestamp | null;
  link_ms: number | null;
  clock_offset_ms: ColumnType<string | null, number | null, number | null>;
  version: string | null;
  certificate_ends_at: Timestamp | null;
  paused: Generated<boolean>;
  /** The data path: the worst that its sites' probes found. */
  database: SiteReport['database'] | null;
  database_since: Timestamp | null;
  database_ms: number | null;
  /** The oldest of its sites' last probes. */
  probed_at: Timestamp | null;
  load: Generated<SiteLoad>;
  waiting: Generated<number>;
  /** Since when something waits without a break. */
  waiting_since: Timestamp | null;
  /** A code of the catalogue. */
  last_error: string | null;
  last_error_at: Timestamp | null;
  sites: JSONColumnType<SiteSignals[], string | undefined, string>;
}

export interface AgentEventsTable {
  event_id: Generated<string>;
  agent_id: string;
  at: Timestamp;
  kind: AgentEventKind;
  state: AgentState | null;
  cause: string | null;
  /** A personId of the operator's staff. */
  actor_ref: string | null;
}

export interface FleetViewsTable {
  view_id: string;
  person_id: string;
  name: string;
  filter: JSONColumnType<FleetFilter>;
  created_at: CreatedAt;
}

export interface SiteHoursTable {
  site_id: string;
  time_zone: string;
  windows: JSONColumnType<OpeningWindow[]>;
  updated_at: Timestamp;
}

export interface AlertRulesTable {
  rule_id: string;
  kind: AlertKind;
  is_on: boolean;
  after_seconds: number;
  threshold: number | null;
  keeps_hours: boolean;
  emails: JSONColumnType<string[]>;
  webhook_url: string | null;
  updated_at: Timestamp;
}

export interface AlertsTable {
  alert_id: string;
  rule_id: string;
  agent_id: string;
  cause: string;
  opened_at: Timestamp;
  closed_at: Timestamp | null;
  /** How often it came back within the time in which that is the same alert. */
  times: Generated<number>;
}

export interface AlertNoticesTable {
  notice_id: string;
  alert_id: string;
  what: 'opened' | 'closed';
  channel: 'mail' | 'webhook' | 'owner';
  /** An address; of an owner of the practice the personId. */
  target: string;
  due_at: Timestamp;
  attempts: Generated<number>;
  sent_at: Timestamp | null;
  failed_at: Timestamp | null;
}

export interface ActRequestsTable {
  request_id: string;
  act: 'agent.revoke' | 'agent.release';
  agent_id: string;
  /** Of a revocation its reason, of a release what happened. */
  decision: string;
  asked_by: string;
  asked_at: Timestamp;
  expires_at: Timestamp;
  state: 'waiting' | 'done' | 'declined' | 'withdrawn';
  decided_by: string | null;
  decided_at: Timestamp | null;
}

export interface AgentDiagnosesTable {
  diagnosis_id: string;
  agent_id: string;
  asked_by: string;
  asked_at: Timestamp;
  ended_at: Timestamp | null;
  error_code: string | null;
  findings: JSONColumnType<
    { check: string; siteId: string; ok: boolean; severity: 'critical' | 'warning' }[]
  > | null;
}

export interface FleetTables {
  agent_health: AgentHealthTable;
  agent_events: AgentEventsTable;
  fleet_views: FleetViewsTable;
  site_hours: SiteHoursTable;
  alert_rules: AlertRulesTable;
  alerts: AlertsTable;
  alert_notices: AlertNoticesTable;
  act_requests: ActRequestsTable;
  agent_diagnoses: AgentDiagnosesTable;
}
