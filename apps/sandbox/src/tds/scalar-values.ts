/** Reads single values of the types without characters, in the port's representation. */
import type { SqlValue } from '../engine/sql-engine.port.js';
import type { ByteReader } from './byte-reader.js';
import {
  DAYS_TO_1900,
  LAST_DAY,
  UNITS_PER_DAY,
  UNITS_PER_SECOND,
  dateText,
  offsetText,
  timeText,
} from './calendar.js';
import { decimalText } from './decimal.js';
import { TdsContentError, WireType } from './protocol.js';

/** SQL Server's answer to a NaN, a day beyond 9999 or a number of an impossible size. */
export function invalidValue(typeName: string): TdsContentError {
  return new TdsContentError(
    8023,
    'The incoming tabular data stream (TDS) protocol stream is incorrect. The supplied value is ' +
      `not a valid instance of data type ${typeName}. Check the source data for invalid values.`,
  );
}

/** tinyint is unsigned, the rest signed; bigint comes as text. */
export function readInt(reader: ByteReader, size: number): SqlValue {
  switch (size) {
    case 1:
      return reader.uint8();
    case 2:
      return reader.int16();
    case 4:
      return reader.int32();
    case 8:
      return bigintText(reader.uint32(), reader.int32());
    default:
      throw invalidValue('int');
  }
}

function bigintText(low: number, high: number): string {
  const value = high * 0x1_0000_0000 + low;
  if (Number.isSafeInteger(value)) return String(value);
  return String((BigInt(high) << 32n) + BigInt(low));
}

export function readBit(reader: ByteReader): SqlValue {
  return reader.uint8() !== 0;
}

export function readFloat(reader: ByteReader, size: number): SqlValue {
  if (size !== 4 && size !== 8) throw invalidValue('float');
  const value = size === 4 ? reader.float32() : reader.float64();
  if (!Number.isFinite(value)) throw invalidValue(size === 4 ? 'real' : 'float');
  return value;
}

export function readMoney(reader: ByteReader, size: number): SqlValue {
  if (size === 4) return decimalText(reader.int32(), 4);
  if (size !== 8) throw invalidValue('money');
  const high = reader.int32();
  const low = reader.uint32();
  const value = high * 0x1_0000_0000 + low;
  return decimalText(Number.isSafeInteger(value) ? value : (BigInt(high) << 32n) + BigInt(low), 4);
}

/** `size` counts the sign byte too. */
export function readDecimal(reader: ByteReader, size: number, scale: number): SqlValue {
  if (size < 5 || size > 17 || (size - 1) % 4 !== 0) throw invalidValue('decimal');
  const isNegative = reader.uint8() === 0;
  const start = reader.take(size - 1);
  let value = 0n;
  for (let at = start + size - 5; at >= start; at -= 4) {
    value = (value << 32n) | BigInt(reader.bytes.readUInt32LE(at));
  }
  const text = decimalText(value, scale);
  return isNegative && value !== 0n ? `-${text}` : text;
}

export function readDatetime(reader: ByteReader, size: number): SqlValue {
  if (size === 4) {
    const days = reader.uint16() + DAYS_TO_1900;
    const minutes = reader.uint16();
    if (minutes >= 1440) throw invalidValue('smalldatetime');
    return `${dateText(days)} ${timeText(minutes * 60 * UNITS_PER_SECOND, 0)}`;
  }
  if (size !== 8) throw invalidValue('datetime');
  const days = reader.int32() + DAYS_TO_1900;
  const ticks = reader.uint32();
  if (days < 0 || days > LAST_DAY || ticks >= 300 * 86_400) throw invalidValue('datetime');
  // Shown to the millisecond: .000, .003, .007, as SQL Server shows it.
  const milliseconds = Math.floor((ticks * 10) / 3 + 0.5);
  return `${dateText(days)} ${timeText(milliseconds * 10_000, 3)}`;
}

export function readScaledTime(
  reader: ByteReader,
  name: 'date' | 'time' | 'datetime2' | 'datetimeoffset',
  scale: number,
  size: number,
): SqlValue {
  const extra = { date: 3, time: 0, datetime2: 3, datetimeoffset: 5 }[name];
  const timeBytes = size - extra;
  const expected = name === 'date' ? 0 : scale <= 2 ? 3 : scale <= 4 ? 4 : 5;
  if (timeBytes !== expected) throw invalidValue(name);
  let units = timeBytes === 0 ? 0 : reader.uint(timeBytes) * 10 ** (7 - scale);
  if (units >= UNITS_PER_DAY) throw invalidValue(name);
  if (name === 'time') return timeText(units, scale);
  let days = reader.uint(3);
  if (name === 'date') return dateText(checkedDay(days, name));
  if (name === 'datetime2') return `${dateText(checkedDay(days, name))} ${timeText(units, scale)}`;
  const offset = reader.int16();
  if (Math.abs(offset) > 14 * 60) throw invalidValue(name);
  units += offset * 60 * UNITS_PER_SECOND;
  days += Math.floor(units / UNITS_PER_DAY);
  units -= Math.floor(units / UNITS_PER_DAY) * UNITS_PER_DAY;
  return `${dateText(checkedDay(days, name))} ${timeText(units, scale)} ${offsetText(offset)}`;
}

function checkedDay(days: number, name: string): number {
  if (days < 0 || days > LAST_DAY) throw invalidValue(name);
  return days;
}

export function readGuid(reader: ByteReader, size: number): SqlValue {
  if (size !== 16) throw invalidValue('uniqueidentifier');
  const at = reader.take(16);
  const { bytes } = reader;
  const part = (from: number, to: number): string => bytes.toString('hex', at + from, at + to);
  const group = (value: number, width: number): string => value.toString(16).padStart(width, '0');
  return [
    group(bytes.readUInt32LE(at), 8),
    group(bytes.readUInt16LE(at + 4), 4),
    group(bytes.readUInt16LE(at + 6), 4),
    part(8, 10),
    part(10, 16),
  ].join('-');
}

/** sql_variant: total length, base type, properties, value; only the common base types. */
export function readVariant(reader: ByteReader): SqlValue {
  const total = reader.uint32();
  if (total === 0) return null;
  const end = reader.position + total;
  const code = reader.uint8();
  const propertyBytes = reader.uint8();
  const properties = reader.view(propertyBytes);
  const size = end - reader.position;
  if (size < 0) throw invalidValue('sql_variant');
  return readVariantValue(reader, code, properties, size);
}

function readVariantValue(
  reader: ByteReader,
  code: number,
  properties: Buffer,
  size: number,
): SqlValue {
  switch (code) {
    case WireType.bit:
      return readBit(reader);
    case WireType.tinyint:
    case WireType.smallint:
    case WireType.int:
    case WireType.bigint:
      return readInt(reader, size);
    case WireType.real:
    case WireType.float:
      return readFloat(reader, size);
    case WireType.money:
    case WireType.smallmoney:
      return readMoney(reader, size);
    case WireType.decimalN:
    case WireType.numericN:
      return readDecimal(reader, size, properties[1] ?? 0);
    case WireType.datetime:
    case WireType.smalldatetime:
      return readDatetime(reader, size);
    case WireType.dateN:
      return readScaledTime(reader, 'date', 0, size);
    case WireType.timeN:
      return readScaledTime(reader, 'time', properties[0] ?? 7, size);
    case WireType.datetime2N:
      return readScaledTime(reader, 'datetime2', properties[0] ?? 7, size);
    case WireType.datetimeoffsetN:
      return readScaledTime(reader, 'datetimeoffset', properties[0] ?? 7, size);
    case WireType.uniqueidentifier:
      return readGuid(reader, size);
    case WireType.nvarchar:
    case WireType.nchar:
      return reader.ucs2(size);
    case WireType.varchar:
    case WireType.char:
      return reader.windows1252(size);
    case WireType.varbinary:
    case WireType.binary:
      return reader.copy(size);
    default:
      throw invalidValue('sql_variant');
  }
}
