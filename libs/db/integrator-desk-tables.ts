/** The tables of the integrator's desk, as Kysely sees them; libs/db/schema.ts has the others. */
import type { ColumnType, Generated, JSONColumnType } from 'kysely';

type Timestamp = ColumnType<Date, Date | string, Date | string>;

/** A declaration as it stood from then on, and what it changed. */
export interface IntegratorDeclarationsTable {
  declaration_id: Generated<string>;
  integrator_id: string;
  /** A personId. */
  declared_by: string;
  declared_at: Timestamp;
  fields: JSONColumnType<string[]>;
  declaration: JSONColumnType<object>;
}

/** A row is an assertion that has served; it goes once the assertion itself would be refused. */
export interface UsedAssertionsTable {
  key_id: string;
  /** Of the assertion's own id. */
  jti_sha256: Buffer;
  good_until: Timestamp;
}

export interface IntegratorDeskTables {
  integrator_declarations: IntegratorDeclarationsTable;
  used_assertions: UsedAssertionsTable;
}
