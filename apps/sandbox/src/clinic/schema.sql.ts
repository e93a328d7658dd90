/** The clinic's DDL in T-SQL, for the embedded engine and for SQL Server 2016 and later alike. */
import type { ClinicColumn, ClinicTable } from './table.js';

const bracket = (name: string): string => `[${name}]`;

function columnDefinition(column: ClinicColumn): string {
  return [
    bracket(column.name),
    column.type,
    column.identity ? 'IDENTITY(1,1)' : '',
    column.nullable ? 'NULL' : 'NOT NULL',
    column.defaultSql === undefined ? '' : `DEFAULT (${column.defaultSql})`,
  ]
    .filter((part) => part !== '')
    .join(' ');
}

/** `CREATE TABLE` with its primary key. */
export function createTable(table: ClinicTable): string {
  const lines = table.columns.map(columnDefinition);
  const key = table.primaryKey.map(bracket).join(', ');
  lines.push(`CONSTRAINT [PK_${table.name}] PRIMARY KEY (${key})`);
  return `CREATE TABLE [dbo].[${table.name}] (\n  ${lines.join(',\n  ')}\n);`;
}

/** The table's secondary indexes, one statement each. */
export function createIndexes(table: ClinicTable): string[] {
  return table.indexes.map((columns) => {
    const name = `IX_${table.name}_${columns.join('_')}`;
    return `CREATE INDEX [${name}] ON [dbo].[${table.name}] (${columns.map(bracket).join(', ')});`;
  });
}

/** Statements as one script, each in a batch of its own. */
export function script(statements: readonly string[]): string {
  return statements.map((statement) => `${statement.trim()}\nGO\n`).join('');
}
