/** Comparisons: which side converts, and the form in which PostgreSQL compares as SQL Server would. */
import type { TsqlType } from '../sql-engine.port.js';
import { compileError } from '../session/sql-error.js';
import { convert } from '../types/conversions.js';
import { familyOf, isNumeric, spell, unify } from '../types/tsql-types.js';
import { operatorWord } from './arithmetic.js';
import type { Bound } from './bound.js';

export function comparison(operator: string, left: Bound, right: Bound): string {
  const [a, b] = comparable(left, right, operator);
  return `(${a} ${operator} ${b})`;
}

/** Both sides in their common type, in a form that PostgreSQL compares as SQL Server would. */
export function comparable(left: Bound, right: Bound, operator: string): [string, string] {
  if (left.untyped || right.untyped) {
    const type = left.untyped ? right.type : left.type;
    return [comparisonForm(convert(left, type), type), comparisonForm(convert(right, type), type)];
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

function isNumericPair(a: TsqlType, b: TsqlType): boolean {
  return isNumeric(a) && isNumeric(b) && [a, b].every((type) => familyOf(type) !== 'float');
}

/** The offset type compares by its moment; everything else as it is. */
export function comparisonForm(sql: string, type: TsqlType): string {
  return type.name === 'datetimeoffset' ? `(${sql}).utc` : sql;
}

export function nullTest(value: Bound): string {
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
