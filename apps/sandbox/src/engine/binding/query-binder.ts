/**
 * Turns queries into PostgreSQL text: sources and joins, select lists, grouping, set operators and
 * common tables. Every source gets an alias of its own, so that T-SQL's scoping alone decides what a
 * name means.
 */
import type { ColumnDescription, TsqlType } from '../sql-engine.port.js';
import { compileError } from '../session/sql-error.js';
import type {
  Expression,
  GroupItem,
  OrderItem,
  Query,
  QueryBody,
  Select,
} from '../syntax/syntax-tree.js';
import { convert } from '../types/conversions.js';
import { carrier, int } from '../types/tsql-types.js';
import { quoteName, type Bound } from './bound.js';
import { comparisonForm } from './comparison.js';
import type { BoundQuery } from './expression-binder.js';
import { Scope } from './scope.js';
import { SourceBinder } from './source-binder.js';

export interface TopQuery extends BoundQuery {
  /** Variables that the row's values go to, instead of a result set. */
  assignments?: { variable: string; type: TsqlType }[];
  into?: string[];
}

interface Item {
  bound: Bound;
  name: string;
  /** Name that ORDER BY may use for this item. */
  alias?: string;
}

export abstract class QueryBinder extends SourceBinder {
  /** A whole SELECT statement: variables may be assigned, INTO may create a table. */
  statement(query: Query, scope: Scope): TopQuery {
    const { body } = query;
    if (body.kind !== 'select' || !body.items.some((item) => item.kind === 'assign')) {
      const bound = this.query(query, scope);
      const into = body.kind === 'select' ? body.into : undefined;
      return into ? { ...bound, into } : bound;
    }
    const assignments: { variable: string; type: TsqlType }[] = [];
    const items = body.items.map((item) => {
      if (item.kind !== 'assign') throw compileError(141);
      const type = this.environment.variable(item.variable);
      if (!type) throw compileError(137, item.variable);
      if (body.from.length > 0 && mentions(item.value, item.variable)) {
        throw compileError(40515, 'a variable that accumulates over the rows of a query');
      }
      assignments.push({ variable: item.variable, type });
      const value: Expression =
        item.operator === '='
          ? item.value
          : {
              kind: 'binary',
              operator: item.operator.slice(0, -1),
              left: { kind: 'variable', name: item.variable },
              right: item.value,
            };
      return { kind: 'value' as const, value };
    });
    const bound = this.query(
      { ...query, body: { ...body, items } },
      scope,
      assignments.map(({ type }) => type),
    );
    return { ...bound, assignments };
  }

  query(query: Query, parent: Scope, targets?: TsqlType[]): BoundQuery {
    const scope = query.ctes.length > 0 ? new Scope(parent) : parent;
    const prefix = this.commonTables(query.ctes, scope);
    const { body } = query;
    const tail = (order: string): string => `${order}${this.limits(query, scope)}`;
    const bound =
      body.kind === 'select'
        ? this.select(body, scope, query.orderBy, tail, targets)
        : this.setQuery(body, scope, query.orderBy, tail);
    return prefix === '' ? bound : { ...bound, sql: `${prefix}${bound.sql}` };
  }

  private limits(query: Query, scope: Scope): string {
    const offset = query.offset
      ? ` OFFSET ${this.valueAs(query.offset, { name: 'bigint' }, scope)}`
      : '';
    return query.fetch
      ? `${offset} LIMIT ${this.valueAs(query.fetch, { name: 'bigint' }, scope)}`
      : offset;
  }

  /** The WITH prefix; its tables become visible in `scope`. */
  protected commonTables(ctes: Query['ctes'], scope: Scope): string {
    if (ctes.length === 0) return '';
    const parts = ctes.map(({ name, columns, query }) => {
      const place = this.freshAlias();
      const anchor = recursiveParts(query, name);
      if (!anchor) {
        const bound = this.named(this.query(query, scope), name, columns);
        scope.defineCommonTable(name, { place, columns: bound.columns });
        return `${place}(${bound.columns.map((column) => quoteName(column.name.toLowerCase())).join(', ')}) AS (${bound.sql})`;
      }
      const first = this.named(this.body(anchor.first, scope), name, columns);
      scope.defineCommonTable(name, {
        place,
        columns: first.columns.map((column) => ({ ...column, nullable: true })),
      });
      const rest = this.body(anchor.rest, scope);
      const types = first.columns.map((column) => column.type);
      const names = first.columns.map((column) => quoteName(column.name.toLowerCase())).join(', ');
      return `${place}(${names}) AS (${this.castTo(first, types)} UNION ALL ${this.castTo(rest, types)})`;
    });
    return `WITH RECURSIVE ${parts.join(', ')} `;
  }

  private castTo(bound: BoundQuery, types: TsqlType[]): string {
    if (bound.columns.length !== types.length) throw compileError(205);
    const columns = bound.columns.map((column, i) => {
      const value: Bound = {
        sql: `"r"."c${i}"`,
        type: column.type,
        nullable: true,
        ...(column.untyped ? { untyped: true } : {}),
      };
      return `(${convert(value, types[i] as TsqlType)})::${carrier(types[i] as TsqlType)}`;
    });
    return `SELECT ${columns.join(', ')} FROM (${bound.sql}) AS "r"(${bound.columns.map((_, i) => `"c${i}"`).join(', ')})`;
  }

  private body(body: QueryBody, scope: Scope): BoundQuery {
    if (body.kind === 'select') return this.select(body, scope, [], (order) => order);
    if (body.kind === 'nested') return this.query(body.query, scope);
    const left = this.body(body.left, scope);
    const right = this.body(body.right, scope);
    if (left.columns.length !== right.columns.length) throw compileError(205);
    const columns = left.columns.map((column, i) => {
      const other = right.columns[i] as BoundQuery['columns'][0];
      const pair = [column, other].map((side): Bound => ({
        sql: '',
        type: side.type,
        nullable: side.nullable,
        ...(side.untyped ? { untyped: true } : {}),
      }));
      const { type } = this.unified(pair);
      return { name: column.name, type, nullable: column.nullable || other.nullable };
    });
    const types = columns.map((column) => column.type);
    const operator = `${body.operator.toUpperCase()}${body.all ? ' ALL' : ''}`;
    return {
      sql: `(${this.castTo(left, types)}) ${operator} (${this.castTo(right, types)})`,
      columns,
    };
  }

  private setQuery(
    body: QueryBody,
    scope: Scope,
    orderBy: OrderItem[],
    tail: (order: string) => string,
  ): BoundQuery {
    const bound = this.body(body, scope);
    const items = bound.columns.map((column, i): Item => ({
      bound: { sql: String(i + 1), type: column.type, nullable: column.nullable },
      name: column.name,
      alias: column.name.toLowerCase(),
    }));
    const order = orderBy.map((item) => {
      const at = positionOf(item.value, items);
      if (at === undefined) throw compileError(104);
      return direction(String(at), item, true);
    });
    const suffix = tail(order.length > 0 ? ` ORDER BY ${order.join(', ')}` : '');
    return suffix === '' ? bound : { sql: `${bound.sql}${suffix}`, columns: bound.columns };
  }

  private select(
    select: Select,
    parent: Scope,
    orderBy: OrderItem[],
    tail: (order: string) => string,
    targets?: TsqlType[],
  ): BoundQuery {
    const state = this.enterSelect();
    const scope = new Scope(parent, (column) => this.noteRead(column));
    const from = select.from.map((source) => this.source(source, scope, false));
    const items = this.items(select, scope);
    if (targets)
      items.forEach(
        (item, i) =>
          (item.bound = {
            ...item.bound,
            sql: convert(item.bound, targets[i] as TsqlType),
            type: targets[i] as TsqlType,
            untyped: false,
          }),
      );
    const parts = [
      `SELECT ${select.distinct ? 'DISTINCT ' : ''}${items.map((item) => projected(item.bound)).join(', ')}`,
    ];
    if (from.length > 0) parts.push(`FROM ${from.join(', ')}`);
    if (select.where) parts.push(`WHERE ${this.condition(select.where, scope)}`);
    if (select.groupBy.length > 0)
      parts.push(`GROUP BY ${select.groupBy.map((item) => this.grouping(item, scope)).join(', ')}`);
    if (select.having) parts.push(`HAVING ${this.condition(select.having, scope)}`);
    const order = this.order(orderBy, items, scope, select.distinct);
    const suffix = `${tail(order)}${this.top(select, scope, order !== '')}`;
    const plain =
      !select.distinct && select.groupBy.length === 0 && !select.having && !state.aggregated;
    const locks = this.leaveSelect(state, plain);
    return {
      sql: `${parts.join(' ')}${suffix}${locks}`,
      columns: items.map(({ bound, name }) => ({
        name,
        type: bound.type,
        nullable: bound.nullable,
        ...(bound.identity ? { identity: true } : {}),
        ...(bound.untyped ? { untyped: true } : {}),
      })),
    };
  }

  private items(select: Select, scope: Scope): Item[] {
    return select.items.flatMap((item): Item[] => {
      if (item.kind === 'assign') throw compileError(102, item.operator);
      if (item.kind === 'star') {
        if (select.from.length === 0) throw compileError(263);
        return scope.columnsOf(item.qualifier).map((column) => {
          this.noteRead(column);
          const { sql, type, nullable, name } = column;
          return {
            bound: { sql, type, nullable, ...(column.identity ? { identity: true } : {}) },
            name,
            alias: name.toLowerCase(),
          };
        });
      }
      const bound = this.value(item.value, scope);
      const name = item.alias ?? bound.name ?? '';
      return [{ bound, name, ...(name === '' ? {} : { alias: name.toLowerCase() }) }];
    });
  }

  private grouping(item: GroupItem, scope: Scope): string {
    const key = (node: Expression): string => {
      if (node.kind === 'literal' || node.kind === 'variable' || node.kind === 'subquery')
        throw compileError(node.kind === 'subquery' ? 144 : 164);
      const bound = this.value(node, scope);
      return bound.sql;
    };
    if (item.kind === 'value') return key(item.value);
    if (item.kind === 'sets')
      return `GROUPING SETS (${item.sets.map((set) => `(${set.map(key).join(', ')})`).join(', ')})`;
    return `${item.kind.toUpperCase()} (${item.values.map(key).join(', ')})`;
  }

  private order(orderBy: OrderItem[], items: Item[], scope: Scope, distinct: boolean): string {
    if (orderBy.length === 0) return '';
    const terms = orderBy.map((item) => {
      const at = positionOf(item.value, items);
      if (at !== undefined) {
        const { bound } = items[at - 1] as Item;
        const byMoment = comparisonForm(bound.sql, bound.type);
        return direction(byMoment === bound.sql ? String(at) : byMoment, item, bound.nullable);
      }
      if (item.value.kind === 'literal')
        throw compileError(item.value.type === 'int' ? 108 : 408, item.value.text);
      if (item.value.kind === 'variable') throw compileError(1008, '1');
      const bound = this.value(item.value, scope);
      const same = items.findIndex((candidate) => candidate.bound.sql === bound.sql);
      if (same >= 0) return direction(String(same + 1), item, bound.nullable);
      if (distinct) throw compileError(145);
      return direction(comparisonForm(bound.sql, bound.type), item, bound.nullable);
    });
    return ` ORDER BY ${terms.join(', ')}`;
  }

  private top(select: Select, scope: Scope, ordered: boolean): string {
    if (!select.top) return '';
    if (select.top.percent) throw compileError(40515, 'TOP … PERCENT');
    const count = this.valueAs(select.top.count, { name: 'bigint' }, scope);
    if (!select.top.ties) return ` LIMIT ${count}`;
    if (!ordered) throw compileError(1062);
    return ` FETCH FIRST (${count}) ROWS WITH TIES`;
  }

  /** Columns of a derived table or common table: each needs a name, and each name once. */
  protected named(bound: BoundQuery, owner: string, names?: string[]): BoundQuery {
    if (names && names.length < bound.columns.length) throw compileError(8158, owner);
    if (names && names.length > bound.columns.length) throw compileError(8159, owner);
    const seen = new Set<string>();
    const columns = bound.columns.map((column, i) => {
      const name = names?.[i] ?? column.name;
      if (name === '') throw compileError(8155, i + 1, owner);
      if (seen.has(name.toLowerCase())) throw compileError(8156, name, owner);
      seen.add(name.toLowerCase());
      return { ...column, name, untyped: false };
    });
    return { sql: bound.sql, columns };
  }
}

/** Result columns as the wire describes them. */
export function describeColumns(bound: BoundQuery): ColumnDescription[] {
  return bound.columns.map(({ name, type, nullable, identity }) => ({
    name,
    type,
    nullable,
    ...(identity ? { identity: true } : {}),
  }));
}

function projected(bound: Bound): string {
  return bound.untyped ? `NULL::${carrier(int)}` : bound.sql;
}

function direction(sql: string, item: OrderItem, nullable: boolean): string {
  const nulls = nullable ? (item.descending ? ' NULLS LAST' : ' NULLS FIRST') : '';
  return `${sql}${item.descending ? ' DESC' : ''}${nulls}`;
}

/** One-based position that an ORDER BY term names, by number or by alias. */
function positionOf(value: Expression, items: Item[]): number | undefined {
  if (value.kind === 'literal' && value.type === 'int') {
    const at = Number(value.text);
    return at >= 1 && at <= items.length ? at : undefined;
  }
  if (value.kind !== 'column' || value.parts.length !== 1) return undefined;
  const wanted = (value.parts[0] as string).toLowerCase();
  const matching = items.flatMap((item, i) => (item.alias === wanted ? [i + 1] : []));
  const distinct = new Set(matching.map((at) => items[at - 1]?.bound.sql));
  if (distinct.size > 1) throw compileError(209, value.parts[0] as string);
  return matching[0];
}

/** Splits `anchor UNION ALL recursive part`; undefined when the query does not mention itself. */
function recursiveParts(
  query: Query,
  name: string,
): { first: QueryBody; rest: QueryBody } | undefined {
  const { body } = query;
  if (body.kind !== 'set' || !body.all || !mentionsTable(body, name)) return undefined;
  if (!mentionsTable(body.left, name)) return { first: body.left, rest: body.right };
  const inner = recursiveParts({ ...query, body: body.left }, name);
  return (
    inner && {
      first: inner.first,
      rest: { kind: 'set', operator: 'union', all: true, left: inner.rest, right: body.right },
    }
  );
}

function mentionsTable(node: unknown, name: string): boolean {
  if (Array.isArray(node)) return node.some((item) => mentionsTable(item, name));
  if (typeof node !== 'object' || node === null) return false;
  const table = node as { kind?: string; name?: unknown };
  if (
    table.kind === 'table' &&
    Array.isArray(table.name) &&
    table.name.length === 1 &&
    String(table.name[0]).toLowerCase() === name.toLowerCase()
  )
    return true;
  return Object.values(node).some((value) => mentionsTable(value, name));
}

function mentions(node: unknown, variable: string): boolean {
  if (Array.isArray(node)) return node.some((item) => mentions(item, variable));
  if (typeof node !== 'object' || node === null) return false;
  const found = node as { kind?: string; name?: unknown };
  if (found.kind === 'variable' && String(found.name).toLowerCase() === variable.toLowerCase())
    return true;
  return Object.values(node).some((value) => mentions(value, variable));
}
