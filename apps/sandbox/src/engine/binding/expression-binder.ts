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
  bigint,
  bit,
  carrier,
  datetime,
  decimal,
  displayLength,
  familyOf,
  float,
  int,
  isNumeric,
  isUnicode,
  lengthOf,
  nvarchar,
  precisionOf,
  spell,
  unify,
  varchar,
} from '../types/tsql-types.js';
import { quoteText, textLiteral, type Bound } from './bound.js';
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
        return this.literal(node);
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
        return this.binary(
          node.operator,
          this.value(node.left, scope),
          this.value(node.right, scope),
        );
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

  private literal(node: Node<'literal'>): Bound {
    const bound = (sql: string, type: TsqlType): Bound => ({
      sql,
      type,
      nullable: false,
      literal: node.text,
    });
    switch (node.type) {
      case 'null':
        return { sql: 'NULL', type: int, nullable: true, untyped: true };
      case 'string':
        return {
          ...bound(
            textLiteral(this.checked(node.text)),
            varchar(node.text.length > 8000 ? 'max' : Math.max(1, node.text.length)),
          ),
        };
      case 'nstring':
        return bound(
          textLiteral(this.checked(node.text)),
          nvarchar(node.text.length > 4000 ? 'max' : Math.max(1, node.text.length)),
        );
      case 'binary': {
        const hex = node.text.length % 2 === 1 ? `0${node.text}` : node.text;
        return bound(`'\\x${hex}'::bytea`, {
          name: 'varbinary',
          length: Math.max(1, hex.length / 2),
        });
      }
      case 'money':
        return bound(`${node.text || '0'}::numeric(19,4)`, { name: 'money' });
      case 'float':
        return bound(
          `'${/[eE][+-]?$/.test(node.text) ? `${node.text}0` : node.text}'::float8`,
          float,
        );
      case 'int': {
        const digits = node.text.replace(/^0+(?=\d)/, '');
        if (digits.length < 10 || (digits.length === 10 && Number(digits) <= 2147483647))
          return bound(digits, int);
        if (digits.length > 38) throw compileError(1007, node.text);
        return bound(`${digits}::numeric(${digits.length},0)`, decimalLiteral(digits.length, 0));
      }
      default: {
        const [whole = '', part = ''] = node.text.split('.');
        const digits = whole.replace(/^0+/, '');
        const precision = Math.max(1, digits.length + part.length);
        if (precision > 38) throw compileError(1007, node.text);
        return bound(
          `${digits || '0'}.${part || '0'}::numeric(${precision},${part.length})`,
          decimalLiteral(precision, part.length),
        );
      }
    }
  }

  private checked(text: string): string {
    if (text.includes('\0')) throw compileError(40515, 'the character NUL in a string');
    return text;
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
        ? this.comparison('=', this.value(node.operand, scope), this.value(when, scope))
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

  binary(operator: string, left: Bound, right: Bound): Bound {
    if (left.untyped && right.untyped) return { sql: 'NULL::int4', type: int, nullable: true };
    const a = left.untyped ? { ...left, type: right.type } : left;
    const b = right.untyped ? { ...right, type: left.type } : right;
    const [x, y] = [familyOf(a.type), familyOf(b.type)];
    const nullable = left.nullable || right.nullable;
    if (operator === '+' && x === 'string' && y === 'string')
      return { ...this.concatenated(a, b), nullable };
    if (operator === '+' && x === 'binary' && y === 'binary') {
      const length = lengthOf(a.type) + lengthOf(b.type);
      return {
        sql: `(${a.sql} || ${b.sql})`,
        type: { name: 'varbinary', length: length > 8000 ? 'max' : length },
        nullable,
      };
    }
    if (x === 'datetime' || y === 'datetime')
      return { ...this.dateArithmetic(operator, a, b), nullable };
    if ('&|^'.includes(operator)) return { ...this.bitwise(operator, a, b), nullable };
    const type = unify(a.type, b.type);
    if (!isNumeric(type) || familyOf(type) === 'bit') {
      if (x === y) throw compileError(8117, spell(a.type), operatorWord(operator));
      throw compileError(402, spell(a.type), spell(b.type), operatorWord(operator));
    }
    return { ...this.arithmetic(operator, a, b, type), nullable };
  }

  private concatenated(a: Bound, b: Bound): Bound {
    const unicode = isUnicode(a.type) || isUnicode(b.type);
    const length = lengthOf(a.type) + lengthOf(b.type);
    const limit = unicode ? 4000 : 8000;
    const large = lengthOf(a.type) === Infinity || lengthOf(b.type) === Infinity;
    const sql = `tsql.cat(${convert(a, a.type)}, ${convert(b, b.type)})`;
    const type = (unicode ? nvarchar : varchar)(large ? 'max' : Math.min(length, limit));
    return {
      sql: !large && length > limit ? `tsql.cut(${sql}, ${limit})` : sql,
      type,
      nullable: true,
    };
  }

  private dateArithmetic(operator: string, a: Bound, b: Bound): Bound {
    const plainDates = (type: TsqlType): boolean =>
      familyOf(type) !== 'datetime' || ['datetime', 'smalldatetime'].includes(type.name);
    if ((operator !== '+' && operator !== '-') || !plainDates(a.type) || !plainDates(b.type)) {
      throw familyOf(a.type) === familyOf(b.type)
        ? compileError(8117, spell(a.type), operatorWord(operator))
        : compileError(206, spell(a.type), spell(b.type));
    }
    const first = convert(a, datetime);
    const second = `tsql.days(${convert(b, datetime)})::float8 * interval '1 day'`;
    return {
      sql: `tsql.to_datetime(${first} ${operator} ${second}, false)`,
      type: datetime,
      nullable: true,
    };
  }

  private bitwise(operator: string, a: Bound, b: Bound): Bound {
    const type = unify(a.type, b.type);
    if (
      !['integer', 'bit'].includes(familyOf(type)) ||
      [a, b].some((side) => !['integer', 'bit', 'string'].includes(familyOf(side.type)))
    ) {
      throw compileError(402, spell(a.type), spell(b.type), `'${operator}'`);
    }
    return {
      sql: `(${convert(a, type)} ${operator === '^' ? '#' : operator} ${convert(b, type)})`,
      type,
      nullable: true,
    };
  }

  private arithmetic(operator: string, a: Bound, b: Bound, type: TsqlType): Bound {
    const [x, y] = [convert(a, sourceType(a, type)), convert(b, sourceType(b, type))];
    const family = familyOf(type);
    if (family === 'float') {
      if (operator === '%')
        throw compileError(402, spell(a.type), spell(b.type), operatorWord(operator));
      const cast = carrier(type);
      return { sql: `((${x})::${cast} ${operator} (${y})::${cast})`, type, nullable: true };
    }
    if (family === 'integer') {
      const sql = `(${convert(a, type)} ${operator} ${convert(b, type)})`;
      return type.name === 'tinyint'
        ? {
            sql: `tsql.narrow_int(${sql}::numeric, 0, 255, 'expression', 'tinyint', false)::int2`,
            type,
            nullable: true,
          }
        : { sql, type, nullable: true };
    }
    if (family === 'money') {
      const exact =
        operator === '/'
          ? `tsql.div((${x})::numeric, (${y})::numeric, 4)`
          : `round((${x})::numeric ${operator} (${y})::numeric, 4)`;
      return {
        sql: `tsql.narrow_decimal(${exact}, ${type.name === 'money' ? 19 : 10}, 4, 'expression', ${quoteText(type.name)}, false)`,
        type,
        nullable: true,
      };
    }
    return this.decimalArithmetic(operator, x, y, exactType(a, type), exactType(b, type));
  }

  /** Precision and scale of results as "Precision, scale, and length" in the T-SQL reference gives them. */
  private decimalArithmetic(
    operator: string,
    x: string,
    y: string,
    left: TsqlType,
    right: TsqlType,
  ): Bound {
    const { precision: p1, scale: s1 } = precisionOf(left);
    const { precision: p2, scale: s2 } = precisionOf(right);
    let precision: number;
    let scale: number;
    if (operator === '*') [precision, scale] = [p1 + p2 + 1, s1 + s2];
    else if (operator === '/') {
      scale = Math.max(6, s1 + p2 + 1);
      precision = p1 - s1 + s2 + scale;
    } else if (operator === '%') {
      scale = Math.max(s1, s2);
      precision = Math.min(p1 - s1, p2 - s2) + scale;
    } else {
      scale = Math.max(s1, s2);
      precision = Math.max(p1 - s1, p2 - s2) + scale + 1;
    }
    if (precision > 38) {
      const whole = precision - scale;
      const kept = operator === '*' || operator === '/' ? Math.min(scale, 6) : 0;
      scale = Math.max(kept, Math.min(scale, 38 - whole));
      precision = 38;
    }
    const numeric = `(${x})::numeric ${operator} (${y})::numeric`;
    const exact =
      operator === '/'
        ? `tsql.div((${x})::numeric, (${y})::numeric, ${scale})`
        : `round(${numeric}, ${scale})`;
    const type = decimalLiteral(precision, scale);
    return {
      sql: `tsql.narrow_decimal(${exact}, ${precision}, ${scale}, 'expression', 'numeric', false)`,
      type,
      nullable: true,
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
        return this.comparison(
          node.operator,
          this.value(node.left, scope),
          this.value(node.right, scope),
        );
      case 'isNull':
        return `(${nullTest(this.value(node.value, scope))} IS ${node.not ? 'NOT ' : ''}NULL)`;
      case 'isDistinct': {
        const [a, b] = this.comparable(
          this.value(node.left, scope),
          this.value(node.right, scope),
          '=',
        );
        return `(${a} IS ${node.not ? 'NOT ' : ''}DISTINCT FROM ${b})`;
      }
      case 'exists':
        return `EXISTS (${this.query(node.query, scope).sql})`;
      case 'between': {
        const value = this.value(node.value, scope);
        const low = this.comparison('>=', value, this.value(node.low, scope));
        const high = this.comparison('<=', value, this.value(node.high, scope));
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

  comparison(operator: string, left: Bound, right: Bound): string {
    const [a, b] = this.comparable(left, right, operator);
    return `(${a} ${operator} ${b})`;
  }

  /** Both sides in their common type, in a form that PostgreSQL compares as SQL Server would. */
  private comparable(left: Bound, right: Bound, operator: string): [string, string] {
    if (left.untyped || right.untyped) {
      const type = left.untyped ? right.type : left.type;
      return [
        comparisonForm(convert(left, type), type),
        comparisonForm(convert(right, type), type),
      ];
    }
    for (const side of [left, right]) {
      if (['text', 'ntext', 'image', 'xml'].includes(side.type.name))
        throw compileError(402, spell(left.type), spell(right.type), operatorWord(operator));
    }
    const type = unify(left.type, right.type);
    const loose =
      familyOf(type) === 'string' ||
      familyOf(type) === 'binary' ||
      isNumericPair(left.type, right.type);
    const [a, b] = loose ? [left.sql, right.sql] : [convert(left, type), convert(right, type)];
    if (
      loose &&
      familyOf(left.type) !== familyOf(right.type) &&
      !isNumericPair(left.type, right.type)
    )
      return [convert(left, type), convert(right, type)];
    return [comparisonForm(a, type), comparisonForm(b, type)];
  }

  private membership(node: Node<'in'>, scope: Scope): string {
    const not = node.not ? 'NOT ' : '';
    const value = this.value(node.value, scope);
    if (node.list) {
      const items = node.list.map((item) => this.comparison('=', value, this.value(item, scope)));
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
    const [a, b] = this.comparable(value, item, '=');
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

/** A literal or constant made by the engine is `numeric`; SQL Server names decimal results so as well. */
function decimalLiteral(precision: number, scale: number): TsqlType {
  return { name: 'numeric', precision, scale };
}

function plain(bound: Bound): Bound {
  return { sql: bound.sql, type: bound.type, nullable: bound.nullable };
}

/** Numbers keep their own type in decimal arithmetic; strings take the other side's. */
function sourceType(side: Bound, type: TsqlType): TsqlType {
  return isNumeric(side.type) && !side.untyped ? side.type : type;
}

/** In decimal arithmetic a whole constant counts with the digits it has. */
function exactType(side: Bound, type: TsqlType): TsqlType {
  if (side.literal !== undefined && side.type.name === 'int')
    return decimalLiteral(side.literal.replace(/^[-0]+(?=\d)/, '').length, 0);
  return sourceType(side, type);
}

function isNumericPair(a: TsqlType, b: TsqlType): boolean {
  return isNumeric(a) && isNumeric(b) && [a, b].every((type) => familyOf(type) !== 'float');
}

/** The offset type compares by its moment; everything else as it is. */
export function comparisonForm(sql: string, type: TsqlType): string {
  return type.name === 'datetimeoffset' ? `(${sql}).utc` : sql;
}

function nullTest(value: Bound): string {
  if (value.untyped) return 'NULL';
  return value.type.name === 'datetimeoffset' ? `(${value.sql}).utc` : value.sql;
}

export function collationPlace(name: string): string {
  const written = name.toUpperCase();
  if (/_BIN2?(_|$)/.test(written)) return '"C"';
  if (written === 'DATABASE_DEFAULT' || /_CI_AS(_|$)/.test(written)) return 'tsql.ci';
  if (/_CS_AS(_|$)/.test(written)) return 'tsql.cs';
  if (/_CI_AI(_|$)/.test(written)) return 'tsql.ai';
  throw compileError(448, name);
}

function operatorWord(operator: string): string {
  const words: Record<string, string> = {
    '+': 'add',
    '-': 'subtract',
    '*': 'multiply',
    '/': 'divide',
    '%': 'modulo',
    '=': 'equal to',
    '<>': 'not equal to',
    '<': 'less than',
    '>': 'greater than',
  };
  return words[operator] ?? operator;
}

function nearestOperator(node: Expression): string {
  if ('operator' in node) return node.operator;
  if (node.kind === 'and' || node.kind === 'or') return node.kind.toUpperCase();
  if (node.kind === 'literal') return node.text;
  return node.kind === 'variable' ? node.name : ')';
}
