/**
 * What the console is told of holding the broker's records against an agent's own. Types and closed
 * lists only. Times are ISO 8601 UTC.
 */
import type { MismatchKind } from '#libs/audit/reconcile.js';
import type { StepUp } from '#libs/console-api/session.js';

/**
 * `unknown`: the agent could not be asked; its time is told the next time. `unproven`: what it said is not in its
 * own log, it is there and does not show one, or it ran queries and could not be asked for nights. `unfinished`: nothing differs in what was compared, and not all of the time could be.
 */
export type ReconciliationOutcome = 'agrees' | 'differs' | 'unknown' | 'unproven' | 'unfinished';

/** What contradicts what: an agent the broker's log, the broker an agent's, the records each other. */
export const logAlarmsOf = ['audit-log', 'agent-log', 'records'] as const;
export type LogAlarmOf = (typeof logAlarmsOf)[number];

export interface LogAlarm {
  about: LogAlarmOf;
  /** `fork`, `roll-back`, `other-log`, `records-differ` or `records-unproven`. */
  alarm: string;
  since: string;
  /** Of `records`: how many. */
  incidents?: number;
}
export interface SettledLogAlarm extends LogAlarm {
  /** Somebody's own words. */
  reason: string;
  settledAt: string;
  settledBy?: string;
  /** Signed notes: what was known, and what contradicted it. */
  keptHead?: string;
  otherHead?: string;
}
/** `GET agents/:agentId/log-alarms` */
export interface LogAlarms {
  open: LogAlarm[];
  settled: SettledLogAlarm[];
}
/** `POST agents/:agentId/log-alarms/settle` with action `{type: 'log-alarm.settle', agentId, about, reason}`. */
export interface SettleLogAlarmRequest {
  about: LogAlarmOf;
  /** 10 to 500 characters. */
  reason: string;
  stepUp: StepUp;
}

export interface Reconciliation {
  reconciliationId: string;
  agentId: string;
  askedAt: string;
  from: string;
  to: string;
  byNight: boolean;
  /** Absent while it is under way. */
  endedAt?: string;
  outcome?: ReconciliationOutcome;
  matched: number;
  undelivered: number;
  pending: number;
  mismatched: number;
}

export interface IncidentSide {
  /** Number in that side's log. */
  leaf?: number;
  /** As it stands in the log. */
  record: string;
}

export interface ReconciliationIncident {
  incidentId: string;
  agentId: string;
  foundAt: string;
  kind: MismatchKind;
  queryId: string;
  /** Names of what contradicts itself. */
  fields: string[];
  broker?: IncidentSide;
  agent?: IncidentSide;
  /** Conduit's security officer has looked at it. */
  settledAt?: string;
}

export interface Reconciliations {
  runs: Reconciliation[];
  incidents: ReconciliationIncident[];
}
