/** Agents' logs and their reconciliation, as Kysely sees them. */
import type { ColumnType } from 'kysely';
import type { MismatchKind } from '#libs/audit/reconcile.js';
import type { LogAlarmOf, ReconciliationOutcome } from '#libs/console-api/reconciliation.js';
import type { WitnessAlarm } from '#libs/contracts/link-messages.js';

type Timestamp = ColumnType<Date, Date | string, Date | string>;
type Count = ColumnType<string, number | string, number | string>;
type Defaulted<T> = ColumnType<T, T | undefined, T>;

export interface AgentLogsTable {
  agent_id: string;
  verifier_key: string;
  key_signature: Buffer;
  size: Count;
  root: Buffer;
  /** The newest head, as the agent signed it. */
  signed: string;
  said_at: Timestamp;
  was_shorter: Defaulted<boolean>;
  alarm: Defaulted<WitnessAlarm | null>;
  alarmed_at: Defaulted<Date | null>;
  /** What contradicts it, as it came. */
  alarm_evidence: Defaulted<string | null>;
}

export interface ReconciliationsTable {
  reconciliation_id: string;
  agent_id: string;
  practice_id: string;
  /** A personId; null: by night. */
  asked_by: string | null;
  asked_at: Timestamp;
  window_from: Timestamp;
  window_to: Timestamp;
  ended_at: ColumnType<Date | null, Date | null | undefined, Date>;
  outcome: Defaulted<ReconciliationOutcome | null>;
  matched: Defaulted<number>;
  undelivered: Defaulted<number>;
  pending: Defaulted<number>;
  mismatched: Defaulted<number>;
  /** Of one that is unproven: somebody has looked at it. */
  settled_at: Defaulted<Date | null>;
}

export interface ReconciliationIncidentsTable {
  incident_id: string;
  reconciliation_id: string;
  practice_id: string;
  agent_id: string;
  found_at: Timestamp;
  kind: MismatchKind;
  query_id: string;
  /** Names of fields, between spaces. */
  fields: string | null;
  broker_leaf: Count | null;
  broker_record: string | null;
  agent_leaf: Count | null;
  agent_record: string | null;
  settled_at: Defaulted<Date | null>;
}

/** That somebody has looked at an alarm of the logs, and why it is over. */
export interface LogSettlementsTable {
  settlement_id: string;
  agent_id: string;
  about: LogAlarmOf;
  alarm: string;
  alarmed_at: Timestamp;
  /** Signed notes. */
  kept_head: string | null;
  other_head: string | null;
  incidents: number;
  /** Somebody's own words. */
  reason: string;
  settled_by: string;
  settled_at: Timestamp;
}

export interface AgentLogsTables {
  agent_logs: AgentLogsTable;
  reconciliations: ReconciliationsTable;
  reconciliation_incidents: ReconciliationIncidentsTable;
  log_settlements: LogSettlementsTable;
}
