/** TYPE_INFO and values of the character, binary, xml and text-pointer types, for type-reader. */
import type { SqlValue, TsqlTypeName } from '../engine/sql-engine.port.js';
import type { ByteReader } from './byte-reader.js';
import { WireType } from './protocol.js';
import { readVariant } from './scalar-values.js';
import type { TypeContext, WireColumn } from './type-reader.js';
import { readWindows1252 } from './windows-1252.js';

const MAX_LENGTH = 0xffff;
const COLLATION_BYTES = 5;

/** Character and binary types of up to 8000 bytes, their (max) forms and xml. */
export function stringType(code: number, reader: ByteReader): WireColumn | undefined {
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

export function blobType(
  code: number,
  reader: ByteReader,
  context: TypeContext,
): WireColumn | undefined {
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
