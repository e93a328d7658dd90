/**
 * Conversions between types as SQL Server does them: what is allowed implicitly, explicitly or never,
 * how values are rounded, cut or refused. The refusing itself happens in the `tsql` functions.
 */
import type { TsqlType } from '../sql-engine.port.js';
import { compileError } from '../session/sql-error.js';
import { quoteText, type Bound } from '../binding/bound.js';
import {
  carrier,
  familyOf,
  isFixedLength,
  isUnicode,
  lengthOf,
  precisionOf,
  spell,
  type TypeFamily,
} from './tsql-types.js';

export interface ConversionOptions {
  /** CAST and CONVERT; otherwise the conversion is one that SQL Server does by itself. */
  explicit?: boolean;
  /** TRY_CAST: a value that does not convert gives NULL. */
  attempt?: boolean;
  /** A CONVERT style number as SQL. */
  style?: string;
}

/** @returns SQL of the value in the target type. @throws SqlError 206, 257 or 529 when there is no such conversion. */
export function convert(value: Bound, target: TsqlType, options: ConversionOptions = {}): string {
  if (value.untyped) return `NULL::${carrier(target)}`;
  const from = familyOf(value.type);
  const to = familyOf(target);
  const rule = rules[to][from];
  if (!rule) {
    const number = options.explicit ? 529 : 206;
    throw compileError(number, spell(value.type), spell(target));
  }
  if (!options.explicit && (explicitOnly[to] ?? []).includes(from)) {
    throw compileError(257, spell(value.type), spell(target));
  }
  return rule(value, target, options);
}

const explicitOnly: Partial<Record<TypeFamily, TypeFamily[]>> = {
  integer: ['datetime', 'binary'],
  bit: ['datetime'],
  decimal: ['datetime'],
  money: ['datetime'],
  float: ['datetime', 'binary'],
  binary: ['string', 'datetime'],
  string: ['binary'],
};

type Rule = (value: Bound, target: TsqlType, options: ConversionOptions) => string;

const flag = (options: ConversionOptions): string => (options.attempt ? 'true' : 'false');
const named = (type: TsqlType): string => quoteText(spell(type));

const bounds: Record<string, [string, string]> = {
  tinyint: ['0', '255'],
  smallint: ['-32768', '32767'],
  int: ['-2147483648', '2147483647'],
  bigint: ['-9223372036854775808', '9223372036854775807'],
};

const toInteger: Partial<Record<TypeFamily, Rule>> = {
  integer(value, target, options) {
    if (value.type.name === target.name) return value.sql;
    if (precisionOf(value.type).precision < precisionOf(target).precision)
      return `(${value.sql})::${carrier(target)}`;
    return narrow(`(${value.sql})::numeric`, value.type, target, options);
  },
  bit: (value, target) => `(${value.sql})::${carrier(target)}`,
  decimal: (value, target, options) =>
    narrow(`trunc((${value.sql})::numeric)`, value.type, target, options),
  money: (value, target, options) =>
    narrow(`round((${value.sql})::numeric)`, value.type, target, options),
  float: (value, target, options) =>
    narrow(`trunc((${value.sql})::float8)::numeric`, value.type, target, options),
  string: (value, target, options) =>
    `tsql.parse_int(${value.sql}, ${bounds[target.name]?.join(', ')}, ${named(value.type)}, ${named(target)}, ${flag(options)})::${carrier(target)}`,
  datetime: (value, target) => `round(tsql.days((${value.sql})::timestamp))::${carrier(target)}`,
  binary: (value, target) => `tsql.binary_int(${value.sql})::${carrier(target)}`,
};

function narrow(sql: string, from: TsqlType, target: TsqlType, options: ConversionOptions): string {
  return `tsql.narrow_int(${sql}, ${bounds[target.name]?.join(', ')}, ${named(from)}, ${named(target)}, ${flag(options)})::${carrier(target)}`;
}

const numberTo = (value: Bound, target: TsqlType, options: ConversionOptions): string => {
  const { precision, scale } = precisionOf(target);
  const source = precisionOf(value.type);
  const family = familyOf(value.type);
  const fits = family !== 'float' && source.precision - source.scale <= precision - scale;
  if (fits) return `(${value.sql})::${carrier(target)}`;
  return `tsql.narrow_decimal((${value.sql})::numeric, ${precision}, ${scale}, ${named(value.type)}, ${named(target)}, ${flag(options)})::${carrier(target)}`;
};

const toDecimal: Partial<Record<TypeFamily, Rule>> = {
  integer: numberTo,
  bit: numberTo,
  decimal: numberTo,
  money: numberTo,
  float: numberTo,
  string(value, target, options) {
    const { precision, scale } = precisionOf(target);
    return `tsql.parse_decimal(${value.sql}, ${precision}, ${scale}, ${named(value.type)}, ${named(target)}, ${flag(options)})::${carrier(target)}`;
  },
  datetime: (value, target) => `tsql.days((${value.sql})::timestamp)::${carrier(target)}`,
};

const asFloat: Rule = (value, target) => `(${value.sql})::${carrier(target)}`;
const toFloat: Partial<Record<TypeFamily, Rule>> = {
  integer: asFloat,
  bit: asFloat,
  decimal: asFloat,
  money: asFloat,
  float: asFloat,
  string: (value, target, options) =>
    `tsql.parse_float(${value.sql}, ${named(value.type)}, ${named(target)}, ${flag(options)})::${carrier(target)}`,
  datetime: (value, target) => `tsql.days((${value.sql})::timestamp)::${carrier(target)}`,
};

const nonZero: Rule = (value) => `((${value.sql}) <> 0)::int4::int2`;
const toBit: Partial<Record<TypeFamily, Rule>> = {
  bit: (value) => value.sql,
  integer: nonZero,
  decimal: nonZero,
  money: nonZero,
  float: nonZero,
  string: (value, target, options) =>
    `tsql.parse_bit(${value.sql}, ${named(value.type)}, ${flag(options)})`,
};

const toText: Partial<Record<TypeFamily, Rule>> = {
  string(value, target) {
    let sql = value.sql;
    if (
      !isUnicode(target) &&
      isUnicode(value.type) &&
      !/^[\x20-\x7e]*$/.test(value.literal ?? '\0')
    )
      sql = `tsql.code_page(${sql})`;
    return shorten(sql, value.type, target);
  },
  integer: (value, target) => clipped(`(${value.sql})::text`, value, target),
  bit: (value, target) => clipped(`(${value.sql})::text`, value, target),
  decimal: (value, target) =>
    clipped(`(${value.sql})::${carrier(value.type)}::text`, value, target),
  money: (value, target, options) =>
    clipped(`tsql.money_text((${value.sql})::numeric, ${options.style ?? '0'})`, value, target),
  float: (value, target, options) =>
    clipped(`tsql.float_text((${value.sql})::float8, ${options.style ?? '0'})`, value, target),
  datetime(value, target, options) {
    const style =
      options.style ?? (['datetime', 'smalldatetime'].includes(value.type.name) ? '0' : '121');
    return shorten(
      `tsql.date_text(${moment(value)}, ${style}, ${named(value.type)}, ${value.type.scale ?? 7})`,
      undefined,
      target,
    );
  },
  guid: (value, target) => shorten(`upper((${value.sql})::text)::tsql.s`, undefined, target),
  binary: (value, target, options) =>
    shorten(
      `tsql.binary_text(${value.sql}, ${options.style ?? '0'}, ${isUnicode(target)})`,
      undefined,
      target,
    ),
  variant: (value) => value.sql,
};

/** datetimeoffset shows its own local time; the others are timestamps, dates or times as they are. */
function moment(value: Bound): string {
  if (value.type.name === 'datetimeoffset') return `tsql.local_time(${value.sql})`;
  return value.type.name === 'time'
    ? `(timestamp '1900-01-01' + (${value.sql}))`
    : `(${value.sql})::timestamp`;
}

function shorten(sql: string, from: TsqlType | undefined, target: TsqlType): string {
  const length = lengthOf(target);
  if (isFixedLength(target)) {
    return from && isFixedLength(from) && lengthOf(from) === length
      ? sql
      : `tsql.fixed(${sql}, ${length})`;
  }
  if (length === Infinity || (from && lengthOf(from) <= length)) return sql;
  return `tsql.cut(${sql}, ${length})`;
}

function clipped(text: string, value: Bound, target: TsqlType): string {
  const length = lengthOf(target);
  const needed = familyOf(value.type) === 'float' ? 30 : precisionOf(value.type).precision + 3;
  if (length >= needed && !isFixedLength(target)) return `(${text})::tsql.s`;
  const limit = length === Infinity ? 8000 : length;
  return shorten(
    `tsql.number_text(${text}, ${limit}, ${named(value.type)}, ${named(target)})`,
    { name: 'varchar', length: limit },
    target,
  );
}

const toDatetime: Partial<Record<TypeFamily, Rule>> = {
  datetime: (value, target) => reshape(value, target),
  string(value, target, options) {
    const parsed = `tsql.parse_date(${value.sql}, ${options.style ?? 'NULL'}, ${named(target)}, ${flag(options)})`;
    if (target.name === 'datetimeoffset')
      return `tsql.parse_offset(${value.sql}, ${options.style ?? 'NULL'}, ${flag(options)})`;
    return rounded(parsed, target, options);
  },
  integer: fromDays,
  bit: fromDays,
  decimal: fromDays,
  money: fromDays,
  float: fromDays,
};

function fromDays(value: Bound, target: TsqlType, options: ConversionOptions): string {
  if (!['datetime', 'smalldatetime'].includes(target.name)) {
    throw compileError(options.explicit ? 529 : 206, spell(value.type), spell(target));
  }
  return rounded(
    `(timestamp '1900-01-01' + (${value.sql})::float8 * interval '1 day')`,
    target,
    options,
  );
}

function reshape(value: Bound, target: TsqlType): string {
  const from = value.type.name;
  if (
    from === target.name &&
    (from === 'date' ||
      from === 'datetime' ||
      from === 'smalldatetime' ||
      (value.type.scale ?? 7) <= (target.scale ?? 7))
  ) {
    return value.sql;
  }
  if ((from === 'date' && target.name === 'time') || (from === 'time' && target.name === 'date')) {
    throw compileError(206, from, target.name);
  }
  const local = moment(value);
  if (target.name === 'datetimeoffset')
    return from === 'datetimeoffset' ? value.sql : `tsql.offset_from(${local}, 0)`;
  return rounded(local, target, {});
}

/** A timestamp (or NULL) brought to the precision and range of the target. */
function rounded(sql: string, target: TsqlType, options: ConversionOptions): string {
  const digits = Math.min(target.scale ?? 6, 6);
  switch (target.name) {
    case 'date':
      return `(${sql})::date`;
    case 'time':
      return `(${sql})::time(${digits})`;
    case 'datetime':
      return `tsql.to_datetime(${sql}, ${flag(options)})`;
    case 'smalldatetime':
      return `tsql.to_smalldatetime(${sql}, ${flag(options)})`;
    default:
      return digits === 6 ? `(${sql})::timestamp` : `(${sql})::timestamp(${digits})`;
  }
}

const numberToBinary: Rule = (value, target) => {
  const width = { bigint: 8, int: 4, smallint: 2, tinyint: 1, bit: 1 }[value.type.name as string];
  if (width === undefined) throw compileError(529, spell(value.type), spell(target));
  const length = lengthOf(target);
  return `tsql.int_binary((${value.sql})::int8, ${width}, ${length === Infinity ? 8000 : length}, ${target.name === 'binary'})`;
};

const toBinary: Partial<Record<TypeFamily, Rule>> = {
  binary: (value, target) => sized(value.sql, value.type, target),
  integer: numberToBinary,
  bit: numberToBinary,
  string: (value, target, options) =>
    sized(
      `tsql.text_binary(${value.sql}, ${options.style ?? '0'}, ${isUnicode(value.type)})`,
      undefined,
      target,
    ),
  guid: (value, target) => sized(`tsql.guid_binary(${value.sql})`, undefined, target),
};

function sized(sql: string, from: TsqlType | undefined, target: TsqlType): string {
  const length = lengthOf(target);
  if (length === Infinity || target.name === 'timestamp') return sql;
  if (target.name === 'binary') return `tsql.fixed_binary(${sql}, ${length})`;
  return from && lengthOf(from) <= length ? sql : `substring(${sql} from 1 for ${length})`;
}

const rules: Record<TypeFamily, Partial<Record<TypeFamily, Rule>>> = {
  integer: toInteger,
  bit: toBit,
  decimal: toDecimal,
  money: toDecimal,
  float: toFloat,
  string: toText,
  datetime: toDatetime,
  binary: toBinary,
  guid: {
    guid: (value) => value.sql,
    string: (value, _target, options) => `tsql.parse_guid(${value.sql}, ${flag(options)})`,
    binary: (value) => `encode(${value.sql}, 'hex')::uuid`,
  },
  variant: { string: (value) => value.sql, variant: (value) => value.sql },
};
