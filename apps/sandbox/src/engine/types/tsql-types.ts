/**
 * T-SQL's types: how they are named, ranked and combined, and which PostgreSQL type carries each.
 * Strings travel as `tsql.s` (blank-padded comparison, case-insensitive collation), integers keep
 * their width, money is a numeric of four places, datetimeoffset a pair of UTC time and minutes.
 */
import type { TsqlType, TsqlTypeName } from '../sql-engine.port.js';

export type TypeFamily =
  | 'integer'
  | 'bit'
  | 'decimal'
  | 'money'
  | 'float'
  | 'string'
  | 'binary'
  | 'datetime'
  | 'guid'
  | 'variant';

const families: Record<TsqlTypeName, TypeFamily> = {
  bigint: 'integer',
  int: 'integer',
  smallint: 'integer',
  tinyint: 'integer',
  bit: 'bit',
  decimal: 'decimal',
  numeric: 'decimal',
  money: 'money',
  smallmoney: 'money',
  float: 'float',
  real: 'float',
  date: 'datetime',
  time: 'datetime',
  datetime: 'datetime',
  smalldatetime: 'datetime',
  datetime2: 'datetime',
  datetimeoffset: 'datetime',
  char: 'string',
  varchar: 'string',
  text: 'string',
  nchar: 'string',
  nvarchar: 'string',
  ntext: 'string',
  sysname: 'string',
  xml: 'string',
  binary: 'binary',
  varbinary: 'binary',
  image: 'binary',
  timestamp: 'binary',
  uniqueidentifier: 'guid',
  sql_variant: 'variant',
};

/** Lowest to highest data type precedence, as the language reference lists it. */
const precedence: TsqlTypeName[] = [
  'binary',
  'varbinary',
  'char',
  'varchar',
  'nchar',
  'sysname',
  'nvarchar',
  'uniqueidentifier',
  'timestamp',
  'image',
  'text',
  'ntext',
  'bit',
  'tinyint',
  'smallint',
  'int',
  'bigint',
  'smallmoney',
  'money',
  'numeric',
  'decimal',
  'real',
  'float',
  'time',
  'date',
  'smalldatetime',
  'datetime',
  'datetime2',
  'datetimeoffset',
  'xml',
  'sql_variant',
];

export const int: TsqlType = { name: 'int' };
export const bigint: TsqlType = { name: 'bigint' };
export const float: TsqlType = { name: 'float' };
export const datetime: TsqlType = { name: 'datetime' };
export const varchar = (length: number | 'max'): TsqlType => ({ name: 'varchar', length });
export const nvarchar = (length: number | 'max'): TsqlType => ({ name: 'nvarchar', length });
export const decimal = (precision: number, scale: number): TsqlType => ({
  name: 'decimal',
  precision,
  scale,
});

export function familyOf(type: TsqlType): TypeFamily {
  return families[type.name];
}

export function isUnicode(type: TsqlType): boolean {
  return ['nchar', 'nvarchar', 'ntext', 'sysname', 'xml'].includes(type.name);
}

export function isFixedLength(type: TsqlType): boolean {
  return ['char', 'nchar', 'binary'].includes(type.name);
}

export function isNumeric(type: TsqlType): boolean {
  return ['integer', 'bit', 'decimal', 'money', 'float'].includes(familyOf(type));
}

/** Length of a string or binary type in its own unit; `max` counts as very long. */
export function lengthOf(type: TsqlType): number {
  if (type.name === 'sysname') return 128;
  if (['text', 'ntext', 'image', 'xml'].includes(type.name) || type.length === 'max')
    return Infinity;
  return type.length ?? 1;
}

/** Precision and scale of a number as decimal arithmetic sees it. */
export function precisionOf(type: TsqlType): { precision: number; scale: number } {
  switch (type.name) {
    case 'bit':
      return { precision: 1, scale: 0 };
    case 'tinyint':
      return { precision: 3, scale: 0 };
    case 'smallint':
      return { precision: 5, scale: 0 };
    case 'int':
      return { precision: 10, scale: 0 };
    case 'bigint':
      return { precision: 19, scale: 0 };
    case 'money':
      return { precision: 19, scale: 4 };
    case 'smallmoney':
      return { precision: 10, scale: 4 };
    default:
      return { precision: type.precision ?? 18, scale: type.scale ?? 0 };
  }
}

/** Characters a value needs when it is shown as text (length of an implicit conversion to string). */
export function displayLength(type: TsqlType): number {
  const family = familyOf(type);
  if (family === 'string') return lengthOf(type);
  if (family === 'integer' || family === 'bit') return precisionOf(type).precision + 1;
  if (family === 'decimal') return precisionOf(type).precision + 3;
  if (family === 'guid') return 36;
  if (family === 'binary') return lengthOf(type);
  return 30;
}

/** The type both sides of a CASE, UNION or comparison take. */
export function unify(a: TsqlType, b: TsqlType): TsqlType {
  const [low, high] = precedence.indexOf(a.name) <= precedence.indexOf(b.name) ? [a, b] : [b, a];
  const family = familyOf(high);
  if (family === 'string' && familyOf(low) === 'string') return unifyStrings(low, high);
  if (family === 'binary' && familyOf(low) === 'binary') {
    const length = Math.max(lengthOf(low), lengthOf(high));
    return { name: high.name, length: length === Infinity ? 'max' : length };
  }
  if (family === 'decimal' && familyOf(low) !== 'string') {
    const [x, y] = [precisionOf(low), precisionOf(high)];
    const scale = Math.max(x.scale, y.scale);
    const whole = Math.max(x.precision - x.scale, y.precision - y.scale);
    return {
      name: high.name,
      precision: Math.min(38, whole + scale),
      scale: Math.min(scale, 38 - Math.min(whole, 38)),
    };
  }
  if (family === 'datetime' && a.name === b.name)
    return { name: a.name, scale: Math.max(a.scale ?? 7, b.scale ?? 7) };
  return high;
}

function unifyStrings(low: TsqlType, high: TsqlType): TsqlType {
  const unicode = isUnicode(low) || isUnicode(high);
  const length = Math.max(lengthOf(low), lengthOf(high));
  const fixed = isFixedLength(low) && isFixedLength(high);
  const name: TsqlTypeName = unicode ? (fixed ? 'nchar' : 'nvarchar') : fixed ? 'char' : 'varchar';
  return { name, length: length === Infinity ? 'max' : length };
}

/** The name as SQL Server's messages write it. */
export function spell(type: TsqlType): string {
  if (type.name === 'decimal') return 'decimal';
  return type.name;
}

/** PostgreSQL's type for values of this type, as written in a cast. */
export function carrier(type: TsqlType): string {
  switch (families[type.name]) {
    case 'string':
    case 'variant':
      return 'tsql.s';
    case 'binary':
      return 'bytea';
    case 'guid':
      return 'uuid';
    case 'bit':
      return 'int2';
    case 'money':
      return `numeric(${type.name === 'money' ? 19 : 10},4)`;
    case 'decimal':
      return `numeric(${precisionOf(type).precision},${precisionOf(type).scale})`;
    case 'float':
      return type.name === 'real' ? 'float4' : 'float8';
    case 'integer':
      return { bigint: 'int8', int: 'int4' }[type.name as string] ?? 'int2';
    default:
      break;
  }
  if (type.name === 'date' || type.name === 'time') return type.name;
  return type.name === 'datetimeoffset' ? 'tsql.dto' : 'timestamp';
}

/** The type of a table's column; differs from `carrier` only in how strings spell their collation. */
export function columnCarrier(type: TsqlType, collation = 'tsql.ci'): string {
  return families[type.name] === 'string' ? `bpchar COLLATE ${collation}` : carrier(type);
}

const aliases: Record<string, TsqlTypeName> = {
  integer: 'int',
  dec: 'decimal',
  character: 'char',
  'char varying': 'varchar',
  rowversion: 'timestamp',
  'national char': 'nchar',
  'double precision': 'float',
  'character varying': 'varchar',
};

/**
 * A type from its written name and the numbers in its parentheses.
 * @param inCast CAST and CONVERT give a string without length 30 characters, a declaration 1.
 * @returns undefined for a type that does not exist here.
 */
export function typeFromName(
  written: string,
  numbers: (number | 'max')[],
  inCast = false,
): TsqlType | undefined {
  const name = (aliases[written.toLowerCase()] ?? written.toLowerCase()) as TsqlTypeName;
  const family = families[name];
  if (family === undefined) return undefined;
  const [first, second] = numbers;
  if (name === 'float')
    return typeof first === 'number' && first <= 24 ? { name: 'real' } : { name };
  if (family === 'decimal' && first !== 'max')
    return { name, precision: first ?? 18, scale: typeof second === 'number' ? second : 0 };
  if (['time', 'datetime2', 'datetimeoffset'].includes(name))
    return { name, scale: typeof first === 'number' ? first : 7 };
  if (['char', 'varchar', 'nchar', 'nvarchar', 'binary', 'varbinary'].includes(name))
    return { name, length: first ?? (inCast ? 30 : 1) };
  return numbers.length === 0 ? { name } : undefined;
}

/** A column type written out, as INFORMATION_SCHEMA's neighbours and messages show it. */
export function describeType(type: TsqlType): string {
  const length = type.length === undefined ? '' : `(${type.length})`;
  if (familyOf(type) === 'decimal')
    return `${type.name}(${type.precision ?? 18},${type.scale ?? 0})`;
  return type.scale !== undefined && familyOf(type) === 'datetime'
    ? `${type.name}(${type.scale})`
    : `${type.name}${length}`;
}
