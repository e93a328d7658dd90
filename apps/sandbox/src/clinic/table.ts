/**
 * How the clinic's tables are described: one list of columns from which the DDL, the bulk load into
 * a real SQL Server, the copy into the embedded engine and the scan for real identifiers all follow.
 */
import type { ClinicCatalogue, ClinicShape } from './clinic.js';
import type { SqlValue } from '../engine/sql-engine.port.js';

export interface ClinicColumn {
  name: string;
  /** T-SQL type as written in DDL, e.g. `nvarchar(40)`. */
  type: string;
  nullable: boolean;
  identity: boolean;
  /** T-SQL expression of a DEFAULT constraint. */
  defaultSql?: string;
  /** A name of a person or place: must begin with `Zz`. */
  holdsName: boolean;
}

/** One row by column name. Every column is present; identity columns count up from 1 without gaps. */
export type ClinicRow = Record<string, SqlValue>;

export interface ClinicTable {
  catalogue: ClinicCatalogue;
  name: string;
  columns: readonly ClinicColumn[];
  primaryKey: readonly string[];
  /** Column lists of further indexes, made after the rows are in. */
  indexes: readonly (readonly string[])[];
  /** What `conduit_read` and `conduit_write` must not see: the whole table or some columns. */
  denied?: 'table' | readonly string[];
  /** The rows of a clinic, one at a time; absent where a script fills the table. */
  rows?: (shape: ClinicShape) => Iterable<ClinicRow>;
}

interface ColumnSettings {
  identity?: boolean;
  defaultSql?: string;
  holdsName?: boolean;
}

function makeColumn(
  name: string,
  type: string,
  nullable: boolean,
  { identity = false, holdsName = false, defaultSql }: ColumnSettings,
): ClinicColumn {
  return {
    name,
    type,
    nullable,
    identity,
    holdsName,
    ...(defaultSql === undefined ? {} : { defaultSql }),
  };
}

/** A NOT NULL column. */
export const required = (name: string, type: string, settings: ColumnSettings = {}): ClinicColumn =>
  makeColumn(name, type, false, settings);

/** A column that may be NULL. */
export const nullable = (name: string, type: string, settings: ColumnSettings = {}): ClinicColumn =>
  makeColumn(name, type, true, settings);

/** `int IDENTITY(1,1) NOT NULL`. */
export const identity = (name: string): ClinicColumn => required(name, 'int', { identity: true });

/** The conventions of a live row: RECORDSTATUS 1, CREATED, and UPDATED which stays NULL until touched. */
export const recordColumns: readonly ClinicColumn[] = [
  required('RECORDSTATUS', 'tinyint', { defaultSql: '1' }),
  required('CREATED', 'datetime', { defaultSql: 'GETDATE()' }),
  nullable('UPDATED', 'datetime'),
];
