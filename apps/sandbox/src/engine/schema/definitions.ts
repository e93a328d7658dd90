/** What the engine remembers about each object: the declared T-SQL side of tables, views, procedures. */
import type { TsqlType } from '../sql-engine.port.js';
import { quoteName } from '../binding/bound.js';

export interface ColumnDefinition {
  name: string;
  type: TsqlType;
  nullable: boolean;
  identity?: { seed: number; increment: number };
  /** Source of the default, with its constraint's name. */
  defaultText?: string;
  defaultName?: string;
  /** Source of a computed column. */
  computed?: string;
  /** PostgreSQL collation, where it is not the usual one. */
  collation?: string;
}

export interface ConstraintDefinition {
  name: string;
  kind: 'primary' | 'unique' | 'foreign' | 'check';
  columns: string[];
  references?: { table: string; columns: string[]; onDelete: string; onUpdate: string };
  text?: string;
}

export interface IndexDefinition {
  name: string;
  unique: boolean;
  columns: string[];
  descending: boolean[];
  include: string[];
}

interface ObjectIdentity {
  catalogue: string;
  schema: string;
  name: string;
  id: number;
  created: string;
  modified: string;
}

export interface TableDefinition extends ObjectIdentity {
  kind: 'table' | 'view';
  columns: ColumnDefinition[];
  constraints: ConstraintDefinition[];
  indexes: IndexDefinition[];
  /** CREATE VIEW text. */
  text?: string;
  /** Where PostgreSQL keeps it, quoted; temporary tables live outside the catalogues. */
  place: string;
  temporary?: boolean;
}

export interface ProcedureDefinition extends ObjectIdentity {
  kind: 'procedure';
  text: string;
  parameters: { name: string; type: TsqlType; output: boolean; hasDefault: boolean }[];
}

export type ObjectDefinition = TableDefinition | ProcedureDefinition;

/** Lowercase key of an object across catalogues. */
export function objectKey(catalogue: string, schema: string, name: string): string {
  return `${catalogue}.${schema}.${name}`.toLowerCase();
}

export function schemaPlace(catalogue: string, schema: string): string {
  return quoteName(`${catalogue}.${schema}`.toLowerCase());
}

export function placeOf(catalogue: string, schema: string, name: string): string {
  return `${schemaPlace(catalogue, schema)}.${quoteName(name.toLowerCase())}`;
}

export function findColumn(table: TableDefinition, name: string): ColumnDefinition | undefined {
  const wanted = name.toLowerCase();
  return table.columns.find((column) => column.name.toLowerCase() === wanted);
}

/** `Catalogue.dbo.Table`, as messages name a table. */
export function fullName(table: ObjectDefinition): string {
  return `${table.catalogue}.${table.schema}.${table.name}`;
}
