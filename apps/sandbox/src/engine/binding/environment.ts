/** What the binder asks of the session it works for: names, rights and the shape of system views. */
import type { TsqlType } from '../sql-engine.port.js';
import type { ColumnDefinition, TableDefinition } from '../schema/definitions.js';
import type { ObjectName } from '../syntax/syntax-tree.js';

export type Action = 'SELECT' | 'INSERT' | 'UPDATE' | 'DELETE';

export interface SystemTable {
  columns: ColumnDefinition[];
  /** JSON array of objects with lowercase keys. */
  rows: () => string | Promise<string>;
}

export interface BindEnvironment {
  variable(name: string): TsqlType | undefined;
  /** @throws SqlError 208, 911, 916, 7202 or 229. */
  table(name: ObjectName, action: Action): TableDefinition;
  /** @throws SqlError 1087. */
  tableVariable(name: string): TableDefinition;
  systemTable(name: ObjectName): SystemTable | undefined;
  /** @throws SqlError 230 when the login may not read or write this column. */
  checkColumn(table: TableDefinition, column: string, action: 'SELECT' | 'UPDATE'): void;
  /** JSON of name → id, or id → name, for OBJECT_ID and its like. */
  lookup(
    kind:
      | 'permissions'
      | 'object_id'
      | 'object_name'
      | 'db_id'
      | 'db_name'
      | 'schema_id'
      | 'schema_name',
  ): string;
  /** Whether the login may lock rows of the table for writing. */
  mayLock(table: TableDefinition): boolean;
  hasIdentityInsert(table: TableDefinition): boolean;
}
