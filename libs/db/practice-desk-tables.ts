/** The tables of the practice's desk, as Kysely sees them; libs/db/schema.ts has the others. */
import type { ColumnType, JSONColumnType } from 'kysely';

type Timestamp = ColumnType<Date, Date | string, Date | string>;

/** A row is a pause that holds; resuming deletes it. */
export interface AccessPausesTable {
  practice_id: string;
  /** `*`: all of them, also those that come later. */
  integrator_id: string;
  /** A personId. */
  paused_by: string;
  paused_at: Timestamp;
}

/** What an agent last said that it holds of its practice's pauses. */
export interface PausesAtAgentsTable {
  agent_id: string;
  revision: ColumnType<string, number, number>;
  /** `*` for everybody. Since: ISO 8601 UTC, by this side's clock. */
  pauses: JSONColumnType<{ integratorId: string; since: string }[]>;
}

export interface PracticeDeskTables {
  access_pauses: AccessPausesTable;
  pauses_at_agents: PausesAtAgentsTable;
}
