/** The tables of the breach workbench, as Kysely sees them; libs/db/schema.ts has the others. */
import type { ColumnType, Generated, JSONColumnType } from 'kysely';
import type {
  DecisionGround,
  DecisionOutcome,
  FreezeKind,
  IncidentScope,
  IncidentSource,
  IncidentState,
  MyHealthRecordAnswer,
  NoticedWay,
  RecipientKind,
  SentWay,
  StatementPart,
  TimelineKind,
  WeighedMatter,
} from '#libs/console-api/incidents.js';

type Timestamp = ColumnType<Date, Date | string, Date | string>;
type Later<T> = ColumnType<T | null, T | null | undefined, T | null>;

export interface IncidentsTable {
  incident_id: string;
  /** Whose own it is; null: the operator's. */
  practice_id: string | null;
  title: string;
  noticed: NoticedWay;
  source: ColumnType<IncidentSource | null, string | null, string | null>;
  aware_at: Timestamp;
  /** IANA name: by which its days are counted. */
  time_zone: string;
  /** YYYY-MM-DD there. */
  due_on: string;
  opened_by: string;
  opened_at: Timestamp;
  my_health_record: MyHealthRecordAnswer;
  scope: JSONColumnType<IncidentScope>;
  /** Hash of whose it is and of its scope: one may be open. */
  scope_key: string;
  /** Null: it is no drill. */
  drill_seed: Later<string | number>;
  state: ColumnType<IncidentState, IncidentState | undefined, IncidentState>;
  /** How many reminders have gone. */
  reminded: Generated<number>;
  closed_at: Later<Date>;
}

/** Practices that an incident of the operator's concerns; a practice's own has none. */
export interface IncidentPracticesTable {
  incident_id: string;
  practice_id: string;
  /** From then on it sees its own part. */
  told_at: Later<Date>;
}

export interface IncidentStepsTable {
  incident_step_id: Generated<string>;
  incident_id: string;
  at: Timestamp;
  kind: TimelineKind;
  /** Null: the broker itself. */
  person_id: string | null;
  word: string | null;
  /** People's own words. */
  note: string | null;
}

export interface IncidentFreezesTable {
  freeze_id: string;
  incident_id: string;
  kind: FreezeKind;
  target_id: string;
  /** Of an integrator: only there. Null: everywhere. */
  practice_id: string | null;
  /** Whose site or agent it is. */
  target_practice_id: string | null;
  frozen_by: string;
  frozen_at: Timestamp;
  thaw_asked_by: Later<string>;
  thaw_asked_at: Later<Date>;
  thawed_by: Later<string>;
  thawed_at: Later<Date>;
}

export interface IncidentPacksTable {
  pack_id: string;
  incident_id: string;
  asked_by: string;
  asked_at: Timestamp;
  agents: number;
  /** The head of the broker's log when it was asked for; base64. */
  log_size: ColumnType<string, number | string, never>;
  log_root: string;
  ready_at: Later<Date>;
  failed: Generated<boolean>;
  queries: ColumnType<string | null, number | null | undefined, number | null>;
  hash: Later<string>;
  /** Canonical JSON. */
  content: Later<string>;
}

export interface IncidentPackPartsTable {
  part_id: string;
  pack_id: string;
  /** Null: sites without an agent. */
  agent_id: string | null;
  practice_id: string;
  site_ids: JSONColumnType<string[]>;
  /** By the node that has its link. */
  taken_at: Later<Date>;
  /** JSON of libs/incidents' AgentEvidence. */
  evidence: Later<string>;
}

/** One practice's part of a pack of the operator's. */
export interface IncidentPackSharesTable {
  pack_id: string;
  incident_id: string;
  practice_id: string;
  made_at: Timestamp;
  agents: number;
  queries: ColumnType<string, number, never>;
  hash: string;
  content: string;
}

export interface IncidentDecisionsTable {
  decision_id: string;
  incident_id: string;
  at: Timestamp;
  person_id: string;
  outcome: DecisionOutcome;
  grounds: JSONColumnType<DecisionGround[]>;
  weighed: JSONColumnType<WeighedMatter[]>;
  reasons: string;
  pack_hash: string | null;
  my_health_record: MyHealthRecordAnswer;
}

export interface IncidentStatementsTable {
  incident_id: string;
  version: number;
  at: Timestamp;
  /** Null: drafted from the records. */
  person_id: string | null;
  parts: JSONColumnType<Record<StatementPart, string>>;
}

export interface IncidentLettersTable {
  letter_id: string;
  incident_id: string;
  recipient: RecipientKind;
  /** Of a practice or an integrator, else empty. */
  recipient_id: string;
  recipient_name: string;
  subject: string;
  text: string;
  is_edited: Generated<boolean>;
  /** YYYY-MM-DD. */
  sent_on: Later<string>;
  sent_how: Later<SentWay>;
  sent_by: Later<string>;
}

export interface IncidentTables {
  incidents: IncidentsTable;
  incident_practices: IncidentPracticesTable;
  incident_steps: IncidentStepsTable;
  incident_freezes: IncidentFreezesTable;
  incident_packs: IncidentPacksTable;
  incident_pack_parts: IncidentPackPartsTable;
  incident_pack_shares: IncidentPackSharesTable;
  incident_decisions: IncidentDecisionsTable;
  incident_statements: IncidentStatementsTable;
  incident_letters: IncidentLettersTable;
}
