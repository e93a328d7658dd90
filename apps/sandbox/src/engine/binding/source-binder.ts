/** Table sources: tables, views, system views, derived tables, functions, joins and lock hints. */
import { compileError } from '../session/sql-error.js';
import type { TableDefinition } from '../schema/definitions.js';
import type { JoinKind, TableSource } from '../syntax/syntax-tree.js';
import { carrier, nvarchar } from '../types/tsql-types.js';
import { quoteName, type Bound } from './bound.js';
import type { BoundQuery } from './expression-binder.js';
import { FunctionBinder } from './function-binder.js';
import type { Scope, Source, SourceColumn } from './scope.js';

interface SelectState {
  aggregated: boolean;
  rowLocks: string[];
}

const joinWords: Record<JoinKind, string> = {
  inner: 'JOIN',
  left: 'LEFT JOIN',
  right: 'RIGHT JOIN',
  full: 'FULL JOIN',
  cross: 'CROSS JOIN',
  crossApply: 'CROSS JOIN LATERAL',
  outerApply: 'LEFT JOIN LATERAL',
};

export abstract class SourceBinder extends FunctionBinder {
  /** LOCK TABLE statements that must run before, in the same transaction. */
  readonly tableLocks = new Set<string>();
  private aliases = 0;
  private selects: SelectState[] = [];

  protected abstract named(bound: BoundQuery, owner: string, names?: string[]): BoundQuery;

  protected freshAlias(): string {
    return `"t${++this.aliases}"`;
  }

  protected enterSelect(): SelectState {
    const state: SelectState = { aggregated: false, rowLocks: [] };
    this.selects.push(state);
    return state;
  }

  protected leaveSelect(state: SelectState, plain: boolean): string {
    this.selects.pop();
    return plain && state.rowLocks.length > 0 ? ` ${state.rowLocks.join(' ')}` : '';
  }

  protected override noteAggregate(): void {
    const state = this.selects.at(-1);
    if (state) state.aggregated = true;
  }

  protected noteRead(column: SourceColumn): void {
    if (column.table) this.environment.checkColumn(column.table, column.name, 'SELECT');
  }

  /** FROM text of a source; its names become visible in `scope`. */
  protected source(source: TableSource, scope: Scope, optional: boolean): string {
    switch (source.kind) {
      case 'table':
        return this.tableSource(source, scope, optional);
      case 'tableVariable': {
        const table = this.environment.tableVariable(source.name);
        return this.addTable(table, source.alias ?? source.name, scope, optional, []);
      }
      case 'derived': {
        const bound = this.named(this.query(source.query, scope), source.alias, source.columns);
        return this.addDerived(bound, source.alias, scope, optional);
      }
      case 'rows':
        return this.rows(source, scope, optional);
      case 'function':
        return this.tableFunction(source, scope, optional);
      case 'join':
        return this.join(source, scope, optional);
      default:
        return source satisfies never;
    }
  }

  private join(
    source: Extract<TableSource, { kind: 'join' }>,
    scope: Scope,
    optional: boolean,
  ): string {
    const left = this.source(
      source.left,
      scope,
      optional || source.join === 'right' || source.join === 'full',
    );
    const right = this.source(
      source.right,
      scope,
      optional || ['left', 'full', 'outerApply'].includes(source.join),
    );
    const on = source.on
      ? ` ON ${this.condition(source.on, scope)}`
      : source.join === 'outerApply'
        ? ' ON true'
        : '';
    const grouped = source.right.kind === 'join' ? `(${right})` : right;
    const dependent = ['derived', 'function', 'rows'].includes(source.right.kind);
    const word = dependent
      ? joinWords[source.join]
      : joinWords[source.join].replace(' LATERAL', '');
    return `${left} ${word} ${grouped}${on}`;
  }

  private tableSource(
    source: Extract<TableSource, { kind: 'table' }>,
    scope: Scope,
    optional: boolean,
  ): string {
    const [single] = source.name;
    const alias = source.alias ?? (source.name.at(-1) as string);
    const common = source.name.length === 1 ? scope.commonTable(single as string) : undefined;
    if (common) {
      const place = this.freshAlias();
      const columns = common.columns.map((column) => ({
        ...column,
        sql: `${place}.${quoteName(column.name.toLowerCase())}`,
        nullable: column.nullable || optional,
      }));
      scope.add({ alias: alias.toLowerCase(), columns });
      return `${common.place} AS ${place}`;
    }
    const system = this.environment.systemTable(source.name);
    if (system) {
      const place = this.freshAlias();
      const shape = system.columns.map(
        (column) => `${quoteName(column.name.toLowerCase())} ${carrier(column.type)}`,
      );
      const columns = system.columns.map((column) => ({
        name: column.name,
        type: column.type,
        nullable: column.nullable || optional,
        sql: `${place}.${quoteName(column.name.toLowerCase())}`,
      }));
      scope.add({ alias: alias.toLowerCase(), columns, path: source.name.join('.').toLowerCase() });
      return `jsonb_to_recordset(${this.parameters.made(system.rows)}) AS ${place}(${shape.join(', ')})`;
    }
    const table = this.environment.table(source.name, 'SELECT');
    const exposed = source.alias === undefined;
    return this.addTable(table, alias, scope, optional, source.hints, exposed);
  }

  protected addTable(
    table: TableDefinition,
    alias: string,
    scope: Scope,
    optional: boolean,
    hints: string[],
    exposed = false,
  ): string {
    const place = this.freshAlias();
    this.lock(table, place, hints, optional);
    scope.add(tableSource(table, alias, place, optional, exposed));
    return `${table.place} AS ${place}`;
  }

  /**
   * UPDLOCK and XLOCK lock the rows read. HOLDLOCK's range locks become a lock on the whole table:
   * coarser, but what SQL Server would keep out stays out.
   */
  protected lock(table: TableDefinition, place: string, hints: string[], optional: boolean): void {
    const has = (...names: string[]): boolean => hints.some((hint) => names.includes(hint));
    if (table.temporary || !this.environment.mayLock(table)) return;
    const exclusive = has('updlock', 'xlock');
    if (
      table.kind === 'table' &&
      (has('tablockx') || (has('tablock', 'holdlock', 'serializable') && exclusive))
    ) {
      this.tableLocks.add(`LOCK TABLE ${table.place} IN SHARE ROW EXCLUSIVE MODE`);
    } else if (table.kind === 'table' && has('tablock', 'holdlock', 'serializable')) {
      this.tableLocks.add(`LOCK TABLE ${table.place} IN SHARE MODE`);
    }
    const wait = has('readpast') ? ' SKIP LOCKED' : has('nowait') ? ' NOWAIT' : '';
    const mode = exclusive ? 'UPDATE' : has('repeatableread') ? 'SHARE' : undefined;
    if (mode && !optional && table.kind === 'table')
      this.selects.at(-1)?.rowLocks.push(`FOR ${mode} OF ${place}${wait}`);
  }

  private addDerived(bound: BoundQuery, alias: string, scope: Scope, optional: boolean): string {
    const place = this.freshAlias();
    const columns = bound.columns.map((column): SourceColumn => ({
      name: column.name,
      type: column.type,
      nullable: column.nullable || optional,
      sql: `${place}.${quoteName(column.name.toLowerCase())}`,
      ...(column.identity ? { identity: true } : {}),
    }));
    scope.add({ alias: alias.toLowerCase(), columns });
    return `(${bound.sql}) AS ${place}(${bound.columns.map((column) => quoteName(column.name.toLowerCase())).join(', ')})`;
  }

  private rows(
    source: Extract<TableSource, { kind: 'rows' }>,
    scope: Scope,
    optional: boolean,
  ): string {
    const cells = source.rows.map((row) => row.map((node) => this.value(node, scope)));
    const width = cells[0]?.length ?? 0;
    if (cells.some((row) => row.length !== width)) throw compileError(10709);
    const unified = Array.from({ length: width }, (_, i) =>
      this.unified(cells.map((row) => row[i] as Bound)),
    );
    const sql = `VALUES ${cells.map((_, r) => `(${unified.map((column) => column.sqls[r]).join(', ')})`).join(', ')}`;
    const columns = unified.map((column, i) => ({
      name: '',
      type: column.type,
      nullable: cells.some((row) => row[i]?.nullable),
    }));
    return this.addDerived(
      this.named({ sql, columns }, source.alias, source.columns),
      source.alias,
      scope,
      optional,
    );
  }

  private tableFunction(
    source: Extract<TableSource, { kind: 'function' }>,
    scope: Scope,
    optional: boolean,
  ): string {
    const name = (source.name.at(-1) as string).toLowerCase();
    const alias = source.alias ?? name;
    if (name === 'string_split' && (source.args.length === 2 || source.args.length === 3)) {
      const [text, separator] = source.args.map((node) => this.text(node, scope));
      const columns = [{ name: 'value', type: text?.type ?? nvarchar('max'), nullable: true }];
      if (source.args.length === 3)
        columns.push({ name: 'ordinal', type: { name: 'bigint' }, nullable: false });
      const sql = `SELECT ${columns.map((column) => column.name).join(', ')} FROM tsql.string_split(${text?.sql}, ${separator?.sql})`;
      return this.addDerived(
        this.named({ sql, columns }, alias, source.columns),
        alias,
        scope,
        optional,
      );
    }
    if (name === 'generate_series' && (source.args.length === 2 || source.args.length === 3)) {
      const args = source.args.map((node) => this.value(node, scope));
      const { type, sqls } = this.unified(args);
      const sql = `SELECT g::${carrier(type)} FROM generate_series(${sqls.join(', ')}) AS g`;
      const columns = [{ name: 'value', type, nullable: false }];
      return this.addDerived(
        this.named({ sql, columns }, alias, source.columns),
        alias,
        scope,
        optional,
      );
    }
    throw compileError(208, source.name.join('.'));
  }
}

/** A base table or view as a source of names. */
export function tableSource(
  table: TableDefinition,
  alias: string,
  place: string,
  optional: boolean,
  exposed: boolean,
): Source {
  const columns = table.columns.map((column): SourceColumn => ({
    name: column.name,
    type: column.type,
    nullable: column.nullable || optional,
    sql: `${place}.${quoteName(column.name.toLowerCase())}`,
    table,
    ...(column.identity ? { identity: true } : {}),
  }));
  const path = exposed
    ? { path: `${table.catalogue}.${table.schema}.${table.name}`.toLowerCase() }
    : {};
  return { alias: alias.toLowerCase(), columns, table, ...path };
}
