/**
 * How one column, or one output parameter, goes out: its TYPE_INFO, its values, its null. A codec
 * is built once per result set; writing a row then calls one small function per value.
 *
 * Types are always sent in their nullable wire form (INTN rather than INT4), so an engine that
 * promises NOT NULL and sends a null cannot break the stream.
 */
import type { SqlValue, TsqlType } from '../engine/sql-engine.port.js';
import { guidCodec } from './guid-codec.js';
import { binaryCodec, textCodec } from './text-codecs.js';
import { variantCodec } from './variant-codec.js';
import { datetimeCodec, scaledTimeCodec } from './date-time-codecs.js';
import {
  bigintCodec,
  bitCodec,
  decimalCodec,
  floatCodec,
  intCodec,
  moneyCodec,
} from './number-codecs.js';
import type { TokenWriter } from './token-writer.js';

export type PresentValue = Exclude<SqlValue, null>;

/** How values beyond LARGE_VALUE_UNITS are written piece by piece. */
export interface LargeForm {
  encoding: 'ucs2' | 'windows1252' | 'bytes';
  /** `plp`: length-prefixed chunks; `blob`: text pointer and one length, as text, ntext, image have. */
  framing: 'plp' | 'blob';
}

export interface ColumnCodec {
  /** UserType of COLMETADATA: 80 for timestamp, 256 for sysname, else 0. */
  userType: number;
  /** text, ntext and image name their table in COLMETADATA. */
  hasTableName: boolean;
  writeTypeInfo(writer: TokenWriter): void;
  writeValue(writer: TokenWriter, value: PresentValue): void;
  writeNull(writer: TokenWriter): void;
  /** Present on types whose values may be larger than one would hold in a packet buffer. */
  large?: LargeForm;
}

/** The codec for a type; without precision, scale or length it takes what SQL Server takes, except that text without a length is (max). */
export function codecFor(type: TsqlType): ColumnCodec {
  switch (type.name) {
    case 'bigint':
      return bigintCodec;
    case 'int':
      return intCodec(4);
    case 'smallint':
      return intCodec(2);
    case 'tinyint':
      return intCodec(1);
    case 'bit':
      return bitCodec;
    case 'decimal':
    case 'numeric':
      return decimalCodec(type.name, type.precision ?? 18, type.scale ?? 0);
    case 'money':
      return moneyCodec(8);
    case 'smallmoney':
      return moneyCodec(4);
    case 'float':
      return floatCodec(8);
    case 'real':
      return floatCodec(4);
    case 'date':
    case 'time':
    case 'datetime2':
    case 'datetimeoffset':
      return scaledTimeCodec(type.name, type.scale ?? 7);
    case 'datetime':
    case 'smalldatetime':
      return datetimeCodec(type.name);
    case 'uniqueidentifier':
      return guidCodec;
    case 'sql_variant':
      return variantCodec;
    case 'binary':
    case 'varbinary':
    case 'image':
    case 'timestamp':
      return binaryCodec(type);
    default:
      return textCodec(type);
  }
}
