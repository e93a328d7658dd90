/** T-SQL's mathematical functions and those that work on any type. */
import type { TsqlType } from '../sql-engine.port.js';
import { compileError } from '../session/sql-error.js';
import {
  carrier,
  decimal,
  familyOf,
  float,
  int,
  isNumeric,
  precisionOf,
  spell,
} from '../types/tsql-types.js';
import type { Bound } from './bound.js';
import { comparison } from './comparison.js';
import {
  converted,
  entry,
  result,
  type CallContext,
  type FunctionEntry,
  type FunctionTable,
} from './function-table.js';

/** The argument as a number: strings become float, narrow integers int. */
function number(call: CallContext, at = 0): { sql: string; type: TsqlType; nullable: boolean } {
  const value = call.value(at);
  const family = familyOf(value.type);
  if (value.untyped || family === 'string')
    return { sql: call.as(at, float), type: float, nullable: true };
  if (!isNumeric(value.type))
    throw compileError(8116, spell(value.type), String(at + 1), call.name.toLowerCase());
  if (family === 'bit')
    return { sql: `(${value.sql})::float8`, type: float, nullable: value.nullable };
  if (value.type.name === 'smallint' || value.type.name === 'tinyint')
    return { sql: `(${value.sql})::int4`, type: int, nullable: value.nullable };
  return value;
}

const ofFloat = (fn: string): FunctionEntry =>
  entry(1, 1, (call) => result(`${fn}(${call.as(0, float)})`, float));

const whole = (fn: 'ceil' | 'floor'): FunctionEntry =>
  entry(1, 1, (call) => {
    const { sql, type, nullable } = number(call);
    const family = familyOf(type);
    if (family === 'integer') return result(sql, type, nullable);
    if (family !== 'decimal') return result(`(${fn}(${sql}))::${carrier(type)}`, type, nullable);
    const { precision, scale } = precisionOf(type);
    return result(
      `${fn}(${sql})`,
      {
        name: type.name,
        precision: Math.max(1, Math.min(38, precision - scale + (scale > 0 ? 1 : 0))),
        scale: 0,
      },
      nullable,
    );
  });

function round(call: CallContext): Bound {
  const { sql, type, nullable } = number(call);
  const digits = call.as(1, int);
  const cut =
    call.count === 3
      ? `CASE WHEN ${call.as(2, int)} = 0 THEN round(n, d) ELSE trunc(n, d) END`
      : 'round(n, d)';
  const rounded = `(SELECT ${cut} FROM (SELECT (${sql})::numeric AS n, ${digits} AS d) AS "r")`;
  if (familyOf(type) !== 'decimal') return result(`(${rounded})::${carrier(type)}`, type, nullable);
  const { precision, scale } = precisionOf(type);
  return result(
    `tsql.narrow_decimal(${rounded}, ${precision}, ${scale}, 'expression', 'numeric', false)`,
    type,
    nullable,
  );
}

function power(call: CallContext): Bound {
  const base = number(call);
  const raised = `power((${base.sql})::float8, ${call.as(1, float)})`;
  return result(
    `(${converted({ sql: raised, type: float, nullable: true }, base.type)})`,
    base.type,
  );
}

function iif(call: CallContext): Bound {
  const condition = call.binder.condition(call.nodes[0] as CallContext['nodes'][0], call.scope);
  const values = [call.value(1), call.value(2)];
  const { type, sqls, untyped } = call.binder.unified(values);
  if (untyped) throw compileError(8133);
  return result(
    `(CASE WHEN ${condition} THEN ${sqls[0]} ELSE ${sqls[1]} END)`,
    type,
    values.some((value) => value.nullable),
  );
}

const extreme = (fn: 'greatest' | 'least'): FunctionEntry =>
  entry(1, 254, (call) => {
    const values = Array.from({ length: call.count }, (_, i) => call.value(i));
    const { type, sqls } = call.binder.unified(values);
    return result(
      `${fn}(${sqls.join(', ')})`,
      type,
      values.every((value) => value.nullable),
    );
  });

export const numberFunctions: FunctionTable = {
  abs: entry(1, 1, (call) => {
    const { sql, type, nullable } = number(call);
    return result(`abs(${sql})`, type, nullable);
  }),
  sign: entry(1, 1, (call) => {
    const { sql, type, nullable } = number(call);
    return result(`(sign(${sql}))::${carrier(type)}`, type, nullable);
  }),
  ceiling: whole('ceil'),
  floor: whole('floor'),
  round: entry(2, 3, round),
  power: entry(2, 2, power),
  square: entry(1, 1, (call) => result(`power(${call.as(0, float)}, 2)`, float)),
  sqrt: ofFloat('sqrt'),
  exp: ofFloat('exp'),
  sin: ofFloat('sin'),
  cos: ofFloat('cos'),
  tan: ofFloat('tan'),
  cot: ofFloat('cot'),
  asin: ofFloat('asin'),
  acos: ofFloat('acos'),
  atan: ofFloat('atan'),
  degrees: ofFloat('degrees'),
  radians: ofFloat('radians'),
  log10: ofFloat('log10'),
  atn2: entry(2, 2, (call) => result(`atan2(${call.as(0, float)}, ${call.as(1, float)})`, float)),
  log: entry(1, 2, (call) =>
    result(
      call.count === 1
        ? `ln(${call.as(0, float)})`
        : `(ln(${call.as(0, float)}) / ln(${call.as(1, float)}))`,
      float,
    ),
  ),
  pi: entry(0, 0, () => result('pi()', float, false)),
  rand: entry(0, 0, () => result('random()', float, false)),
  newid: entry(0, 0, () => result('gen_random_uuid()', { name: 'uniqueidentifier' }, false)),
  newsequentialid: entry(0, 0, () => result('uuidv7()', { name: 'uniqueidentifier' }, false)),
  greatest: extreme('greatest'),
  least: extreme('least'),
  isnumeric: entry(1, 1, (call) => {
    const value = call.value(0);
    if (isNumeric(value.type)) return result(`((${value.sql}) IS NOT NULL)::int4`, int, false);
    if (familyOf(value.type) !== 'string') return result('0', int, false);
    const text = `btrim(textin(bpcharout(${call.text(0).sql})))`;
    return result(
      `coalesce(${text} ~* '^[-+]?\\$?[0-9,]*\\.?[0-9]+\\.?(e[-+]?[0-9]+)?$', false)::int4`,
      int,
      false,
    );
  }),
  isnull: entry(2, 2, (call) => {
    const [first, second] = [call.value(0), call.value(1)];
    const type = first.untyped ? second.type : first.type;
    const sql = `coalesce(${converted(first, type)}, ${converted(second, type)})`;
    return result(
      type.name === 'datetimeoffset'
        ? `CASE WHEN (${first.sql}).utc IS NULL THEN ${converted(second, type)} ELSE ${first.sql} END`
        : sql,
      type,
      second.nullable && first.nullable,
    );
  }),
  coalesce: entry(2, 254, (call) => {
    const values = Array.from({ length: call.count }, (_, i) => call.value(i));
    const { type, sqls, untyped } = call.binder.unified(values);
    if (untyped) throw compileError(4127);
    return result(
      `coalesce(${sqls.join(', ')})`,
      type,
      values.every((value) => value.nullable),
    );
  }),
  nullif: entry(2, 2, (call) => {
    const [first, second] = [call.value(0), call.value(1)];
    if (first.untyped) throw compileError(4151);
    return result(
      `(CASE WHEN ${comparison('=', first, second)} THEN NULL ELSE ${first.sql} END)`,
      first.type,
    );
  }),
  iif: entry(3, 3, iif),
  choose: entry(2, 254, (call) => {
    const values = Array.from({ length: call.count - 1 }, (_, i) => call.value(i + 1));
    const { type, sqls } = call.binder.unified(values);
    const index = call.as(0, int);
    return result(
      `(CASE ${index} ${sqls.map((sql, i) => `WHEN ${i + 1} THEN ${sql}`).join(' ')} END)`,
      type,
    );
  }),
};

function summed(value: Bound): TsqlType {
  switch (familyOf(value.type)) {
    case 'integer':
      return value.type.name === 'bigint' ? value.type : int;
    case 'decimal':
      return { name: value.type.name, precision: 38, scale: precisionOf(value.type).scale };
    case 'money':
      return { name: 'money' };
    case 'float':
      return float;
    default:
      throw compileError(8117, spell(value.type), 'sum');
  }
}

/** Aggregates: how the PostgreSQL call is dressed, and its type. `%` stands for the call with its OVER. */
export const aggregates: Record<
  string,
  (
    value: Bound,
    distinct: string,
  ) => { call: string; wrap: string; type: TsqlType; nullable: boolean }
> = {
  sum(value, distinct) {
    const type = summed(value);
    return {
      call: `sum(${distinct}${value.sql})`,
      wrap: `(%)::${carrier(type)}`,
      type,
      nullable: true,
    };
  },
  avg(value, distinct) {
    const type = summed(value);
    const call = `avg(${distinct}${value.sql})`;
    if (familyOf(type) === 'integer')
      return { call, wrap: `trunc(%)::${carrier(type)}`, type, nullable: true };
    if (familyOf(type) === 'decimal') {
      const scale = Math.max(6, precisionOf(type).scale);
      return { call, wrap: `trunc(%, ${scale})`, type: decimal(38, scale), nullable: true };
    }
    return { call, wrap: `(%)::${carrier(type)}`, type, nullable: true };
  },
  min: (value, distinct) => ordered('min', value, distinct),
  max: (value, distinct) => ordered('max', value, distinct),
  count: (value, distinct) => ({
    call: `count(${distinct}${value.sql})`,
    wrap: '(%)::int4',
    type: int,
    nullable: false,
  }),
  count_big: (value, distinct) => ({
    call: `count(${distinct}${value.sql})`,
    wrap: '(%)',
    type: { name: 'bigint' },
    nullable: false,
  }),
  stdev: (value, distinct) => spread('stddev_samp', value, distinct),
  stdevp: (value, distinct) => spread('stddev_pop', value, distinct),
  var: (value, distinct) => spread('var_samp', value, distinct),
  varp: (value, distinct) => spread('var_pop', value, distinct),
};

function ordered(
  fn: string,
  value: Bound,
  distinct: string,
): ReturnType<(typeof aggregates)[string]> {
  if (value.type.name === 'bit') throw compileError(8117, 'bit', fn);
  if (value.type.name === 'uniqueidentifier')
    return {
      call: `${fn}(${distinct}(${value.sql})::text)`,
      wrap: '(%)::uuid',
      type: value.type,
      nullable: true,
    };
  return { call: `${fn}(${distinct}${value.sql})`, wrap: '(%)', type: value.type, nullable: true };
}

function spread(
  fn: string,
  value: Bound,
  distinct: string,
): ReturnType<(typeof aggregates)[string]> {
  if (!isNumeric(value.type)) throw compileError(8117, spell(value.type), fn);
  return {
    call: `${fn}(${distinct}(${value.sql})::float8)`,
    wrap: '(%)',
    type: float,
    nullable: true,
  };
}
