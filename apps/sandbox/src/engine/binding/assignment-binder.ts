/** Values on their way into columns: which columns, which conversions, what no longer fits. */
import { compileError } from '../session/sql-error.js';
import {
  findColumn,
  fullName,
  type ColumnDefinition,
  type TableDefinition,
} from '../schema/definitions.js';
import type { Assignment, Expression, ObjectName } from '../syntax/syntax-tree.js';
import { convert } from '../types/conversions.js';
import { familyOf, isFixedLength, isUnicode, lengthOf } from '../types/tsql-types.js';
import { quoteName, quoteText, type Bound } from './bound.js';
import type { Action } from './environment.js';
import { QueryBinder } from './query-binder.js';
import type { Scope } from './scope.js';

export abstract class AssignmentBinder extends QueryBinder {
  /** SQL Server would change the table behind a common table: one of the same name is not meant. */
  protected target(name: ObjectName, action: Action, scope?: Scope): TableDefinition {
    const [only] = name;
    if (name.length === 1 && scope?.commonTable(only as string)) {
      throw compileError(40515, 'a common table expression as the target of a change');
    }
    return only?.startsWith('@')
      ? this.environment.tableVariable(only)
      : this.environment.table(name, action);
  }

  /** The columns an INSERT fills. @throws SqlError 207, 264, 271, 544 or 545. */
  protected insertColumns(table: TableDefinition, names: string[] | undefined): ColumnDefinition[] {
    const identityInsert = this.environment.hasIdentityInsert(table);
    const columns = names
      ? names.map((name) => findColumn(table, name) ?? fail(207, name))
      : table.columns.filter((column) => !column.computed && (!column.identity || identityInsert));
    const seen = new Set<ColumnDefinition>();
    for (const column of columns) {
      if (seen.has(column)) throw compileError(264, column.name);
      seen.add(column);
      if (column.computed) throw compileError(271, column.name);
      if (column.identity && !identityInsert) throw compileError(544, table.name);
    }
    const identity = table.columns.find((column) => column.identity);
    if (identity && identityInsert && !seen.has(identity)) throw compileError(545, table.name);
    return columns;
  }

  protected assignments(
    set: Assignment[],
    table: TableDefinition,
    scope: Scope,
  ): { column: string; sql: string }[] {
    const seen = new Set<string>();
    return set.map(({ column: parts, operator, value }) => {
      const name = parts.at(-1) as string;
      const column = findColumn(table, name) ?? fail(207, name);
      if (seen.has(column.name)) throw compileError(264, column.name);
      seen.add(column.name);
      if (column.identity) throw compileError(8102, column.name);
      if (column.computed) throw compileError(271, column.name);
      this.environment.checkColumn(table, column.name, 'UPDATE');
      const node: Expression =
        operator === '='
          ? value
          : {
              kind: 'binary',
              operator: operator.slice(0, -1),
              left: { kind: 'column', parts },
              right: value,
            };
      return {
        column: quoteName(column.name.toLowerCase()),
        sql: this.assignedNode(node, column, table, scope),
      };
    });
  }

  protected assignedNode(
    node: Expression,
    column: ColumnDefinition,
    table: TableDefinition,
    scope: Scope,
  ): string {
    if (node.kind === 'default') return 'DEFAULT';
    if (this.isCondition(node)) throw compileError(102, ')');
    return this.assigned(this.value(node, scope), column, table);
  }

  /** A value in the column's type; text and bytes that do not fit raise 2628. */
  protected assigned(value: Bound, column: ColumnDefinition, table: TableDefinition): string {
    const { type } = column;
    const family = familyOf(type);
    const length = lengthOf(type);
    if (
      value.untyped ||
      length === Infinity ||
      (family !== 'string' && family !== 'binary') ||
      type.name === 'timestamp'
    )
      return convert(value, type);
    const sized = ['string', 'binary'].includes(familyOf(value.type));
    if (
      sized &&
      lengthOf(value.type) <= length &&
      (!isFixedLength(type) || family === familyOf(value.type))
    )
      return convert(value, type);
    const open = convert(value, {
      name: family === 'binary' ? 'varbinary' : isUnicode(type) ? 'nvarchar' : 'varchar',
      length: 'max',
    });
    const check = family === 'binary' ? 'fit_binary' : 'fit';
    return `tsql.${check}(${open}, ${length}, ${isFixedLength(type)}, ${quoteText(fullName(table))}, ${quoteText(column.name)})`;
  }
}

function fail(number: number, name: string): never {
  throw compileError(number, name);
}
