/** ALTER TABLE and indexes. */
import { quoteName } from '../binding/bound.js';
import type { Frame } from '../session/frame.js';
import { compileError, sqlError } from '../session/sql-error.js';
import type { AlterAction, DefinitionStatement, ObjectName } from '../syntax/syntax-tree.js';
import { carrier, columnCarrier, familyOf } from '../types/tsql-types.js';
import type { DefinitionRunner } from './definition-runner.js';
import { findColumn, type TableDefinition } from './definitions.js';

export class AlterRunner {
  constructor(private readonly definitions: DefinitionRunner) {}

  /** A copy to change: the definition others see stays as it is until the statement succeeds. */
  private open(name: ObjectName): TableDefinition {
    const table = this.definitions.table(name);
    if (!table.temporary) this.definitions.own(name, 'ALTER');
    return structuredClone(table);
  }

  async alter(name: ObjectName, action: AlterAction, frame: Frame): Promise<void> {
    const table = this.open(name);
    const sqls = this.statements(table, action, frame);
    if (sqls.length > 0) await this.definitions.store(table, sqls, frame);
  }

  private statements(table: TableDefinition, action: AlterAction, frame: Frame): string[] {
    const head = `ALTER TABLE ${table.place}`;
    if (action.kind === 'addColumns') {
      const shape = this.definitions.shape(table, frame);
      for (const column of action.columns) shape.declare(column);
      const added = action.columns.map((column) => `${head} ADD COLUMN ${shape.column(column)}`);
      const constraints = [
        ...action.columns.flatMap((column) => column.constraints),
        ...action.constraints,
      ].flatMap((constraint) => shape.constraint(constraint));
      return [...added, ...constraints];
    }
    if (action.kind === 'dropConstraint') return this.dropConstraint(table, action);
    const column = findColumn(table, action.column);
    if (!column)
      throw sqlError(
        4924,
        action.kind === 'dropColumn' ? 'DROP COLUMN' : 'ALTER COLUMN',
        action.column,
        table.name,
      );
    const place = quoteName(column.name.toLowerCase());
    if (action.kind === 'dropColumn') {
      const user =
        table.constraints.find((constraint) => constraint.columns.includes(column.name)) ??
        table.indexes.find((index) => index.columns.includes(column.name));
      if (user) throw sqlError(5074, 'object', user.name, `column '${column.name}'`);
      table.columns.splice(table.columns.indexOf(column), 1);
      return [`${head} DROP COLUMN ${place}`];
    }
    const same = familyOf(column.type) === familyOf(action.type);
    if (!same && familyOf(action.type) !== 'string')
      throw compileError(40515, 'ALTER COLUMN to another kind of type');
    column.type = action.type;
    column.nullable = action.nullable ?? true;
    return [
      `${head} ALTER COLUMN ${place} TYPE ${columnCarrier(action.type, column.collation)} USING ${place}::${carrier(action.type)}`,
      `${head} ALTER COLUMN ${place} ${column.nullable ? 'DROP' : 'SET'} NOT NULL`,
    ];
  }

  private dropConstraint(
    table: TableDefinition,
    action: Extract<AlterAction, { kind: 'dropConstraint' }>,
  ): string[] {
    const wanted = action.constraint.toLowerCase();
    const at = table.constraints.findIndex(
      (constraint) => constraint.name.toLowerCase() === wanted,
    );
    if (at >= 0) {
      table.constraints.splice(at, 1);
      return [`ALTER TABLE ${table.place} DROP CONSTRAINT ${quoteName(wanted)}`];
    }
    const column = table.columns.find((each) => each.defaultName?.toLowerCase() === wanted);
    if (column) {
      delete column.defaultName;
      delete column.defaultText;
      return [
        `ALTER TABLE ${table.place} ALTER COLUMN ${quoteName(column.name.toLowerCase())} DROP DEFAULT`,
      ];
    }
    if (action.ifExists) return [];
    throw sqlError(3728, action.constraint);
  }

  async createIndex(
    statement: Extract<DefinitionStatement, { kind: 'createIndex' }>,
    frame: Frame,
  ): Promise<void> {
    const table = this.open(statement.table);
    if (table.indexes.some((index) => index.name.toLowerCase() === statement.name.toLowerCase()))
      throw sqlError(1913, statement.name, table.name);
    const columns = statement.columns.map(({ name }) => findColumn(table, name) ?? missing(name));
    const include = statement.include.map((name) => findColumn(table, name) ?? missing(name));
    table.indexes.push({
      name: statement.name,
      unique: statement.unique,
      columns: columns.map(({ name }) => name),
      descending: statement.columns.map(({ descending }) => descending),
      include: include.map(({ name }) => name),
    });
    const keys = columns.map((column, i) => {
      const descending = statement.columns[i]?.descending;
      const nulls = column.nullable ? (descending ? ' NULLS LAST' : ' NULLS FIRST') : '';
      return `${quoteName(column.name.toLowerCase())}${descending ? ' DESC' : ''}${nulls}`;
    });
    const extra =
      include.length > 0
        ? ` INCLUDE (${include.map((column) => quoteName(column.name.toLowerCase())).join(', ')})`
        : '';
    const where = statement.where
      ? ` WHERE ${this.definitions.shape(table, frame).filter(statement.where)}`
      : '';
    const distinct = statement.unique ? ' NULLS NOT DISTINCT' : '';
    const sql = `CREATE ${statement.unique ? 'UNIQUE ' : ''}INDEX ${quoteName(indexName(table, statement.name))} ON ${table.place} (${keys.join(', ')})${extra}${distinct}${where}`;
    await this.definitions.store(table, [sql], frame);
  }

  async dropIndex(
    statement: Extract<DefinitionStatement, { kind: 'dropIndex' }>,
    frame: Frame,
  ): Promise<void> {
    const table = this.open(statement.table);
    const at = table.indexes.findIndex(
      (index) => index.name.toLowerCase() === statement.index.toLowerCase(),
    );
    if (at < 0) {
      if (statement.ifExists) return;
      throw sqlError(3701, 'drop', 'index', `${statement.table.join('.')}.${statement.index}`);
    }
    table.indexes.splice(at, 1);
    const schema = table.place.slice(0, table.place.indexOf('.'));
    await this.definitions.store(
      table,
      [`DROP INDEX ${schema}.${quoteName(indexName(table, statement.index))}`],
      frame,
    );
  }
}

/** PostgreSQL's index names are unique in a schema, SQL Server's in a table. */
function indexName(table: TableDefinition, name: string): string {
  return `${Math.abs(table.id)}.${name.toLowerCase()}`;
}

function missing(name: string): never {
  throw sqlError(1911, name);
}
