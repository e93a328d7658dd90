/**
 * Parameters whose type has a length: text and binary, short or `max`.
 * Source: MS-TDS §2.2.5.2.3 (partially length-prefixed bytes).
 */

/** A parameter ready for the wire. */
export interface WireValue {
  /** As in `DECLARE @p <declaration>`. */
  declaration: string;
  typeInfo: Buffer;
  /** Length and value. */
  bytes: Buffer;
}

export interface TextEncoding {
  codepage: string;
  /** Five bytes of the connection's collation. */
  collation: Buffer;
}

/** What a value is made from. `value` null is NULL. */
export interface TextValue {
  value: string | null;
  /** Declared length in bytes or characters; -1 is max. */
  size?: number;
  /** The database writes into it. */
  returns?: boolean;
  encoding: TextEncoding;
}

/** Undefined: the text is no value of this type. */
export type WireType = (from: TextValue) => WireValue | undefined;

const MAX_LENGTH = 0xffff;
const PLP_UNKNOWN = Buffer.from('feffffffffffffff', 'hex');
const PLP_NULL = Buffer.from('ffffffffffffffff', 'hex');
const PLP_END = Buffer.alloc(4);
const WORD_NULL = Buffer.from('ffff', 'hex');

interface LengthForm {
  name: string;
  typeByte: number;
  /** Units of `size` the type takes before it must be `max`. */
  limit: number;
  bytesPerUnit: 1 | 2;
  hasCollation: boolean;
  alwaysMax?: boolean;
  /** `max` where it returns and has no size: SQL Server cuts at the declared length without a word. */
  returnsMax?: boolean;
  encode(value: string, encoding: TextEncoding): Buffer | undefined;
}

/** @returns a type of this form; what does not fit its limit becomes `max` */
export function lengthType(form: LengthForm): WireType {
  return ({ value, size, returns, encoding }) => {
    const data = value === null ? null : form.encode(value, encoding);
    if (data === undefined) return undefined;
    const units = Math.max(1, size ?? 0, (data?.length ?? 0) / form.bytesPerUnit);
    const unsized = size === undefined || size === 0;
    const maxBack = unsized && returns === true && form.returnsMax === true;
    const isMax = form.alwaysMax === true || maxBack || size === -1 || units > form.limit;
    const declared = unsized && value === null ? form.limit : units;
    const length = Buffer.alloc(2);
    length.writeUInt16LE(isMax ? MAX_LENGTH : declared * form.bytesPerUnit);
    return {
      declaration: `${form.name}(${isMax ? 'max' : declared})`,
      typeInfo: Buffer.concat([
        Buffer.of(form.typeByte),
        length,
        form.hasCollation ? encoding.collation : Buffer.alloc(0),
      ]),
      bytes: isMax ? plp(data) : worded(data),
    };
  };
}

function worded(data: Buffer | null): Buffer {
  if (data === null) return WORD_NULL;
  const length = Buffer.alloc(2);
  length.writeUInt16LE(data.length);
  return Buffer.concat([length, data]);
}

function plp(data: Buffer | null): Buffer {
  if (data === null) return PLP_NULL;
  if (data.length === 0) return Buffer.concat([PLP_UNKNOWN, PLP_END]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(data.length);
  return Buffer.concat([PLP_UNKNOWN, length, data, PLP_END]);
}
