/**
 * SQL Server's values from their bytes on the wire to JSON text, exactly: nothing passes through a
 * JavaScript number or Date that could round it. One small writer for each type.
 * Source: MS-TDS §2.2.5.5.1 (system data type values).
 */
import iconv from 'iconv-lite';
import { BYTES_PER_UTF16_UNIT, type JsonOutput } from '#apps/agent/src/pms/rows/json-output.js';
import {
  DAYS_TO_1900,
  LONGEST_DATE_BYTES,
  writeDay,
  writeOffset,
  writeTime,
} from '#apps/agent/src/pms/rows/date-text.js';

/** Writes the value of `length` bytes at `at`. Makes its own room. */
export type ValueWriter = (from: Buffer, at: number, length: number, out: JsonOutput) => void;

const LETTER_T = 0x54;
const MONEY_SCALE = 4;
const SAFE_BIGINT = BigInt(Number.MAX_SAFE_INTEGER);

export const writeInteger: ValueWriter = (from, at, length, out) => {
  if (length === 8) return writeBigint(from, at, out);
  out.ensure(17);
  if (length === 4) out.integer(from.readInt32LE(at));
  else out.integer(length === 2 ? from.readInt16LE(at) : (from[at] as number));
};

/** Beyond 2^53 a JSON number would be rounded by most readers, so it becomes a string. */
function writeBigint(from: Buffer, at: number, out: JsonOutput): void {
  const value = from.readBigInt64LE(at);
  if (value <= SAFE_BIGINT && value >= -SAFE_BIGINT) out.ascii(value.toString());
  else out.ascii(`"${value.toString()}"`);
}

export const writeBit: ValueWriter = (from, at, _length, out) => out.boolean(from[at] !== 0);

export const writeFloat: ValueWriter = (from, at, length, out) =>
  out.ascii(length === 4 ? shortestReal(from.readFloatLE(at)) : String(from.readDoubleLE(at)));

/** The shortest decimal that reads back as the same 32-bit real. */
function shortestReal(value: number): string {
  for (let digits = 6; digits < 9; digits += 1) {
    const candidate = Number(value.toPrecision(digits));
    if (Math.fround(candidate) === value) return String(candidate);
  }
  return String(Number(value.toPrecision(9)));
}

export const writeMoney: ValueWriter = (from, at, length, out) => {
  const value =
    length === 4
      ? BigInt(from.readInt32LE(at))
      : (BigInt(from.readInt32LE(at)) << 32n) | BigInt(from.readUInt32LE(at + 4));
  writeScaled(value < 0n, (value < 0n ? -value : value).toString(), MONEY_SCALE, out);
};

/** @param scale decimal places of the column */
export const decimalWriter =
  (scale: number): ValueWriter =>
  (from, at, length, out) => {
    const negative = from[at] === 0;
    let digits: string;
    if (length === 5) {
      digits = String(from.readUInt32LE(at + 1));
    } else {
      let magnitude = 0n;
      for (let word = length - 5; word >= 0; word -= 4) {
        magnitude = (magnitude << 32n) | BigInt(from.readUInt32LE(at + 1 + word));
      }
      digits = magnitude.toString();
    }
    writeScaled(negative, digits, scale, out);
  };

function writeScaled(negative: boolean, digits: string, scale: number, out: JsonOutput): void {
  const padded = digits.padStart(scale + 1, '0');
  const whole = padded.slice(0, padded.length - scale);
  const sign = negative && !/^0*$/.test(digits) ? '-' : '';
  out.ascii(`"${sign}${whole}${scale > 0 ? `.${padded.slice(-scale)}` : ''}"`);
}

/** Opens and closes the quotes around what `write` puts between them. */
function quotedDate(out: JsonOutput, write: () => void): void {
  out.ensure(LONGEST_DATE_BYTES);
  out.quote();
  write();
  out.quote();
}

export const writeDate: ValueWriter = (from, at, _length, out) =>
  quotedDate(out, () => writeDay(from.readUIntLE(at, 3), out));

/** datetime (8 bytes, 1/300 s) and smalldatetime (4 bytes, minutes). */
export const writeDatetime: ValueWriter = (from, at, length, out) =>
  quotedDate(out, () => {
    if (length === 4) {
      writeDay(DAYS_TO_1900 + from.readUInt16LE(at), out);
      out.buffer[out.at++] = LETTER_T;
      writeTime(from.readUInt16LE(at + 2) * 60, 0, out);
      return;
    }
    writeDay(DAYS_TO_1900 + from.readInt32LE(at), out);
    out.buffer[out.at++] = LETTER_T;
    writeTime(Math.round((from.readUInt32LE(at + 4) * 10) / 3), 3, out);
  });

/** @param scale fractional-second digits of the column */
export const timeWriter =
  (scale: number): ValueWriter =>
  (from, at, length, out) =>
    quotedDate(out, () => writeTime(from.readUIntLE(at, length), scale, out));

export const datetime2Writer =
  (scale: number): ValueWriter =>
  (from, at, length, out) =>
    quotedDate(out, () => {
      writeDay(from.readUIntLE(at + length - 3, 3), out);
      out.buffer[out.at++] = LETTER_T;
      writeTime(from.readUIntLE(at, length - 3), scale, out);
    });

/** Stored in UTC with the offset beside it; written as the local time that was stored. */
export const datetimeoffsetWriter =
  (scale: number): ValueWriter =>
  (from, at, length, out) =>
    quotedDate(out, () => {
      const offset = from.readInt16LE(at + length - 2);
      const perDay = 86_400 * 10 ** scale;
      const local = from.readUIntLE(at, length - 5) + offset * 60 * 10 ** scale;
      const dayShift = Math.floor(local / perDay);
      writeDay(from.readUIntLE(at + length - 5, 3) + dayShift, out);
      out.buffer[out.at++] = LETTER_T;
      writeTime(local - dayShift * perDay, scale, out);
      writeOffset(offset, out);
    });

/** Byte order of a uniqueidentifier's text; -1 is a dash. */
const GUID_ORDER = [3, 2, 1, 0, -1, 5, 4, -1, 7, 6, -1, 8, 9, -1, 10, 11, 12, 13, 14, 15];
const HEX = Buffer.from('0123456789abcdef');

export const writeGuid: ValueWriter = (from, at, _length, out) => {
  out.ensure(38);
  out.quote();
  for (const index of GUID_ORDER) {
    if (index < 0) {
      out.buffer[out.at++] = 0x2d;
      continue;
    }
    const byte = from[at + index] as number;
    out.buffer[out.at++] = HEX[byte >> 4] as number;
    out.buffer[out.at++] = HEX[byte & 15] as number;
  }
  out.quote();
};

export const writeBinary: ValueWriter = (from, at, length, out) => {
  out.quote();
  out.base64(from, at, at + length);
  out.quote();
};

export const writeNChars: ValueWriter = (from, at, length, out) => {
  out.ensure((length / 2) * BYTES_PER_UTF16_UNIT + 2);
  out.quote();
  out.utf16(from, at, at + length);
  out.quote();
};

/** @param codepage of the column's collation, by iconv's name */
export const charsWriter =
  (codepage: string): ValueWriter =>
  (from, at, length, out) => {
    out.ensure(length * BYTES_PER_UTF16_UNIT + 2);
    out.quote();
    if (!out.asciiBytes(from, at, at + length)) {
      out.stringPart(iconv.decode(from.subarray(at, at + length), codepage));
    }
    out.quote();
  };
