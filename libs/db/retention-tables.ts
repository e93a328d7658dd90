/** The tables of retention, as Kysely sees them; libs/db/schema.ts has the others. */
import type { ColumnType, Generated } from 'kysely';
import type { RetentionKind } from '#libs/console-api/retention.js';

type Timestamp = ColumnType<Date, Date | string, Date | string>;
type Count = ColumnType<string, number | string, number | string>;

/** Where somebody holds or held a role: a row comes by trigger with each role. Nobody's name. */
export interface PersonPlacesTable {
  person_id: string;
  /** Both null: of the operator. */
  practice_id: string | null;
  integrator_id: string | null;
  /** When the name went. */
  erased_at: Timestamp | null;
}

/** Longer than the schedule says. */
export interface RetentionPeriodsTable {
  practice_id: string;
  kind: RetentionKind;
  days: number;
  set_by: string;
  set_at: Timestamp;
}

/** What is null binds nothing: a hold without a kind is on all kinds. */
export interface RetentionHoldsTable {
  hold_id: string;
  practice_id: string | null;
  integrator_id: string | null;
  site_id: string | null;
  kind: RetentionKind | null;
  window_from: Timestamp | null;
  window_to: Timestamp | null;
  /** A person's own words; for the side that placed it alone. */
  reason: string;
  placed_as: 'practice' | 'operator';
  placed_by: string;
  placed_at: Timestamp;
  lifted_by: string | null;
  lifted_at: Timestamp | null;
}

/** One kind of one tenant, up to a moment. One plan at a time. */
export interface RetentionPlansTable {
  plan_id: string;
  kind: RetentionKind;
  rule_version: number;
  practice_id: string | null;
  integrator_id: string | null;
  /** Of a name that somebody asked to be erased: the personId. */
  subject: string | null;
  /** What is of this moment or later is not meant. */
  window_to: Timestamp;
  /** As it was planned. */
  records: Count;
  oldest: Timestamp | null;
  newest: Timestamp | null;
  /** `schedule`, or a personId. */
  decided_by: string;
  planned_at: Timestamp;
  execute_after: Timestamp;
  /** `stopped`: a hold, a longer period or a role came in between; what is due is planned anew. */
  state: Generated<'planned' | 'undone' | 'stopped' | 'executed'>;
  ended_at: Timestamp | null;
  ended_by: string | null;
  /** Of one that was undone: not planned again before. */
  again_after: Timestamp | null;
}

/** What was destroyed, and why: an entry for each transaction that did it. Nothing is ever taken out. */
export interface RetentionRegisterTable {
  destruction_id: string;
  plan_id: string;
  kind: RetentionKind;
  action: 'destroyed' | 'name-erased';
  rule_version: number;
  practice_id: string | null;
  integrator_id: string | null;
  records: Count;
  oldest: Timestamp;
  newest: Timestamp;
  decided_by: string;
  destroyed_at: Timestamp;
}

/** A leaf of the audit log whose record is gone. */
export interface AuditDestroyedTable {
  leaf_index: Count;
  destruction_id: string;
}

export interface RetentionTables {
  person_places: PersonPlacesTable;
  retention_periods: RetentionPeriodsTable;
  retention_holds: RetentionHoldsTable;
  retention_plans: RetentionPlansTable;
  retention_register: RetentionRegisterTable;
  audit_destroyed: AuditDestroyedTable;
}
