import type { TsqlType } from '../engine/sql-engine.port.js';
import type { ColumnCodec, LargeForm, PresentValue } from './column-codec.js';
import { EncodeError } from './encode-error.js';
import { COLLATION, WireType } from './protocol.js';
import type { TokenWriter } from './token-writer.js';
import { writeWindows1252 } from './windows-1252.js';

/** What the types without (max) hold. */
export const SHORT_LIMIT_BYTES = 8000;
const MAX_TYPE_LENGTH = 0xffff;
const SYSNAME_USER_TYPE = 256;
const TIMESTAMP_USER_TYPE = 80;
/** Nobody reads the pointer back; SQL Server's own clients only skip it. */
const TEXT_POINTER = Buffer.concat([
  Buffer.from([16]),
  Buffer.alloc(16, 0x64),
  Buffer.alloc(8, 0x74),
]);

type Encoding = LargeForm['encoding'];

/** char, varchar, text, nchar, nvarchar, ntext, sysname and xml. Without a length the large form is used: it holds anything. */
export function textCodec(type: TsqlType): ColumnCodec {
  switch (type.name) {
    case 'xml':
      return largeCodec(WireType.xml, 'ucs2', (writer) => writer.uint8(0));
    case 'text':
      return blobCodec(WireType.text, 'windows1252', 0x7fff_ffff);
    case 'ntext':
      return blobCodec(WireType.ntext, 'ucs2', 0x7fff_fffe);
    case 'sysname':
      return { ...shortCodec(WireType.nvarchar, 'ucs2', 256, false), userType: SYSNAME_USER_TYPE };
    case 'char':
    case 'varchar':
      return byLength(type, 'windows1252', WireType.varchar, WireType.char);
    default:
      return byLength(type, 'ucs2', WireType.nvarchar, WireType.nchar);
  }
}

/** binary, varbinary, image and timestamp. */
export function binaryCodec(type: TsqlType): ColumnCodec {
  if (type.name === 'image') return blobCodec(WireType.image, 'bytes', 0x7fff_ffff);
  if (type.name === 'timestamp') {
    return { ...shortCodec(WireType.binary, 'bytes', 8, true), userType: TIMESTAMP_USER_TYPE };
  }
  return byLength(type, 'bytes', WireType.varbinary, WireType.binary);
}

function byLength(
  type: TsqlType,
  encoding: Encoding,
  varyingCode: number,
  fixedCode: number,
): ColumnCodec {
  const isFixed = type.name === 'char' || type.name === 'nchar' || type.name === 'binary';
  if (typeof type.length !== 'number') {
    return largeCodec(varyingCode, encoding, (writer) => {
      writer.uint16(MAX_TYPE_LENGTH);
      if (encoding !== 'bytes') writer.raw(COLLATION);
    });
  }
  const bytes = Math.max(1, encoding === 'ucs2' ? type.length * 2 : type.length);
  return shortCodec(isFixed ? fixedCode : varyingCode, encoding, bytes, isFixed);
}

/** Values of up to 8000 bytes behind a two-byte length; the fixed types are padded to their length. */
function shortCodec(
  code: number,
  encoding: Encoding,
  maxBytes: number,
  isPadded: boolean,
): ColumnCodec {
  const unitBytes = encoding === 'ucs2' ? 2 : 1;
  return {
    userType: 0,
    hasTableName: false,
    writeTypeInfo: (writer) => {
      writer.uint8(code);
      writer.uint16(maxBytes);
      if (encoding !== 'bytes') writer.raw(COLLATION);
    },
    writeValue: (writer, value) => {
      const text = present(value, encoding);
      const byteCount = text.length * unitBytes;
      if (byteCount > maxBytes || maxBytes > SHORT_LIMIT_BYTES) {
        throw new EncodeError(encoding === 'ucs2' ? 'nvarchar' : 'varchar');
      }
      writer.uint16(isPadded ? maxBytes : byteCount);
      writeUnits(writer, text, encoding, 0, text.length);
      if (isPadded) writePadding(writer, encoding, (maxBytes - byteCount) / unitBytes);
    },
    writeNull: (writer) => writer.uint16(0xffff),
  };
}

/** The (max) types and xml: PLP, whose null is eight times 0xff. */
function largeCodec(
  code: number,
  encoding: Encoding,
  writeRest: (writer: TokenWriter) => void,
): ColumnCodec {
  return {
    userType: 0,
    hasTableName: false,
    large: { encoding, framing: 'plp' },
    writeTypeInfo: (writer) => {
      writer.uint8(code);
      writeRest(writer);
    },
    writeValue: (writer, value) => {
      const text = present(value, encoding);
      const byteCount = encoding === 'ucs2' ? text.length * 2 : text.length;
      writer.uint32(byteCount);
      writer.uint32(0);
      if (byteCount > 0) {
        writer.uint32(byteCount);
        writeUnits(writer, text, encoding, 0, text.length);
      }
      writer.uint32(0);
    },
    writeNull: (writer) => {
      writer.uint32(0xffff_ffff);
      writer.uint32(0xffff_ffff);
    },
  };
}

/** text, ntext, image: text pointer, timestamp, four bytes of length; null is a pointer of length 0. */
function blobCodec(code: number, encoding: Encoding, maxBytes: number): ColumnCodec {
  return {
    userType: 0,
    hasTableName: true,
    large: { encoding, framing: 'blob' },
    writeTypeInfo: (writer) => {
      writer.uint8(code);
      writer.uint32(maxBytes);
      if (encoding !== 'bytes') writer.raw(COLLATION);
    },
    writeValue: (writer, value) => {
      const text = present(value, encoding);
      writeBlobHead(writer, encoding === 'ucs2' ? text.length * 2 : text.length);
      writeUnits(writer, text, encoding, 0, text.length);
    },
    writeNull: (writer) => writer.uint8(0),
  };
}

export function writeBlobHead(writer: TokenWriter, byteCount: number): void {
  writer.raw(TEXT_POINTER);
  writer.uint32(byteCount);
}

/** The string or Buffer to be written; other values by their text, since the declared type is text. */
export function present(value: PresentValue, encoding: Encoding): string | Buffer {
  if (encoding !== 'bytes') return typeof value === 'string' ? value : String(value);
  if (!Buffer.isBuffer(value)) throw new EncodeError('varbinary');
  return value;
}

/** Writes characters or bytes `start` to `end`. */
export function writeUnits(
  writer: TokenWriter,
  value: string | Buffer,
  encoding: Encoding,
  start: number,
  end: number,
): void {
  if (typeof value !== 'string') {
    writer.raw(start === 0 && end === value.length ? value : value.subarray(start, end));
  } else if (encoding === 'ucs2') {
    writer.ucs2(value, start, end);
  } else {
    writer.ensure(end - start);
    writeWindows1252(writer.bytes, writer.position, value, start, end);
    writer.position += end - start;
  }
}

function writePadding(writer: TokenWriter, encoding: Encoding, units: number): void {
  for (let i = 0; i < units; i++) {
    if (encoding === 'ucs2') writer.uint16(0x20);
    else writer.uint8(encoding === 'bytes' ? 0 : 0x20);
  }
}
