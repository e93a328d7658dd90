/**
 * Reads TYPE_INFO and hands back the type in the port's words, with a function that reads its
 * values. Used for parameters of remote procedure calls and for the columns of a bulk load.
 */
import type { SqlValue, TsqlType } from '../engine/sql-engine.port.js';
import type { ByteReader } from './byte-reader.js';
import { invalidValue } from './scalar-values.js';
import { blobType, stringType } from './string-types.js';
import { TdsContentError, WireType } from './protocol.js';
import {
  readBit,
  readDatetime,
  readDecimal,
  readFloat,
  readGuid,
  readInt,
  readMoney,
  readScaledTime,
} from './scalar-values.js';

export interface WireColumn {
  type: TsqlType;
  read(reader: ByteReader): SqlValue;
}

/** In a bulk load, text, ntext and image values stand behind a text pointer; in a call they do not. */
export type TypeContext = 'call' | 'bulk';

/**
 * @param parameter names the place for error 8009, e.g. `Parameter 3 ("@name")`
 * @throws TdsContentError 8009 for a type that is unknown or not served (CLR types, table-valued parameters)
 */
export function readTypeInfo(
  reader: ByteReader,
  context: TypeContext,
  parameter: string,
): WireColumn {
  const code = reader.uint8();
  const column =
    fixedType(code) ??
    sizedType(code, reader) ??
    stringType(code, reader) ??
    blobType(code, reader, context);
  if (column === undefined) {
    throw new TdsContentError(
      8009,
      'The incoming tabular data stream (TDS) remote procedure call (RPC) protocol stream is ' +
        `incorrect. ${parameter}: Data type 0x${code.toString(16).toUpperCase().padStart(2, '0')} is unknown.`,
    );
  }
  return column;
}

/** Types without a length: they cannot be null. */
function fixedType(code: number): WireColumn | undefined {
  switch (code) {
    case WireType.null:
      return { type: { name: 'nvarchar', length: 1 }, read: () => null };
    case WireType.tinyint:
      return { type: { name: 'tinyint' }, read: (r) => readInt(r, 1) };
    case WireType.bit:
      return { type: { name: 'bit' }, read: readBit };
    case WireType.smallint:
      return { type: { name: 'smallint' }, read: (r) => readInt(r, 2) };
    case WireType.int:
      return { type: { name: 'int' }, read: (r) => readInt(r, 4) };
    case WireType.bigint:
      return { type: { name: 'bigint' }, read: (r) => readInt(r, 8) };
    case WireType.real:
      return { type: { name: 'real' }, read: (r) => readFloat(r, 4) };
    case WireType.float:
      return { type: { name: 'float' }, read: (r) => readFloat(r, 8) };
    case WireType.smallmoney:
      return { type: { name: 'smallmoney' }, read: (r) => readMoney(r, 4) };
    case WireType.money:
      return { type: { name: 'money' }, read: (r) => readMoney(r, 8) };
    case WireType.smalldatetime:
      return { type: { name: 'smalldatetime' }, read: (r) => readDatetime(r, 4) };
    case WireType.datetime:
      return { type: { name: 'datetime' }, read: (r) => readDatetime(r, 8) };
    default:
      return undefined;
  }
}

/** Types whose values begin with one byte of length; 0 is null. */
function sizedType(code: number, reader: ByteReader): WireColumn | undefined {
  switch (code) {
    case WireType.intN: {
      const name = ({ 1: 'tinyint', 2: 'smallint', 4: 'int', 8: 'bigint' } as const)[
        reader.uint8()
      ];
      return sized({ name: name ?? 'bigint' }, readInt);
    }
    case WireType.bitN:
      reader.uint8();
      return sized({ name: 'bit' }, readBit);
    case WireType.floatN:
      return sized({ name: reader.uint8() === 4 ? 'real' : 'float' }, readFloat);
    case WireType.moneyN:
      return sized({ name: reader.uint8() === 4 ? 'smallmoney' : 'money' }, readMoney);
    case WireType.datetimeN:
      return sized({ name: reader.uint8() === 4 ? 'smalldatetime' : 'datetime' }, readDatetime);
    case WireType.uniqueidentifier:
      reader.uint8();
      return sized({ name: 'uniqueidentifier' }, readGuid);
    case WireType.dateN:
      return sized({ name: 'date' }, (r) => readScaledTime(r, 'date', 0, 3));
    case WireType.timeN:
      return scaled('time', reader.uint8());
    case WireType.datetime2N:
      return scaled('datetime2', reader.uint8());
    case WireType.datetimeoffsetN:
      return scaled('datetimeoffset', reader.uint8());
    case WireType.decimalN:
    case WireType.numericN:
    case WireType.decimalOld:
    case WireType.numericOld: {
      reader.uint8();
      const isDecimal = code === WireType.decimalN || code === WireType.decimalOld;
      const precision = reader.uint8();
      const scale = reader.uint8();
      if (precision < 1 || precision > 38 || scale > precision) throw invalidValue('decimal');
      return sized({ name: isDecimal ? 'decimal' : 'numeric', precision, scale }, (r, size) =>
        readDecimal(r, size, scale),
      );
    }
    default:
      return undefined;
  }
}

function scaled(name: 'time' | 'datetime2' | 'datetimeoffset', scale: number): WireColumn {
  if (scale > 7) throw invalidValue(name);
  return sized({ name, scale }, (r, size) => readScaledTime(r, name, scale, size));
}

function sized(type: TsqlType, read: (reader: ByteReader, size: number) => SqlValue): WireColumn {
  return {
    type,
    read: (reader) => {
      const size = reader.uint8();
      return size === 0 ? null : read(reader, size);
    },
  };
}
