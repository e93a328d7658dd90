/** sql_variant: every value carries its own type and properties. Source: MS-TDS §2.2.5.5.4. */
import { ConduitError } from '#libs/errors/conduit-error.js';
import type { JsonOutput } from '#apps/agent/src/pms/rows/json-output.js';
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
import { codepageOf } from '#apps/agent/src/pms/mssql/tedious-seam.js';

/** By the type byte; `properties` are the bytes between the header and the value. */
const WRITERS: Record<number, (properties: Buffer) => ValueWriter> = {
  0x24: () => writeGuid,
  0x32: () => writeBit,
  0x30: () => writeInteger,
  0x34: () => writeInteger,
  0x38: () => writeInteger,
  0x7f: () => writeInteger,
  0x3a: () => writeDatetime,
  0x3d: () => writeDatetime,
  0x3b: () => writeFloat,
  0x3e: () => writeFloat,
  0x7a: () => writeMoney,
  0x3c: () => writeMoney,
  0x28: () => writeDate,
  0x29: (properties) => timeWriter(properties[0] as number),
  0x2a: (properties) => datetime2Writer(properties[0] as number),
  0x2b: (properties) => datetimeoffsetWriter(properties[0] as number),
  0xa5: () => writeBinary,
  0xad: () => writeBinary,
  0x6a: (properties) => decimalWriter(properties[1] as number),
  0x6c: (properties) => decimalWriter(properties[1] as number),
  0xa7: (properties) => charsWriter(codepageOf(properties.subarray(0, 5))),
  0xaf: (properties) => charsWriter(codepageOf(properties.subarray(0, 5))),
  0xe7: () => writeNChars,
  0xef: () => writeNChars,
};

/**
 * @param length bytes of the whole variant: type, count of property bytes, properties, value
 * @throws ConduitError RESULT_UNENCODABLE for a base type that has no JSON form
 */
export function writeVariant(from: Buffer, at: number, length: number, out: JsonOutput): void {
  const propertyBytes = from[at + 1] as number;
  const valueAt = at + 2 + propertyBytes;
  const writer = WRITERS[from[at] as number]?.(from.subarray(at + 2, valueAt));
  if (writer === undefined) throw new ConduitError('RESULT_UNENCODABLE');
  writer(from, valueAt, length - 2 - propertyBytes, out);
}
