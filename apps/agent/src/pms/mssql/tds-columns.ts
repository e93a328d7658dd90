/**
 * One reader for each column of a result set, chosen once from the column's metadata: it takes a
 * value off the wire and writes it as JSON text.
 */
import type { ColumnFacts } from '#libs/contracts/link-messages.js';
import type { TdsColumn } from '#apps/agent/src/pms/mssql/tds-bytes.js';
import {
  byteLength,
  fixed,
  readLater,
  readNull,
  readVariant,
  wholePlp,
  wordLength,
  type ColumnReader,
} from '#apps/agent/src/pms/mssql/column-readers.js';
import {
  charsWriter,
  datetime2Writer,
  datetimeoffsetWriter,
  decimalWriter,
  timeWriter,
  writeBinary,
  writeBit,
  writeDate,
  writeDatetime,
  writeFloat,
  writeGuid,
  writeInteger,
  writeMoney,
  writeNChars,
  type ValueWriter,
} from '#apps/agent/src/pms/mssql/tds-values.js';

/** How a large value's pieces become text. */
export type LargeForm = 'utf16' | 'base64' | { codepage: string };

export interface Column {
  facts: ColumnFacts;
  read: ColumnReader;
  /** Set for types whose value may be too large to wait for: it is read in pieces instead. */
  large?: { form: LargeForm; framing: 'plp' | 'textPointer' };
}

const MAX_LENGTH = 0xffff;
const NULLABLE = 1;
const TIMESTAMP_USER_TYPE = 80;
const DEFAULT_CODEPAGE = 'utf-8';

/** What the type itself decides: its name in SQL Server and how it is read. */
type Described = Omit<Column, 'facts'> & Omit<ColumnFacts, 'name' | 'nullable'>;

/** SQL Server's names of the types that say their length in the metadata. */
const BY_LENGTH: Record<string, Record<number, string>> = {
  IntN: { 1: 'tinyint', 2: 'smallint', 4: 'int', 8: 'bigint' },
  FloatN: { 4: 'real', 8: 'float' },
  MoneyN: { 4: 'smallmoney', 8: 'money' },
  BitN: { 1: 'bit' },
  DateTimeN: { 4: 'smalldatetime', 8: 'datetime' },
};

const BY_LENGTH_WRITERS: Record<string, ValueWriter> = {
  IntN: writeInteger,
  FloatN: writeFloat,
  MoneyN: writeMoney,
  BitN: writeBit,
  DateTimeN: writeDatetime,
};

const FIXED: Record<string, [type: string, length: number, write: ValueWriter]> = {
  TinyInt: ['tinyint', 1, writeInteger],
  SmallInt: ['smallint', 2, writeInteger],
  Int: ['int', 4, writeInteger],
  BigInt: ['bigint', 8, writeInteger],
  Bit: ['bit', 1, writeBit],
  Real: ['real', 4, writeFloat],
  Float: ['float', 8, writeFloat],
  SmallMoney: ['smallmoney', 4, writeMoney],
  Money: ['money', 8, writeMoney],
  SmallDateTime: ['smalldatetime', 4, writeDatetime],
  DateTime: ['datetime', 8, writeDatetime],
};

/** @param column as tedious parsed it from COLMETADATA or RETURNVALUE */
export function describeColumn(column: TdsColumn): Column {
  const { read, large, ...facts } = describe(column);
  return {
    facts: { name: column.colName ?? '', ...facts, nullable: (column.flags & NULLABLE) !== 0 },
    read,
    ...(large === undefined ? {} : { large }),
  };
}

function describe(column: TdsColumn): Described {
  const kind = column.type.name;
  const plain = FIXED[kind];
  if (plain !== undefined) return { type: plain[0], read: fixed(plain[1], plain[2]) };
  const length = column.dataLength ?? 0;
  const named = BY_LENGTH[kind]?.[length];
  if (named !== undefined) {
    return { type: named, read: byteLength(BY_LENGTH_WRITERS[kind] as ValueWriter) };
  }
  return describeText(kind, length, column) ?? describeScaled(kind, column);
}

function describeText(kind: string, length: number, column: TdsColumn): Described | undefined {
  const codepage = column.collation?.codepage ?? DEFAULT_CODEPAGE;
  const isMax = length === MAX_LENGTH;
  switch (kind) {
    case 'Char':
    case 'VarChar': {
      const type = kind.toLowerCase();
      if (isMax) return plp(type, { codepage });
      return { type, length, read: wordLength(charsWriter(codepage)) };
    }
    case 'NChar':
    case 'NVarChar':
      if (isMax) return plp(kind.toLowerCase(), 'utf16');
      return { type: kind.toLowerCase(), length: length / 2, read: wordLength(writeNChars) };
    case 'Binary':
    case 'VarBinary': {
      const isTimestamp = column.userType === TIMESTAMP_USER_TYPE;
      if (isMax) return plp('varbinary', 'base64');
      const type = isTimestamp ? 'timestamp' : kind.toLowerCase();
      return { type, length, read: wordLength(writeBinary) };
    }
    case 'Xml':
      return plp('xml', 'utf16');
    case 'Text':
      return textPointer('text', { codepage }, length);
    case 'NText':
      return textPointer('ntext', 'utf16', Math.floor(length / 2));
    case 'Image':
      return textPointer('image', 'base64', length);
    default:
      return undefined;
  }
}

function describeScaled(kind: string, column: TdsColumn): Described {
  const scale = column.scale ?? 0;
  switch (kind) {
    case 'DecimalN':
    case 'NumericN': {
      const type = kind === 'DecimalN' ? 'decimal' : 'numeric';
      const precision = column.precision ?? 0;
      return { type, precision, scale, read: byteLength(decimalWriter(scale)) };
    }
    case 'Date':
      return { type: 'date', read: byteLength(writeDate) };
    case 'Time':
      return { type: 'time', scale, read: byteLength(timeWriter(scale)) };
    case 'DateTime2':
      return { type: 'datetime2', scale, read: byteLength(datetime2Writer(scale)) };
    case 'DateTimeOffset':
      return { type: 'datetimeoffset', scale, read: byteLength(datetimeoffsetWriter(scale)) };
    case 'UniqueIdentifier':
      return { type: 'uniqueidentifier', read: byteLength(writeGuid) };
    case 'Variant':
      return { type: 'sql_variant', read: readVariant };
    case 'Null':
      return { type: 'null', read: readNull };
    default:
      // CLR types (geography, hierarchyid…); whoever shows the column must refuse it.
      return plp('udt', 'base64');
  }
}

function plp(type: string, form: LargeForm): Described {
  const read = wholePlp(wholeWriter(form));
  return { type, length: -1, read, large: { form, framing: 'plp' } };
}

function wholeWriter(form: LargeForm): ValueWriter {
  if (form === 'utf16') return writeNChars;
  return form === 'base64' ? writeBinary : charsWriter(form.codepage);
}

function textPointer(type: string, form: LargeForm, length: number): Described {
  return { type, length, read: readLater, large: { form, framing: 'textPointer' } };
}
