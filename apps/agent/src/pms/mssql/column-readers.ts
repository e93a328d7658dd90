/**
 * Readers by the way a type's length stands on the wire. Each takes a value off the wire whole, or
 * says that it has not wholly arrived. Source: MS-TDS §2.2.5.2.3.
 */
import type { JsonOutput } from '#apps/agent/src/pms/rows/json-output.js';
import type { TdsBytes } from '#apps/agent/src/pms/mssql/tds-bytes.js';
import type { ValueWriter } from '#apps/agent/src/pms/mssql/tds-values.js';
import { writeVariant } from '#apps/agent/src/pms/mssql/tds-variant.js';

/**
 * Writes `key` and the next value. False: the value has not wholly arrived; nothing was read or
 * written.
 */
export type ColumnReader = (bytes: TdsBytes, out: JsonOutput, key: Uint8Array) => boolean;

const MAX_LENGTH = 0xffff;

/** Fixed-length types: no length on the wire, never NULL outside an NBCROW. */
export const fixed =
  (length: number, write: ValueWriter): ColumnReader =>
  (bytes, out, key) => {
    const at = bytes.position;
    if (bytes.buffer.length < at + length) return false;
    out.open(key, 0);
    write(bytes.buffer, at, length, out);
    bytes.position = at + length;
    return true;
  };

/** Types with a length of one byte; 0 is NULL. */
export const byteLength =
  (write: ValueWriter): ColumnReader =>
  (bytes, out, key) => {
    const at = bytes.position + 1;
    if (bytes.buffer.length < at) return false;
    const length = bytes.buffer[at - 1] as number;
    if (bytes.buffer.length < at + length) return false;
    out.open(key, 0);
    if (length === 0) out.null();
    else write(bytes.buffer, at, length, out);
    bytes.position = at + length;
    return true;
  };

/** Types with a length of two bytes; 0xFFFF is NULL. */
export const wordLength =
  (write: ValueWriter): ColumnReader =>
  (bytes, out, key) => {
    const at = bytes.position + 2;
    if (bytes.buffer.length < at) return false;
    const length = bytes.buffer.readUInt16LE(at - 2);
    const end = length === MAX_LENGTH ? at : at + length;
    if (bytes.buffer.length < end) return false;
    out.open(key, 0);
    if (length === MAX_LENGTH) out.null();
    else write(bytes.buffer, at, length, out);
    bytes.position = end;
    return true;
  };

/** sql_variant: a length of four bytes, at most 8,016; 0 is NULL. */
export const readVariant: ColumnReader = (bytes, out, key) => {
  const at = bytes.position + 4;
  if (bytes.buffer.length < at) return false;
  const length = bytes.buffer.readUInt32LE(at - 4);
  if (bytes.buffer.length < at + length) return false;
  out.open(key, 0);
  if (length === 0) out.null();
  else writeVariant(bytes.buffer, at, length, out);
  bytes.position = at + length;
  return true;
};

export const readNull: ColumnReader = (_bytes, out, key) => {
  out.open(key, 0);
  out.null();
  return true;
};

/** text, ntext and image are read in pieces. */
export const readLater: ColumnReader = () => false;

const WHOLE_PLP_BYTES = 16 * 1024;

/** A `max` value that has arrived whole, in one run, and is not large; others are read in pieces. */
export const wholePlp =
  (write: ValueWriter): ColumnReader =>
  (bytes, out, key) => {
    const { buffer, position: at } = bytes;
    if (buffer.length < at + 8) return false;
    const isNull =
      buffer.readUInt32LE(at) === 0xffff_ffff && buffer.readUInt32LE(at + 4) === 0xffff_ffff;
    if (isNull) {
      out.open(key, 0);
      out.null();
      bytes.position = at + 8;
      return true;
    }
    if (buffer.length < at + 12) return false;
    const run = buffer.readUInt32LE(at + 8);
    const end = at + 12 + run + (run === 0 ? 0 : 4);
    if (run > WHOLE_PLP_BYTES || buffer.length < end) return false;
    if (run > 0 && buffer.readUInt32LE(end - 4) !== 0) return false;
    out.open(key, 0);
    write(buffer, at + 12, run, out);
    bytes.position = end;
    return true;
  };
