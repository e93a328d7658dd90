/** The tables of submitted statements, as Kysely sees them; libs/db/schema.ts has the others. */
import type { ColumnType } from 'kysely';

type Timestamp = ColumnType<Date, Date | string, Date | string>;

/** The one place where a text of SQL is kept: only one that has no place for anybody's facts. */
export interface SubmittedStatementsTable {
  statement_id: string;
  integrator_id: string;
  /** Of the text in UTF-8, hexadecimal. */
  sha256: string;
  name: string;
  description: string;
  text: string;
  /** It is no plain read. */
  changes: boolean;
  /** A personId. */
  submitted_by: string;
  submitted_at: Timestamp;
  withdrawn_at: Timestamp | null;
}

/** A row: the practice of this site may read the statement. */
export interface StatementAsksTable {
  statement_id: string;
  site_id: string;
  /** A personId. */
  asked_by: string;
  asked_at: Timestamp;
}

export interface StatementsTables {
  submitted_statements: SubmittedStatementsTable;
  statement_asks: StatementAsksTable;
}
