/** Values between PostgreSQL's text form and the forms that the port promises. */
import type { SqlValue, TsqlType } from '../sql-engine.port.js';
import { familyOf } from '../types/tsql-types.js';
import { sqlError } from './sql-error.js';

export type Decoder = (text: string) => SqlValue;

const asIs: Decoder = (text) => text;

/** How a column of this type is read from PostgreSQL's text. */
export function decoderFor(type: TsqlType): Decoder {
  switch (familyOf(type)) {
    case 'integer':
      return type.name === 'bigint' ? asIs : Number;
    case 'float':
      return type.name === 'real' ? (text) => Math.fround(Number(text)) : Number;
    case 'bit':
      return (text) => text === '1';
    case 'binary':
      return (text) => Buffer.from(text.slice(2), 'hex');
    case 'datetime':
      return type.name === 'datetimeoffset' ? decodeOffset : asIs;
    case 'decimal':
    case 'money':
      return asIs;
    default:
      return asIs;
  }
}

/** `("2026-01-01 00:00:00",600)` holds the moment in UTC and the offset in minutes. */
function decodeOffset(text: string): string {
  const found = /^\("?([^",]+)"?,(-?\d+)\)$/.exec(text);
  if (!found) return text;
  const minutes = Number(found[2]);
  const [moment, fraction = ''] = (found[1] as string).split('.');
  const local = new Date(Date.parse(`${(moment as string).replace(' ', 'T')}Z`) + minutes * 60_000)
    .toISOString()
    .slice(0, 19)
    .replace('T', ' ');
  const sign = minutes < 0 ? '-' : '+';
  const pad = (n: number): string => String(Math.trunc(n)).padStart(2, '0');
  return `${local}${fraction ? `.${fraction}` : ''} ${sign}${pad(Math.abs(minutes) / 60)}:${pad(Math.abs(minutes) % 60)}`;
}

/**
 * PostgreSQL's text of a value of this type.
 * @throws SqlError 241 for a tenth of a microsecond, which would be lost, and 8114 for a value of another type.
 */
export function encodeValue(value: SqlValue, type: TsqlType): string | null {
  if (value === null) return null;
  switch (familyOf(type)) {
    case 'bit':
      return value === true || value === 1 || value === '1' ? '1' : '0';
    case 'binary':
      return Buffer.isBuffer(value) ? `\\x${value.toString('hex')}` : refuse(value, type);
    case 'datetime':
      return type.name === 'datetimeoffset'
        ? encodeOffset(String(value))
        : exactMoment(String(value));
    case 'string':
    case 'variant': {
      const text = Buffer.isBuffer(value) ? refuse(value, type) : String(value);
      if (text.includes('\0')) throw sqlError(40515, 'the character NUL in a string');
      return text;
    }
    default:
      if (typeof value === 'boolean') return value ? '1' : '0';
      return Buffer.isBuffer(value) ? refuse(value, type) : String(value);
  }
}

function refuse(value: SqlValue, type: TsqlType): never {
  throw sqlError(8114, Buffer.isBuffer(value) ? 'varbinary' : 'nvarchar', type.name);
}

/** PostgreSQL keeps microseconds: a seventh digit that says something cannot be kept. */
function exactMoment(text: string): string {
  const fraction = /\.(\d{6})(\d+)/.exec(text);
  if (fraction && /[1-9]/.test(fraction[2] as string))
    throw sqlError(40515, 'a time finer than a microsecond');
  return text.replace('T', ' ').replace(/Z$/, '');
}

function encodeOffset(text: string): string {
  const found = /^(.*?)\s*(?:([-+])(\d{2}):(\d{2})|Z)?$/.exec(exactMoment(text)) as RegExpExecArray;
  const minutes = found[2] ? Number(`${found[2]}${Number(found[3]) * 60 + Number(found[4])}`) : 0;
  const [moment, fraction] = (found[1] as string).split('.');
  const utc = new Date(
    Date.parse(`${(moment as string).trim().replace(' ', 'T')}Z`) - minutes * 60_000,
  )
    .toISOString()
    .slice(0, 19)
    .replace('T', ' ');
  return `("${utc}${fraction ? `.${fraction}` : ''}",${minutes})`;
}
