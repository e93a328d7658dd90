/**
 * Operators between values: integer division, decimal precision, strings that concatenate, dates that
 * count in days. Operand types without a rule raise SQL Server's error.
 */
import type { TsqlType } from '../sql-engine.port.js';
import { compileError } from '../session/sql-error.js';
import { convert } from '../types/conversions.js';
import {
  carrier,
  datetime,
  familyOf,
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
import { quoteText, type Bound } from './bound.js';

export function binary(operator: string, left: Bound, right: Bound): Bound {
  if (left.untyped && right.untyped) return { sql: 'NULL::int4', type: int, nullable: true };
  const a = left.untyped ? { ...left, type: right.type } : left;
  const b = right.untyped ? { ...right, type: left.type } : right;
  const [x, y] = [familyOf(a.type), familyOf(b.type)];
  const nullable = left.nullable || right.nullable;
  if (operator === '+' && x === 'string' && y === 'string')
    return { ...concatenated(a, b), nullable };
  if (operator === '+' && x === 'binary' && y === 'binary') {
    const length = lengthOf(a.type) + lengthOf(b.type);
    return {
      sql: `(${a.sql} || ${b.sql})`,
      type: { name: 'varbinary', length: length > 8000 ? 'max' : length },
      nullable,
    };
  }
  if (x === 'datetime' || y === 'datetime') return { ...dateArithmetic(operator, a, b), nullable };
  if ('&|^'.includes(operator)) return { ...bitwise(operator, a, b), nullable };
  const type = unify(a.type, b.type);
  if (!isNumeric(type) || familyOf(type) === 'bit') {
    if (x === y) throw compileError(8117, spell(a.type), operatorWord(operator));
    throw compileError(402, spell(a.type), spell(b.type), operatorWord(operator));
  }
  return { ...arithmetic(operator, a, b, type), nullable };
}

function concatenated(a: Bound, b: Bound): Bound {
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

function dateArithmetic(operator: string, a: Bound, b: Bound): Bound {
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

function bitwise(operator: string, a: Bound, b: Bound): Bound {
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

function arithmetic(operator: string, a: Bound, b: Bound, type: TsqlType): Bound {
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
  return decimalArithmetic(operator, x, y, exactType(a, type), exactType(b, type));
}

/** Precision and scale of results as "Precision, scale, and length" in the T-SQL reference gives them. */
function decimalArithmetic(
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

/** A literal or constant made by the engine is `numeric`; SQL Server names decimal results so as well. */
export function decimalLiteral(precision: number, scale: number): TsqlType {
  return { name: 'numeric', precision, scale };
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

export function operatorWord(operator: string): string {
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
