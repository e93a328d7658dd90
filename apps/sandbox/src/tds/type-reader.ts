/**
 * Reads TYPE_INFO and hands back the type in the port's words, with a function that reads its
 * values. Used for parameters of remote procedure calls and for the columns of a bulk load.
 */
import type { SqlValue, TsqlType, TsqlTypeName } from '../engine/sql-engine.port.js';
import type { ByteReader } from './byte-reader.js';
import { invalidValue } from './scalar-values.js';
import { readWindows1252 } from './windows-1252.js';
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
  readVariant,
} from './scalar-values.js';

const MAX_LENGTH = 0xffff;
const COLLATION_BYTES = 5;

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

/** Character and binary types of up to 8000 bytes, their (max) forms and xml. */
function stringType(code: number, reader: ByteReader): WireColumn | undefined {
  switch (code) {
    case WireType.varcharOld:
    case WireType.charOld:
      return shortString(code === WireType.charOld ? 'char' : 'varchar', reader.uint8(), 1);
    case WireType.varbinaryOld:
    case WireType.binaryOld:
      return shortString(code === WireType.binaryOld ? 'binary' : 'varbinary', reader.uint8(), 1);
    case WireType.varchar:
    case WireType.char:
      return shortOrMax(code === WireType.char ? 'char' : 'varchar', reader);
    case WireType.nvarchar:
    case WireType.nchar:
      return shortOrMax(code === WireType.nchar ? 'nchar' : 'nvarchar', reader);
    case WireType.varbinary:
    case WireType.binary:
      return shortOrMax(code === WireType.binary ? 'binary' : 'varbinary', reader);
    case WireType.xml:
      if (reader.uint8() === 1) {
        reader.shortText();
        reader.shortText();
        reader.longText();
      }
      return { type: { name: 'xml' }, read: (r) => readPlp(r, 'nvarchar') };
    default:
      return undefined;
  }
}

function shortOrMax(name: TsqlTypeName, reader: ByteReader): WireColumn {
  const maxBytes = reader.uint16();
  if (decoderOf(name) !== 'binary') reader.take(COLLATION_BYTES);
  if (maxBytes === MAX_LENGTH) {
    return { type: { name, length: 'max' }, read: (r) => readPlp(r, name) };
  }
  return shortString(name, maxBytes, 2);
}

function shortString(name: TsqlTypeName, maxBytes: number, lengthBytes: 1 | 2): WireColumn {
  const length = decoderOf(name) === 'ucs2' ? maxBytes / 2 : maxBytes;
  const nullLength = lengthBytes === 1 ? 0xff : 0xffff;
  return {
    type: { name, length: Math.max(1, length) },
    read: (reader) => {
      const byteCount = lengthBytes === 1 ? reader.uint8() : reader.uint16();
      return byteCount === nullLength ? null : decode(reader, name, byteCount);
    },
  };
}

function blobType(code: number, reader: ByteReader, context: TypeContext): WireColumn | undefined {
  if (code === WireType.variant) {
    reader.uint32();
    return { type: { name: 'sql_variant' }, read: readVariant };
  }
  const name = { [WireType.text]: 'text', [WireType.ntext]: 'ntext', [WireType.image]: 'image' }[
    code
  ];
  if (name === undefined) return undefined;
  const typeName = name as 'text' | 'ntext' | 'image';
  reader.uint32();
  if (typeName !== 'image') reader.take(COLLATION_BYTES);
  return {
    type: { name: typeName },
    read: (r) => {
      if (context === 'bulk') {
        const pointerBytes = r.uint8();
        if (pointerBytes === 0) return null;
        r.take(pointerBytes + 8);
      }
      const byteCount = r.uint32();
      return byteCount === 0xffff_ffff ? null : decode(r, typeName, byteCount);
    },
  };
}

/** Partially length-prefixed bytes: total (or unknown), chunks, an empty chunk. The total is not trusted. */
function readPlp(reader: ByteReader, name: TsqlTypeName): SqlValue {
  const low = reader.uint32();
  const high = reader.uint32();
  if (low === 0xffff_ffff && high === 0xffff_ffff) return null;
  const chunks: Buffer[] = [];
  for (let byteCount = reader.uint32(); byteCount > 0; byteCount = reader.uint32()) {
    chunks.push(reader.view(byteCount));
  }
  const whole = Buffer.concat(chunks);
  if (decoderOf(name) === 'binary') return whole;
  return decoderOf(name) === 'ucs2'
    ? whole.toString('utf16le')
    : readWindows1252(whole, 0, whole.length);
}

function decode(reader: ByteReader, name: TsqlTypeName, byteCount: number): SqlValue {
  const decoder = decoderOf(name);
  if (decoder === 'ucs2') return reader.ucs2(byteCount);
  return decoder === 'binary' ? reader.copy(byteCount) : reader.windows1252(byteCount);
}

function decoderOf(name: TsqlTypeName): 'ucs2' | 'binary' | 'windows1252' {
  if (name === 'nvarchar' || name === 'nchar' || name === 'ntext' || name === 'xml') return 'ucs2';
  if (name === 'varbinary' || name === 'binary' || name === 'image') return 'binary';
  return 'windows1252';
}
