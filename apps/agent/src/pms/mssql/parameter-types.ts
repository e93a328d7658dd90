/**
 * The 32 parameter types of the wire contract: how each is declared to SQL Server and how its text
 * becomes bytes. tedious' own types would pass decimals and dates through JavaScript numbers.
 * Source: MS-TDS §2.2.5.4 (type info) and §2.2.5.5.1 (values).
 */
import iconv from 'iconv-lite';
import type { ParameterType } from '#libs/contracts/command.js';
import {
  lengthType,
  type TextEncoding,
  type WireType,
} from '#apps/agent/src/pms/mssql/parameter-lengths.js';
import {
  parseBase64,
  parseBit,
  parseDecimal,
  parseFloatText,
  parseGuid,
  parseInteger,
  parseMoment,
  parseMoney,
  parseTime,
  toDatetime,
  toSmallDatetime,
  toUtc,
  type Moment,
} from '#apps/agent/src/pms/mssql/parameter-text.js';

const BYTE_NULL = Buffer.alloc(1);

/** A type whose values have one length, given in one byte; 0 is NULL. */
function fixedType(
  declaration: string,
  typeInfo: number[],
  toBytes: (text: string) => Buffer | undefined,
): WireType {
  return ({ value }) => {
    const data = value === null ? undefined : toBytes(value.trim());
    if (value !== null && data === undefined) return undefined;
    const bytes = data === undefined ? BYTE_NULL : Buffer.concat([Buffer.of(data.length), data]);
    return { declaration, typeInfo: Buffer.from(typeInfo), bytes };
  };
}

function integerType(declaration: string, length: number, isSigned: boolean): WireType {
  const bits = BigInt(length * 8);
  const [min, max] = isSigned
    ? [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n]
    : [0n, (1n << bits) - 1n];
  return fixedType(declaration, [0x26, length], (text) => {
    const value = parseInteger(text, min, max);
    return value === undefined ? undefined : littleEndian(BigInt.asUintN(64, value), length);
  });
}

function littleEndian(value: bigint, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let rest = value;
  for (let i = 0; i < length; i += 1) {
    bytes[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return bytes;
}

function floatBytes(text: string, length: 4 | 8): Buffer | undefined {
  const value = parseFloatText(text);
  if (value === undefined || (length === 4 && !Number.isFinite(Math.fround(value))))
    return undefined;
  const bytes = Buffer.alloc(length);
  if (length === 4) bytes.writeFloatLE(value);
  else bytes.writeDoubleLE(value);
  return bytes;
}

function moneyBytes(text: string, length: 4 | 8): Buffer | undefined {
  const value = parseMoney(text);
  const limit = 1n << BigInt(length * 8 - 1);
  if (value === undefined || value >= limit || value < -limit) return undefined;
  const plain = littleEndian(BigInt.asUintN(64, value), 8);
  // money keeps its high half first.
  return length === 4
    ? plain.subarray(0, 4)
    : Buffer.concat([plain.subarray(4), plain.subarray(0, 4)]);
}

/** Without a value the scale is unknown: ten places keep what practices store. */
const NULL_DECIMAL = { precision: 38, scale: 10 };
const DECIMAL_BYTES = 17;

const decimalType: WireType = ({ value }) => {
  const decimal = value === null ? undefined : parseDecimal(value.trim());
  if (value !== null && decimal === undefined) return undefined;
  const { precision, scale } = decimal ?? NULL_DECIMAL;
  const bytes =
    decimal === undefined
      ? BYTE_NULL
      : Buffer.concat([
          Buffer.of(DECIMAL_BYTES, decimal.negative ? 0 : 1),
          littleEndian(decimal.magnitude, DECIMAL_BYTES - 1),
        ]);
  return {
    declaration: `decimal(${precision}, ${scale})`,
    typeInfo: Buffer.of(0x6a, DECIMAL_BYTES, precision, scale),
    bytes,
  };
};

/** Types without a zone refuse text with one: dropping it would move the moment. */
function momentType(
  declaration: string,
  typeInfo: number[],
  toBytes: (moment: Moment) => Buffer | undefined,
  zoned = false,
): WireType {
  return fixedType(declaration, typeInfo, (text) => {
    const moment = parseMoment(text);
    if (moment === undefined || (moment.offset !== undefined && !zoned)) return undefined;
    return toBytes(moment);
  });
}

const dayBytes = (day: number): Buffer => littleEndian(BigInt(day), 3);
const tickBytes = (ticks: bigint): Buffer => littleEndian(ticks, 5);

function datetimeBytes(moment: Moment): Buffer | undefined {
  const stored = toDatetime(moment);
  if (stored === undefined) return undefined;
  const bytes = Buffer.alloc(8);
  bytes.writeInt32LE(stored.day, 0);
  bytes.writeUInt32LE(stored.ticks, 4);
  return bytes;
}

function smallDatetimeBytes(moment: Moment): Buffer | undefined {
  const stored = toSmallDatetime(moment);
  if (stored === undefined) return undefined;
  const bytes = Buffer.alloc(4);
  bytes.writeUInt16LE(stored.day, 0);
  bytes.writeUInt16LE(stored.minutes, 2);
  return bytes;
}

function offsetBytes(moment: Moment): Buffer | undefined {
  const utc = toUtc(moment);
  if (utc === undefined) return undefined;
  const minutes = Buffer.alloc(2);
  minutes.writeInt16LE(moment.offset ?? 0);
  return Buffer.concat([tickBytes(utc.ticks), dayBytes(utc.day), minutes]);
}

/** Text the code page cannot hold is refused: a question mark in its place would match or store another name. */
function inCodepage(value: string, { codepage }: TextEncoding): Buffer | undefined {
  const bytes = iconv.encode(value, codepage);
  return iconv.decode(bytes, codepage) === value ? bytes : undefined;
}

const utf16 = (value: string): Buffer => Buffer.from(value, 'utf16le');
const unicode = { bytesPerUnit: 2, limit: 4000, hasCollation: true, encode: utf16 } as const;
const singleByte = {
  bytesPerUnit: 1,
  limit: 8000,
  hasCollation: true,
  encode: inCodepage,
} as const;
const binary = { bytesPerUnit: 1, limit: 8000, hasCollation: false, encode: parseBase64 } as const;

const wide = { ...unicode, name: 'nvarchar', typeByte: 0xe7 } as const;
const narrow = { ...singleByte, name: 'varchar', typeByte: 0xa7 } as const;
const octets = { ...binary, name: 'varbinary', typeByte: 0xa5 } as const;
const nvarchar = lengthType({ ...wide, returnsMax: true });
const longText = lengthType({ ...wide, alwaysMax: true });

/** Sent as text under another declaration; SQL Server converts. */
const declaredAs =
  (declaration: string, type: WireType): WireType =>
  (from) => {
    const wire = type(from);
    return wire === undefined ? undefined : { ...wire, declaration };
  };

/** `unsupported`: no text form exists. text, ntext and image become the `max` types that replaced them. */
export const wireTypes: Record<ParameterType, WireType | 'unsupported'> = {
  BigInt: integerType('bigint', 8, true),
  Int: integerType('int', 4, true),
  SmallInt: integerType('smallint', 2, true),
  TinyInt: integerType('tinyint', 1, false),
  Bit: fixedType('bit', [0x68, 1], (text) => {
    const value = parseBit(text);
    return value === undefined ? undefined : Buffer.of(value ? 1 : 0);
  }),
  Float: fixedType('float', [0x6d, 8], (text) => floatBytes(text, 8)),
  Real: fixedType('real', [0x6d, 4], (text) => floatBytes(text, 4)),
  Money: fixedType('money', [0x6e, 8], (text) => moneyBytes(text, 8)),
  SmallMoney: fixedType('smallmoney', [0x6e, 4], (text) => moneyBytes(text, 4)),
  Decimal: decimalType,
  Date: momentType('date', [0x28], (moment) => dayBytes(moment.day)),
  DateTime: momentType('datetime', [0x6f, 8], datetimeBytes),
  SmallDateTime: momentType('smalldatetime', [0x6f, 4], smallDatetimeBytes),
  DateTime2: momentType('datetime2(7)', [0x2a, 7], (moment) =>
    Buffer.concat([tickBytes(moment.ticks), dayBytes(moment.day)]),
  ),
  DateTimeOffset: momentType('datetimeoffset(7)', [0x2b, 7], offsetBytes, true),
  Time: fixedType('time(7)', [0x29, 7], (text) => {
    const ticks = parseTime(text);
    return ticks === undefined ? undefined : tickBytes(ticks);
  }),
  UniqueIdentifier: fixedType('uniqueidentifier', [0x24, 16], parseGuid),
  String: nvarchar,
  NVarChar: nvarchar,
  NChar: lengthType({ ...unicode, name: 'nchar', typeByte: 0xef }),
  NText: longText,
  VarChar: lengthType({ ...narrow, returnsMax: true }),
  Char: lengthType({ ...singleByte, name: 'char', typeByte: 0xaf }),
  Text: lengthType({ ...narrow, alwaysMax: true }),
  Binary: lengthType({ ...binary, name: 'binary', typeByte: 0xad }),
  VarBinary: lengthType({ ...octets, returnsMax: true }),
  Image: lengthType({ ...octets, alwaysMax: true }),
  Timestamp: lengthType({ ...binary, name: 'binary', typeByte: 0xad, limit: 8 }),
  Xml: declaredAs('xml', longText),
  Variant: declaredAs('sql_variant', lengthType(wide)),
  Structured: 'unsupported',
  Udt: 'unsupported',
};
