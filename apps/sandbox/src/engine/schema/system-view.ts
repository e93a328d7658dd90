/** How a system view is written down: its columns by short type names, and where its rows come from. */
import type { TsqlType } from '../sql-engine.port.js';
import type { SessionState } from '../session/session-state.js';
import type { ColumnDefinition, TableDefinition } from './definitions.js';

export type ShortType =
  | 'int'
  | 'smallint'
  | 'tinyint'
  | 'bit'
  | 'name'
  | 'text'
  | 'datetime'
  | 'char2'
  | 'bigint'
  | 'date2';
export type Row = Record<string, string | number | null>;

export interface ViewBuilder {
  columns: Record<string, ShortType>;
  rows(state: SessionState, catalogue: string): Row[] | Promise<Row[]>;
}

const types: Record<ShortType, TsqlType> = {
  int: { name: 'int' },
  smallint: { name: 'smallint' },
  tinyint: { name: 'tinyint' },
  bit: { name: 'bit' },
  bigint: { name: 'bigint' },
  name: { name: 'nvarchar', length: 128 },
  text: { name: 'nvarchar', length: 4000 },
  datetime: { name: 'datetime' },
  char2: { name: 'char', length: 2 },
  date2: { name: 'datetime2', scale: 7 },
};

export function column(name: string, type: ShortType): ColumnDefinition {
  return { name, type: types[type], nullable: true };
}

/** Tables and views of a catalogue that the login may know of. */
export function visibleTables(state: SessionState, catalogue: string): TableDefinition[] {
  return state.rights.mayEnter(catalogue)
    ? state.view.tables(catalogue).sort((a, b) => a.id - b.id)
    : [];
}
