/**
 * Turns T-SQL expressions into PostgreSQL text with SQL Server's typing: which side converts, integer
 * division, decimal precision, strings that concatenate, dates that count in days. A node or operand
 * type without a rule here raises SQL Server's error; nothing is passed through.
 */
import type { TsqlType } from '../sql-engine.port.js';
import { compileError } from '../session/sql-error.js';
import type { Expression, Query } from '../syntax/syntax-tree.js';
import { convert } from '../types/conversions.js';
import {
  decimal,
  displayLength,
  familyOf,
  int,
  isNumeric,
  isUnicode,
  nvarchar,
  spell,
  unify,
  varchar,
} from '../types/tsql-types.js';
import { binary } from './arithmetic.js';
import type { Bound } from './bound.js';
import { collationPlace, comparable, comparison, nullTest } from './comparison.js';
import { literal } from './literals.js';
import type { BindEnvironment } from './environment.js';
import { Parameters } from './parameters.js';
import { Scope } from './scope.js';

const conditionKinds = new Set([
  'compare',
  'quantified',
  'and',
  'or',
  'not',
  'isNull',
  'isDistinct',
  'in',
  'between',
  'like',
  'exists',
]);
type Node<K extends Expression['kind']> = Extract<Expression, { kind: K }>;
type Call = Node<'call'>;

export interface BoundQuery {
  sql: string;
  columns: {
    name: string;
    type: TsqlType;
    nullable: boolean;
    identity?: boolean;
    untyped?: boolean;
  }[];
}

export abstract class ExpressionBinder {
  readonly parameters = new Parameters();

  constructor(readonly environment: BindEnvironment) {}

  abstract query(query: Query, scope: Scope): BoundQuery;
  protected abstract call(node: Call, scope: Scope): Bound;

  value(node: Expression, scope: Scope): Bound {
    switch (node.kind) {
      case 'literal':
        return literal(node);
      case 'variable':
        return this.variable(node.name);
      case 'global':
        return this.global(node.name);
      case 'column':
        return scope.column(node.parts);
      case 'call':
        return this.call(node, scope);
      case 'cast':
        return this.cast(node, scope);
      case 'case':
        return this.caseValue(node, scope);
      case 'unary':
        return this.unary(node, scope);
      case 'binary':
        return binary(node.operator, this.value(node.left, scope), this.value(node.right, scope));
      case 'collate':
        return this.collate(node, scope);
      case 'atTimeZone':
        return this.atTimeZone(node, scope);
      case 'subquery':
        return this.scalarQuery(node.query, scope);
      case 'default':
        throw compileError(156, 'DEFAULT');
      default:
        throw compileError(102, nearestOperator(node));
    }
  }

  /** Value converted to a type as an implicit conversion. */
  valueAs(node: Expression, type: TsqlType, scope: Scope): string {
    return convert(this.value(node, scope), type);
  }

  text(node: Expression, scope: Scope): Bound {
    const value = this.value(node, scope);
    if (familyOf(value.type) === 'string' && !value.untyped) return value;
    const type = value.untyped ? varchar(1) : varchar(displayLength(value.type));
    return { ...value, sql: convert(value, type), type };
  }

  private variable(name: string): Bound {
    const type = this.environment.variable(name);
    if (!type) throw compileError(137, name);
    return { sql: `(${this.parameters.variable(name, type)})`, type, nullable: true };
  }

  private global(name: string): Bound {
    const fact = (type: TsqlType): Bound => ({
      sql: `(${this.parameters.fact(name, type)})`,
      type,
      nullable: false,
    });
    switch (name) {
      case '@@rowcount':
      case '@@error':
      case '@@trancount':
      case '@@nestlevel':
      case '@@procid':
      case '@@max_connections':
      case '@@lock_timeout':
        return fact(int);
      case '@@spid':
      case '@@datefirst':
        return fact(name === '@@spid' ? { name: 'smallint' } : { name: 'tinyint' });
      case '@@identity':
        return { ...fact(decimal(38, 0)), nullable: true };
      case '@@version':
        return fact(nvarchar(300));
      case '@@servername':
      case '@@servicename':
      case '@@language':
        return fact(nvarchar(128));
      case '@@microsoftversion':
      case '@@options':
      case '@@textsize':
        return fact(int);
      default:
        throw compileError(137, name);
    }
  }

  private cast(node: Node<'cast'>, scope: Scope): Bound {
    const value = this.value(node.value, scope);
    const style = node.style ? { style: this.valueAs(node.style, int, scope) } : {};
    const sql = convert(value, node.type, { explicit: true, attempt: node.attempt, ...style });
    return { sql: `(${sql})`, type: node.type, nullable: value.nullable || node.attempt };
  }

  /** Brings several values to one type. */
  unified(values: Bound[]): { type: TsqlType; sqls: string[]; untyped: boolean } {
    const typed = values.filter((value) => !value.untyped);
    const type =
      typed
        .map((value) => value.type)
        .reduce<TsqlType | undefined>((a, b) => (a ? unify(a, b) : b), undefined) ?? int;
    return { type, sqls: values.map((value) => convert(value, type)), untyped: typed.length === 0 };
  }

  private caseValue(node: Node<'case'>, scope: Scope): Bound {
    const conditions = node.branches.map(({ when }) =>
      node.operand
        ? comparison('=', this.value(node.operand, scope), this.value(when, scope))
        : this.condition(when, scope),
    );
    const results = node.branches.map(({ then }) => this.value(then, scope));
    if (node.otherwise) results.push(this.value(node.otherwise, scope));
    if (results.every((result) => result.untyped)) throw compileError(8133);
    const { type, sqls } = this.unified(results);
    const branches = conditions
      .map((condition, i) => `WHEN ${condition} THEN ${sqls[i]}`)
      .join(' ');
    const otherwise = node.otherwise ? ` ELSE ${sqls.at(-1)}` : '';
    return {
      sql: `(CASE ${branches}${otherwise} END)`,
      type,
      nullable: !node.otherwise || results.some((result) => result.nullable),
    };
  }

  private unary(node: Node<'unary'>, scope: Scope): Bound {
    const value = this.value(node.value, scope);
    const family = familyOf(value.type);
    if (node.operator === '+') return value;
    if (node.operator === '~') {
      if (family === 'bit') return { ...plain(value), sql: `(1 - ${value.sql})::int2` };
      if (family !== 'integer') throw compileError(8117, spell(value.type), "'~'");
      return {
        ...plain(value),
        sql: value.type.name === 'tinyint' ? `(255 - ${value.sql})::int2` : `(~ ${value.sql})`,
      };
    }
    if (value.literal === '2147483648') return { sql: '(-2147483648)', type: int, nullable: false };
    if (family === 'bit' || !isNumeric(value.type))
      throw compileError(8117, spell(value.type), 'minus');
    return {
      ...plain(value),
      sql: `(- ${value.sql})`,
      ...(value.literal === undefined ? {} : { literal: `-${value.literal}` }),
    };
  }

  private collate(node: Node<'collate'>, scope: Scope): Bound {
    const value = this.text(node.value, scope);
    const collation = collationPlace(node.collation);
    return { ...plain(value), sql: `(${value.sql} COLLATE ${collation})` };
  }

  private atTimeZone(node: Node<'atTimeZone'>, scope: Scope): Bound {
    const value = this.value(node.value, scope);
    if (node.zone.kind !== 'literal' || node.zone.text.toUpperCase() !== 'UTC')
      throw compileError(40515, 'AT TIME ZONE with a zone other than UTC');
    const type: TsqlType = { name: 'datetimeoffset', scale: value.type.scale ?? 7 };
    if (value.type.name === 'datetimeoffset')
      return { sql: `tsql.offset_from((${value.sql}).utc, 0)`, type, nullable: value.nullable };
    return { sql: convert(value, type), type, nullable: value.nullable };
  }

  private scalarQuery(query: Query, scope: Scope): Bound {
    const { sql, columns } = this.query(query, scope);
    const [column] = columns;
    if (!column || columns.length > 1) throw compileError(116);
    return {
      sql: `(${sql})`,
      type: column.type,
      nullable: true,
      ...(column.untyped ? { untyped: true } : {}),
    };
  }

  condition(node: Expression, scope: Scope): string {
    switch (node.kind) {
      case 'and':
      case 'or':
        return `(${this.condition(node.left, scope)} ${node.kind.toUpperCase()} ${this.condition(node.right, scope)})`;
      case 'not':
        return `(NOT ${this.condition(node.value, scope)})`;
      case 'compare':
        return comparison(
          node.operator,
          this.value(node.left, scope),
          this.value(node.right, scope),
        );
      case 'isNull':
        return `(${nullTest(this.value(node.value, scope))} IS ${node.not ? 'NOT ' : ''}NULL)`;
      case 'isDistinct': {
        const [a, b] = comparable(this.value(node.left, scope), this.value(node.right, scope), '=');
        return `(${a} IS ${node.not ? 'NOT ' : ''}DISTINCT FROM ${b})`;
      }
      case 'exists':
        return `EXISTS (${this.query(node.query, scope).sql})`;
      case 'between': {
        const value = this.value(node.value, scope);
        const low = comparison('>=', value, this.value(node.low, scope));
        const high = comparison('<=', value, this.value(node.high, scope));
        return node.not ? `(NOT (${low} AND ${high}))` : `(${low} AND ${high})`;
      }
      case 'in':
        return this.membership(node, scope);
      case 'like':
        return this.like(node, scope);
      case 'quantified':
        return this.quantified(node, scope);
      default:
        throw compileError(
          4145,
          node.kind === 'column' ? (node.parts.at(-1) as string) : nearestOperator(node),
        );
    }
  }

  private membership(node: Node<'in'>, scope: Scope): string {
    const not = node.not ? 'NOT ' : '';
    const value = this.value(node.value, scope);
    if (node.list) {
      const items = node.list.map((item) => comparison('=', value, this.value(item, scope)));
      return `(${not}(${items.join(' OR ')}))`;
    }
    const { sql, columns } = this.query(node.query as Query, scope);
    if (columns.length !== 1) throw compileError(116);
    return `(${not}${this.againstQuery('= ANY', value, sql, columns[0] as BoundQuery['columns'][0])})`;
  }

  private quantified(node: Node<'quantified'>, scope: Scope): string {
    const { sql, columns } = this.query(node.query, scope);
    if (columns.length !== 1) throw compileError(116);
    return `(${this.againstQuery(`${node.operator} ${node.all ? 'ALL' : 'ANY'}`, this.value(node.left, scope), sql, columns[0] as BoundQuery['columns'][0])})`;
  }

  private againstQuery(
    operator: string,
    value: Bound,
    sql: string,
    column: BoundQuery['columns'][0],
  ): string {
    const item: Bound = {
      sql: '"x"."v"',
      type: column.type,
      nullable: true,
      ...(column.untyped ? { untyped: true } : {}),
    };
    const [a, b] = comparable(value, item, '=');
    return `${a} ${operator} (SELECT ${b} FROM (${sql}) AS "x"("v"))`;
  }

  private like(node: Node<'like'>, scope: Scope): string {
    const value = this.text(node.value, scope);
    const pattern = this.text(node.pattern, scope);
    const escape = node.escape ? `textin(bpcharout(${this.text(node.escape, scope).sql}))` : "''";
    const blanks = !isUnicode(value.type) && !isUnicode(pattern.type);
    const test = `(textin(bpcharout(${value.sql})) COLLATE "pg_c_utf8" ~* tsql.like_rx(${pattern.sql}, ${escape}, ${blanks}))`;
    return node.not ? `(NOT ${test})` : test;
  }

  isCondition(node: Expression): boolean {
    return conditionKinds.has(node.kind);
  }
}

function plain(bound: Bound): Bound {
  return { sql: bound.sql, type: bound.type, nullable: bound.nullable };
}

function nearestOperator(node: Expression): string {
  if ('operator' in node) return node.operator;
  if (node.kind === 'and' || node.kind === 'or') return node.kind.toUpperCase();
  if (node.kind === 'literal') return node.text;
  return node.kind === 'variable' ? node.name : ')';
}
