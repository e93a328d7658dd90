/** The tables of the practice's desk, as Kysely sees them; libs/db/schema.ts has the others. */
import type { ColumnType } from 'kysely';

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

export interface PracticeDeskTables {
  access_pauses: AccessPausesTable;
}
