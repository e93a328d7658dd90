/**
 * INSERT, UPDATE, DELETE and MERGE as single PostgreSQL statements, with OUTPUT as RETURNING. A plain
 * UPDATE stays a plain UPDATE, so that a second writer waits for the first and then sees its row.
 */
import { compileError } from '../session/sql-error.js';
import { type ColumnDefinition, type TableDefinition } from '../schema/definitions.js';
import type {
  ChangeStatement,
  DeleteStatement,
  Expression,
  InsertStatement,
  OutputClause,
  Query,
  UpdateStatement,
} from '../syntax/syntax-tree.js';
import { nvarchar } from '../types/tsql-types.js';
import { quoteName, type Bound } from './bound.js';
import type { Action } from './environment.js';
import type { BoundQuery } from './expression-binder.js';
import { detachTarget, type Detached } from './change-target.js';
import { MergeBinder } from './merge-binder.js';
import { Scope } from './scope.js';
import { tableSource } from './source-binder.js';

export interface BoundChange {
  sql: string;
  table: TableDefinition;
  action: Action | 'MERGE';
  /** Result columns of an OUTPUT clause. */
  output?: BoundQuery['columns'];
  /** The last RETURNING column is the identity, which is no part of the output. */
  returnsIdentity: boolean;
  identityInserted: boolean;
}

export class ChangeBinder extends MergeBinder {
  change(statement: ChangeStatement & { ctes?: Query['ctes'] }): BoundChange {
    const scope = new Scope();
    this.enterSelect();
    const prefix = this.commonTables(statement.ctes ?? [], scope);
    const bound = this.changeBody(statement, scope);
    return this.withOutputTarget(statement.output, bound, prefix);
  }

  /** A view's query: every column named, once. */
  view(query: Query, name: string, columns: string[] | undefined): BoundQuery {
    return this.named(this.query(query, new Scope()), name, columns);
  }

  /** A default or other free-standing value on its way into a column. */
  columnValue(node: Expression, column: ColumnDefinition, table: TableDefinition): string {
    return this.assignedNode(node, column, table, new Scope());
  }

  private changeBody(statement: ChangeStatement, scope: Scope): BoundChange {
    switch (statement.kind) {
      case 'insert':
        return this.insert(statement, scope);
      case 'update':
        return this.update(statement, scope);
      case 'delete':
        return this.delete(statement, scope);
      default:
        return this.merge(statement, scope);
    }
  }

  private insert(statement: InsertStatement, outer: Scope): BoundChange {
    const table = this.target(statement.target, 'INSERT', outer);
    const place = this.freshAlias();
    this.lock(table, place, statement.hints, true);
    const columns = this.insertColumns(table, statement.columns);
    const { sql, count } = this.insertSource(statement, table, columns, outer);
    if (count !== undefined && count !== columns.length) {
      if (!statement.columns) throw compileError(213);
      throw compileError(
        statement.source.kind === 'values'
          ? count < columns.length
            ? 109
            : 110
          : count < columns.length
            ? 120
            : 121,
      );
    }
    const identity = table.columns.find((column) => column.identity);
    const identityInserted =
      identity !== undefined && columns.includes(identity) && statement.source.kind !== 'defaults';
    const names =
      statement.source.kind === 'defaults'
        ? ''
        : ` (${columns.map((column) => quoteName(column.name.toLowerCase())).join(', ')})`;
    const output = statement.output
      ? this.output(statement.output, table, outer, ['inserted'])
      : undefined;
    const returning = this.returning(output, statement.output?.into ? undefined : identity);
    return {
      sql: `INSERT INTO ${table.place} AS ${place}${names} ${sql}${returning}`,
      table,
      action: 'INSERT',
      identityInserted,
      returnsIdentity: identity !== undefined && !statement.output?.into,
      ...(output ? { output: output.columns } : {}),
    };
  }

  private insertSource(
    statement: InsertStatement,
    table: TableDefinition,
    columns: ColumnDefinition[],
    scope: Scope,
  ): { sql: string; count?: number } {
    const { source } = statement;
    if (source.kind === 'defaults') return { sql: 'DEFAULT VALUES' };
    if (source.kind === 'execute') throw compileError(40515, 'INSERT … EXECUTE here');
    if (source.kind === 'query') {
      const bound = this.query(source.query, scope);
      const values = bound.columns.map((column, i): Bound => ({
        sql: `"q"."c${i}"`,
        type: column.type,
        nullable: true,
        ...(column.untyped ? { untyped: true } : {}),
      }));
      if (bound.columns.length !== columns.length) return { sql: '', count: bound.columns.length };
      const list = values.map((value, i) =>
        this.assigned(value, columns[i] as ColumnDefinition, table),
      );
      return {
        sql: `SELECT ${list.join(', ')} FROM (${bound.sql}) AS "q"(${values.map((_, i) => `"c${i}"`).join(', ')})`,
        count: values.length,
      };
    }
    const width = source.rows[0]?.length ?? 0;
    if (source.rows.some((row) => row.length !== width)) throw compileError(10709);
    if (width !== columns.length) return { sql: '', count: width };
    const rows = source.rows.map(
      (row) =>
        `(${row.map((node, i) => this.assignedNode(node, columns[i] as ColumnDefinition, table, scope)).join(', ')})`,
    );
    return { sql: `VALUES ${rows.join(', ')}`, count: width };
  }

  private update(statement: UpdateStatement, outer: Scope): BoundChange {
    const scope = new Scope(outer, (column) => this.noteRead(column));
    const { table, place, from, where, joined } = this.changeSources(statement, scope, 'UPDATE');
    const output = statement.output
      ? this.output(statement.output, table, scope, ['inserted', 'deleted'])
      : undefined;
    const returning = this.returning(output);
    const rest = {
      table,
      action: 'UPDATE' as const,
      returnsIdentity: false,
      identityInserted: false,
      ...(output ? { output: output.columns } : {}),
    };
    const set = this.assignments(statement.set, table, scope);
    if (joined) {
      const values = set.map((item, i) => `${item.sql} AS "v${i}"`);
      const sql = `UPDATE ${table.place} AS "target" SET ${set.map((item, i) => `${item.column} = "source"."v${i}"`).join(', ')} FROM (SELECT ${[...joined.keys, ...values].join(', ')} FROM ${from}${where}${joined.lock}) AS "source" WHERE ${joined.match}${returning}`;
      return { sql, ...rest };
    }
    const list = set.map((item) => `${item.column} = ${item.sql}`).join(', ');
    return {
      sql: `UPDATE ${table.place} AS ${place} SET ${list}${from ? ` FROM ${from}` : ''}${where}${returning}`,
      ...rest,
    };
  }

  private delete(statement: DeleteStatement, outer: Scope): BoundChange {
    const scope = new Scope(outer, (column) => this.noteRead(column));
    const { table, place, from, where, joined } = this.changeSources(statement, scope, 'DELETE');
    const output = statement.output
      ? this.output(statement.output, table, scope, ['deleted'])
      : undefined;
    const returning = this.returning(output);
    const sql = joined
      ? `DELETE FROM ${table.place} AS "target" USING (SELECT ${joined.keys.join(', ')} FROM ${from}${where}${joined.lock}) AS "source" WHERE ${joined.match}${returning}`
      : `DELETE FROM ${table.place} AS ${place}${from ? ` USING ${from}` : ''}${where}${returning}`;
    return {
      sql,
      table,
      action: 'DELETE',
      returnsIdentity: false,
      identityInserted: false,
      ...(output ? { output: output.columns } : {}),
    };
  }

  /** The target, the other sources and the conditions of an UPDATE or DELETE. */
  private changeSources(
    statement: UpdateStatement | DeleteStatement,
    scope: Scope,
    action: Action,
  ): {
    table: TableDefinition;
    place: string;
    from: string;
    where: string;
    joined?: { keys: string[]; match: string; lock: string };
  } {
    const detached = detachTarget(statement.from, statement.target);
    const table = this.target(detached.name, action, scope);
    if (detached.kind === 'joined') return this.joinedSources(statement, detached, table, scope);
    const place = this.freshAlias();
    const alias = detached.alias ?? (statement.target.at(-1) as string);
    const source = tableSource(table, alias, place, false, detached.alias === undefined);
    if (statement.top) {
      if (statement.from.length > 0)
        throw compileError(40515, 'TOP in an UPDATE or DELETE with FROM');
      scope.add(source);
      return { table, place, from: '', where: ` WHERE ${this.topRows(statement, table, place)}` };
    }
    scope.add(source);
    this.lock(
      table,
      place,
      statement.hints.filter(
        (hint) => hint.startsWith('tablock') || hint === 'holdlock' || hint === 'serializable',
      ),
      true,
    );
    const from = detached.rest.map((other) => this.source(other, scope, false)).join(', ');
    const conditions = [...detached.conditions, ...(statement.where ? [statement.where] : [])].map(
      (node) => this.condition(node, scope),
    );
    return {
      table,
      place,
      from,
      where: conditions.length > 0 ? ` WHERE ${conditions.join(' AND ')}` : '',
    };
  }

  /** The target stands on an outer join: its rows are found (and locked) first, then changed by key. */
  private joinedSources(
    statement: UpdateStatement | DeleteStatement,
    detached: Detached,
    table: TableDefinition,
    scope: Scope,
  ): ReturnType<ChangeBinder['changeSources']> {
    const from = statement.from.map((source) => this.source(source, scope, false)).join(', ');
    const own = scope.sources.find((source) => source.alias === detached.exposed);
    const place = own?.columns[0]?.sql.split('.')[0] as string;
    const key = table.constraints
      .find((constraint) => constraint.kind === 'primary')
      ?.columns.map((name) => quoteName(name.toLowerCase()));
    const names = key ?? ['ctid'];
    const where = statement.where ? ` WHERE ${this.condition(statement.where, scope)}` : '';
    return {
      table,
      place,
      from,
      where,
      joined: {
        keys: names.map((name, i) => `${place}.${name} AS "k${i}"`),
        match: names.map((name, i) => `"target".${name} = "source"."k${i}"`).join(' AND '),
        lock: key && !detached.optional ? ` FOR UPDATE OF ${place}` : '',
      },
    };
  }

  private topRows(
    statement: UpdateStatement | DeleteStatement,
    table: TableDefinition,
    place: string,
  ): string {
    const inner = new Scope(undefined, (column) => this.noteRead(column));
    const other = this.freshAlias();
    inner.add(tableSource(table, statement.target.at(-1) as string, other, false, true));
    if (statement.top?.percent) throw compileError(40515, 'TOP … PERCENT');
    const count = this.valueAs(statement.top?.count as Expression, { name: 'bigint' }, inner);
    const where = statement.where ? ` WHERE ${this.condition(statement.where, inner)}` : '';
    const skip = statement.hints.includes('readpast') ? ' SKIP LOCKED' : '';
    return `${place}.ctid = ANY (ARRAY(SELECT ${other}.ctid FROM ${table.place} AS ${other}${where} LIMIT ${count} FOR UPDATE${skip}))`;
  }

  private output(
    clause: OutputClause,
    table: TableDefinition,
    outer: Scope,
    names: string[],
  ): { sqls: string[]; columns: BoundQuery['columns'] } {
    const scope = new Scope(outer);
    for (const name of names)
      scope.add(tableSource(table, name, quoteName(name), names.length > 1, false));
    scope.add({
      alias: '',
      columns: [
        { name: '$action', sql: 'merge_action()::tsql.s', type: nvarchar(10), nullable: false },
      ],
    });
    const bounds = clause.items.flatMap((item): (Bound & { as: string })[] => {
      if (item.kind === 'assign') throw compileError(102, '=');
      if (item.kind === 'value') {
        const bound = this.value(item.value, scope);
        return [{ ...bound, as: item.alias ?? bound.name ?? '' }];
      }
      if (!item.qualifier) throw compileError(102, '*');
      return scope.columnsOf(item.qualifier).map((column) => ({
        sql: column.sql,
        type: column.type,
        nullable: column.nullable,
        as: column.name,
      }));
    });
    for (const item of clause.items)
      if (item.kind === 'star')
        for (const column of table.columns)
          this.environment.checkColumn(table, column.name, 'SELECT');
    return {
      sqls: bounds.map((bound) => (bound.untyped ? 'NULL::int4' : bound.sql)),
      columns: bounds.map(({ as, type, nullable }) => ({ name: as, type, nullable })),
    };
  }

  protected outputOf(
    clause: OutputClause,
    table: TableDefinition,
    scope: Scope,
  ): { returning: string; columns: BoundQuery['columns'] } {
    const output = this.output(clause, table, scope, ['inserted', 'deleted']);
    return { returning: this.returning(output), columns: output.columns };
  }

  private returning(output?: { sqls: string[] }, identity?: ColumnDefinition): string {
    const sqls = [
      ...(output?.sqls ?? []),
      ...(identity ? [`"inserted".${quoteName(identity.name.toLowerCase())}`] : []),
    ];
    return sqls.length === 0
      ? ''
      : ` RETURNING WITH (OLD AS "deleted", NEW AS "inserted") ${sqls.join(', ')}`;
  }

  /** OUTPUT … INTO: the change becomes a common table whose rows are inserted. */
  private withOutputTarget(
    clause: OutputClause | undefined,
    bound: BoundChange,
    prefix: string,
  ): BoundChange {
    if (!clause?.into || !bound.output) return { ...bound, sql: `${prefix}${bound.sql}` };
    const table = this.target(clause.into.target, 'INSERT');
    const columns = this.insertColumns(table, clause.into.columns);
    if (columns.length !== bound.output.length) throw compileError(213);
    const values = bound.output.map((column, i) =>
      this.assigned(
        { sql: `"changed"."c${i}"`, type: column.type, nullable: true },
        columns[i] as ColumnDefinition,
        table,
      ),
    );
    const names = bound.output.map((_, i) => `"c${i}"`).join(', ');
    const head = prefix === '' ? 'WITH' : `${prefix.trimEnd()},`;
    const { output: _, ...rest } = bound;
    return {
      ...rest,
      returnsIdentity: false,
      sql: `${head} "changed"(${names}) AS (${bound.sql}) INSERT INTO ${table.place} (${columns.map((column) => quoteName(column.name.toLowerCase())).join(', ')}) SELECT ${values.join(', ')} FROM "changed"`,
    };
  }
}
