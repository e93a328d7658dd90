/**
 * Reads the second argument of sp_executesql, sp_prepare and sp_prepexec: `@a int, @b nvarchar(40)
 * output`. The declared type is the parameter's type, whatever the client chose for the wire, and
 * the declared name is its name when the value came by position.
 */
import type { SqlParameter, SqlValue, TsqlType, TsqlTypeName } from '../engine/sql-engine.port.js';

export interface DeclaredParameter {
  name: string;
  /** Absent for a type this server does not know; the wire's type is used then. */
  type: TsqlType | undefined;
}

const synonyms: Record<string, TsqlTypeName> = {
  integer: 'int',
  dec: 'decimal',
  rowversion: 'timestamp',
  character: 'char',
};

type Family = 'number' | 'decimal' | 'boolean' | 'text' | 'bytes' | 'guid' | 'moment' | 'variant';

/** Typed by the port's representation: within one family a value needs no conversion. */
const families: Record<TsqlTypeName, Family> = {
  int: 'number',
  smallint: 'number',
  tinyint: 'number',
  float: 'number',
  real: 'number',
  bigint: 'decimal',
  decimal: 'decimal',
  numeric: 'decimal',
  money: 'decimal',
  smallmoney: 'decimal',
  bit: 'boolean',
  date: 'moment',
  time: 'moment',
  datetime: 'moment',
  smalldatetime: 'moment',
  datetime2: 'moment',
  datetimeoffset: 'moment',
  char: 'text',
  varchar: 'text',
  text: 'text',
  nchar: 'text',
  nvarchar: 'text',
  ntext: 'text',
  xml: 'text',
  sysname: 'text',
  binary: 'bytes',
  varbinary: 'bytes',
  image: 'bytes',
  timestamp: 'bytes',
  uniqueidentifier: 'guid',
  sql_variant: 'variant',
};

/** Splits a declaration at its commas and reads each part; a default after `=` is passed over. */
export function readDeclarations(text: string): DeclaredParameter[] {
  return splitAtCommas(text)
    .map((part) => /^\s*(@[^\s]+)\s+(?:as\s+)?(.*)$/is.exec(part))
    .filter((match) => match !== null)
    .map((match) => ({ name: match[1]!, type: readType(match[2]!) }));
}

/** Gives values their declared names and types. Values beyond the declarations are passed on as they are. */
export function applyDeclarations(
  parameters: SqlParameter[],
  declared: DeclaredParameter[],
): SqlParameter[] {
  const byName = new Map(declared.map((one) => [one.name.toLowerCase(), one]));
  return parameters.map((parameter, i) => {
    const match = parameter.name === '' ? declared[i] : byName.get(parameter.name.toLowerCase());
    if (match === undefined) return parameter;
    const typed = retype(parameter.value, parameter.type, match.type ?? parameter.type);
    return { name: match.name, output: parameter.output, ...typed };
  });
}

function retype(
  value: SqlValue,
  from: TsqlType,
  to: TsqlType,
): { type: TsqlType; value: SqlValue } {
  const [source, target] = [families[from.name], families[to.name]];
  if (value === null) return { type: to, value };
  if (source === 'moment' || target === 'moment') {
    return { type: from.name === to.name ? to : from, value };
  }
  if (source === target || target === 'variant') return { type: to, value };
  if (source === 'number' && target === 'decimal' && Number.isInteger(value)) {
    return { type: to, value: String(value) };
  }
  if (from.name === 'bigint' && target === 'number') return { type: to, value: Number(value) };
  return { type: from, value };
}

function readType(text: string): TsqlType | undefined {
  const match = /^\[?(?:sys\]?\.\[?)?([a-z_0-9]+)\]?\s*(?:\(([^)]*)\))?/i.exec(text);
  if (match === null) return undefined;
  const word = match[1]!.toLowerCase();
  const name =
    synonyms[word] ?? (Object.hasOwn(families, word) ? (word as TsqlTypeName) : undefined);
  if (name === undefined) return undefined;
  const parts = (match[2] ?? '').split(',').map((part) => part.trim().toLowerCase());
  return { name, ...readTypeArguments(name, parts[0]!, parts[1]) };
}

function readTypeArguments(
  name: TsqlTypeName,
  first: string,
  second: string | undefined,
): Omit<TsqlType, 'name'> {
  const number = first === '' ? undefined : Number(first);
  switch (name) {
    case 'decimal':
    case 'numeric':
      return { precision: number ?? 18, scale: second === undefined ? 0 : Number(second) };
    case 'time':
    case 'datetime2':
    case 'datetimeoffset':
      return { scale: number ?? 7 };
    case 'char':
    case 'varchar':
    case 'nchar':
    case 'nvarchar':
    case 'binary':
    case 'varbinary':
      return { length: first === 'max' ? 'max' : (number ?? 1) };
    default:
      return {};
  }
}

function splitAtCommas(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  let inQuotes = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === "'") inQuotes = !inQuotes;
    else if (inQuotes) continue;
    else if (c === '(') depth++;
    else if (c === ')') depth--;
    else if (c === ',' && depth === 0) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}
