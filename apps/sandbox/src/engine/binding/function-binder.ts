/** Calls: scalar functions by table, aggregates and window functions. A name in no table is refused. */
import { compileError } from '../session/sql-error.js';
import type { Expression, OrderItem, Window } from '../syntax/syntax-tree.js';
import {
  bigint,
  carrier,
  familyOf,
  float,
  int,
  isUnicode,
  lengthOf,
  nvarchar,
  varchar,
} from '../types/tsql-types.js';
import type { Bound } from './bound.js';
import { dateFunctions } from './date-functions.js';
import { comparisonForm } from './comparison.js';
import { ExpressionBinder } from './expression-binder.js';
import { result, type CallContext, type FunctionTable } from './function-table.js';
import { aggregates, numberFunctions } from './number-functions.js';
import type { Scope } from './scope.js';
import { systemFunctions } from './system-functions.js';
import { textFunctions } from './text-functions.js';

type Call = Extract<Expression, { kind: 'call' }>;

const functions: FunctionTable = {
  ...textFunctions,
  ...dateFunctions,
  ...numberFunctions,
  ...systemFunctions,
};
const rankings: Record<string, Bound['type']> = {
  row_number: bigint,
  rank: bigint,
  dense_rank: bigint,
  ntile: bigint,
  percent_rank: float,
  cume_dist: float,
};
const offsets = new Set(['lag', 'lead', 'first_value', 'last_value']);

export abstract class FunctionBinder extends ExpressionBinder {
  protected abstract noteAggregate(): void;

  protected call(node: Call, scope: Scope): Bound {
    const written = node.name.at(-1) as string;
    const name = written.toLowerCase();
    if (node.name.length > 1) throw compileError(4121, node.name[0] as string, node.name.join('.'));
    if (rankings[name] || offsets.has(name)) return this.windowFunction(node, name, scope);
    if (name === 'string_agg') return this.stringAggregate(node, scope);
    if (name === 'grouping' || name === 'grouping_id') {
      this.noteAggregate();
      return result(
        `grouping(${node.args.map((arg) => this.value(arg, scope).sql).join(', ')})`,
        name === 'grouping' ? { name: 'tinyint' } : int,
        false,
      );
    }
    if (aggregates[name]) return this.aggregate(node, name, scope);
    const found = Object.hasOwn(functions, name) ? functions[name] : undefined;
    if (!found) throw compileError(195, written, 'built-in function name');
    if (node.star || node.distinct || node.within || node.over)
      throw compileError(102, node.star ? '*' : node.distinct ? 'distinct' : '(');
    const count = node.args.length;
    if (count < found.min || count > found.max) {
      throw found.min === found.max
        ? compileError(174, written.toLowerCase(), found.min)
        : compileError(189, written.toLowerCase(), found.min, found.max);
    }
    const bound = found.bind(this.context(node, written, scope));
    return { sql: `(${bound.sql})`, type: bound.type, nullable: bound.nullable };
  }

  private context(node: Call, name: string, scope: Scope): CallContext {
    const values: (Bound | undefined)[] = [];
    const texts: (Bound | undefined)[] = [];
    const at = (i: number): Expression => node.args[i] as Expression;
    return {
      binder: this,
      scope,
      name,
      nodes: node.args,
      count: node.args.length,
      value: (i) => (values[i] ??= this.value(at(i), scope)),
      text: (i) => (texts[i] ??= this.text(at(i), scope)),
      as: (i, type) => this.valueAs(at(i), type, scope),
    };
  }

  private aggregate(node: Call, name: string, scope: Scope): Bound {
    this.noteAggregate();
    const distinct = node.distinct ? 'DISTINCT ' : '';
    const over = node.over ? ` OVER (${this.window(node.over, scope)})` : '';
    if (node.star) {
      if (name !== 'count' && name !== 'count_big') throw compileError(102, '*');
      return result(
        name === 'count' ? `(count(*)${over})::int4` : `(count(*)${over})`,
        name === 'count' ? int : bigint,
        false,
      );
    }
    if (node.args.length !== 1) throw compileError(174, name, 1);
    const value = this.value(node.args[0] as Expression, scope);
    if (value.untyped && name !== 'count' && name !== 'count_big')
      throw compileError(8117, 'NULL', name);
    const { call, wrap, type, nullable } = (aggregates[name] as (typeof aggregates)[string])(
      {
        ...value,
        sql: value.untyped
          ? 'NULL::int4'
          : comparisonForm(value.sql, name.startsWith('count') ? value.type : int),
      },
      distinct,
    );
    return { sql: `(${wrap.replace('%', () => `${call}${over}`)})`, type, nullable };
  }

  private stringAggregate(node: Call, scope: Scope): Bound {
    this.noteAggregate();
    if (node.args.length !== 2) throw compileError(174, 'string_agg', 2);
    const [value, separator] = node.args.map((arg) => this.text(arg, scope)) as [Bound, Bound];
    const order = node.within ? ` ORDER BY ${this.orderTerms(node.within, scope)}` : '';
    const unicode = isUnicode(value.type);
    const size = lengthOf(value.type) === Infinity ? 'max' : unicode ? 4000 : 8000;
    return result(
      `(string_agg(textin(bpcharout(${value.sql})), textin(bpcharout(${separator.sql}))${order}))::tsql.s`,
      unicode ? nvarchar(size) : varchar(size),
    );
  }

  private windowFunction(node: Call, name: string, scope: Scope): Bound {
    this.noteAggregate();
    if (!node.over) throw compileError(10753, name);
    if (node.over.orderBy.length === 0) throw compileError(4112, name);
    const over = `OVER (${this.window(node.over, scope)})`;
    const ranking = rankings[name];
    if (ranking) {
      const args =
        name === 'ntile' ? `(${this.valueAs(node.args[0] as Expression, int, scope)})::int4` : '';
      return result(`((${name}(${args}) ${over})::${carrier(ranking)})`, ranking, name === 'ntile');
    }
    const value = this.value(node.args[0] as Expression, scope);
    const args = [value.sql];
    if (node.args[1]) args.push(this.valueAs(node.args[1], int, scope));
    if (node.args[2])
      args.push(`(${this.valueAs(node.args[2], value.type, scope)})::${carrier(value.type)}`);
    if (node.args[2]) args[0] = `(${value.sql})::${carrier(value.type)}`;
    return result(`(${name}(${args.join(', ')}) ${over})`, value.type);
  }

  private window(window: Window, scope: Scope): string {
    const parts: string[] = [];
    if (window.partitionBy.length > 0)
      parts.push(
        `PARTITION BY ${window.partitionBy.map((node) => this.value(node, scope).sql).join(', ')}`,
      );
    if (window.orderBy.length > 0) parts.push(`ORDER BY ${this.orderTerms(window.orderBy, scope)}`);
    if (window.frame) {
      const bound = (at: NonNullable<typeof window.frame>['start']): string =>
        'rows' in at
          ? `${at.rows} ${at.kind.toUpperCase()}`
          : {
              unboundedPreceding: 'UNBOUNDED PRECEDING',
              unboundedFollowing: 'UNBOUNDED FOLLOWING',
              current: 'CURRENT ROW',
            }[at.kind];
      const { unit, start, end } = window.frame;
      parts.push(
        `${unit.toUpperCase()} ${end ? `BETWEEN ${bound(start)} AND ${bound(end)}` : bound(start)}`,
      );
    }
    return parts.join(' ');
  }

  private orderTerms(items: OrderItem[], scope: Scope): string {
    return items
      .map(({ value, descending }) => {
        if (value.kind === 'literal') throw compileError(5308);
        const bound = this.value(value, scope);
        const nulls = bound.nullable ? (descending ? ' NULLS LAST' : ' NULLS FIRST') : '';
        return `${bound.untyped ? 'NULL::int4' : comparisonForm(bound.sql, familyOf(bound.type) === 'datetime' ? bound.type : int)}${descending ? ' DESC' : ''}${nulls}`;
      })
      .join(', ');
  }
}
