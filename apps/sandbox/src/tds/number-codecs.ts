import type { ColumnCodec, PresentValue } from './column-codec.js';
import { bigTenTo, scaledInteger } from './decimal.js';
import { EncodeError } from './encode-error.js';
import { WireType } from './protocol.js';
import type { TokenWriter } from './token-writer.js';

const writeZeroLength = (writer: TokenWriter): void => writer.uint8(0);

/** A codec of the types whose TYPE_INFO is a code and a size, and whose null is the length 0. */
function sizedCodec(
  code: number,
  size: number,
  writeValue: (writer: TokenWriter, value: PresentValue) => void,
): ColumnCodec {
  return {
    userType: 0,
    hasTableName: false,
    writeTypeInfo: (writer) => {
      writer.uint8(code);
      writer.uint8(size);
    },
    writeValue,
    writeNull: writeZeroLength,
  };
}

const int1 = sizedCodec(WireType.intN, 1, (writer, value) => {
  const n = whole(value, 'tinyint', 0, 255);
  writer.uint8(1);
  writer.uint8(n);
});

const int2 = sizedCodec(WireType.intN, 2, (writer, value) => {
  const n = whole(value, 'smallint', -32_768, 32_767);
  writer.uint8(2);
  writer.uint16(n);
});

const int4 = sizedCodec(WireType.intN, 4, (writer, value) => {
  const n = whole(value, 'int', -2_147_483_648, 2_147_483_647);
  writer.uint8(4);
  writer.uint32(n);
});

export function intCodec(size: 1 | 2 | 4): ColumnCodec {
  return size === 4 ? int4 : size === 2 ? int2 : int1;
}

export const bigintCodec = sizedCodec(WireType.intN, 8, (writer, value) => {
  const n = scaledInteger(String(value), 0);
  if (n === undefined) throw new EncodeError('bigint');
  writer.uint8(8);
  if (typeof n === 'number') return writer.int64(n);
  writeBigInt64(writer, n, 'bigint');
});

export const bitCodec = sizedCodec(WireType.bitN, 1, (writer, value) => {
  writer.uint8(1);
  writer.uint8(value === true || value === 1 ? 1 : 0);
});

const float8 = sizedCodec(WireType.floatN, 8, (writer, value) => {
  const n = finite(value, 'float');
  writer.uint8(8);
  writer.ensure(8);
  writer.position = writer.bytes.writeDoubleLE(n, writer.position);
});

const float4 = sizedCodec(WireType.floatN, 4, (writer, value) => {
  const n = finite(value, 'real');
  if (!Number.isFinite(Math.fround(n))) throw new EncodeError('real');
  writer.uint8(4);
  writer.ensure(4);
  writer.position = writer.bytes.writeFloatLE(n, writer.position);
});

export function floatCodec(size: 4 | 8): ColumnCodec {
  return size === 8 ? float8 : float4;
}

/** money is eight bytes, the high half first; smallmoney four. Both count ten-thousandths. */
const money8 = sizedCodec(WireType.moneyN, 8, (writer, value) => {
  const n = scaledInteger(String(value), 4);
  if (n === undefined) throw new EncodeError('money');
  writer.uint8(8);
  if (typeof n === 'number') {
    writer.uint32(Math.floor(n / 0x1_0000_0000));
    writer.uint32(n);
    return;
  }
  if (BigInt.asIntN(64, n) !== n) throw new EncodeError('money');
  writer.uint32(Number(BigInt.asIntN(32, n >> 32n)));
  writer.uint32(Number(BigInt.asUintN(32, n)));
});

const money4 = sizedCodec(WireType.moneyN, 4, (writer, value) => {
  const n = Number(scaledInteger(String(value), 4));
  if (!(n >= -2_147_483_648 && n <= 2_147_483_647)) throw new EncodeError('smallmoney');
  writer.uint8(4);
  writer.uint32(n);
});

export function moneyCodec(size: 4 | 8): ColumnCodec {
  return size === 8 ? money8 : money4;
}

/** One sign byte (1 is positive), then the scaled number in 4, 8, 12 or 16 bytes by precision. */
export function decimalCodec(
  name: 'decimal' | 'numeric',
  precision: number,
  scale: number,
): ColumnCodec {
  const size = precision <= 9 ? 4 : precision <= 19 ? 8 : precision <= 28 ? 12 : 16;
  const plainLimit = precision <= 15 ? 10 ** precision : Number.POSITIVE_INFINITY;
  const limit = bigTenTo(precision);
  return {
    userType: 0,
    hasTableName: false,
    writeTypeInfo: (writer) => {
      writer.uint8(name === 'decimal' ? WireType.decimalN : WireType.numericN);
      writer.uint8(size + 1);
      writer.uint8(precision);
      writer.uint8(scale);
    },
    writeValue: (writer, value) => {
      const n = scaledInteger(String(value), scale);
      if (n === undefined) throw new EncodeError(name);
      const magnitude = n < 0 ? -n : n;
      if (typeof magnitude === 'number' ? magnitude >= plainLimit : magnitude >= limit) {
        throw new EncodeError(name);
      }
      writer.uint8(size + 1);
      writer.uint8(n < 0 ? 0 : 1);
      writeMagnitude(writer, magnitude, size);
    },
    writeNull: writeZeroLength,
  };
}

function writeMagnitude(writer: TokenWriter, magnitude: number | bigint, size: number): void {
  if (typeof magnitude === 'number') {
    writer.uint32(magnitude);
    if (size > 4) writer.uint32(Math.floor(magnitude / 0x1_0000_0000));
    if (size > 8) writer.uint32(0);
    if (size > 12) writer.uint32(0);
    return;
  }
  for (let shift = 0; shift < size * 8; shift += 32) {
    writer.uint32(Number((magnitude >> BigInt(shift)) & 0xffff_ffffn));
  }
}

function writeBigInt64(writer: TokenWriter, n: bigint, typeName: string): void {
  if (BigInt.asIntN(64, n) !== n) throw new EncodeError(typeName);
  writer.ensure(8);
  writer.position = writer.bytes.writeBigInt64LE(n, writer.position);
}

function whole(value: PresentValue, typeName: string, min: number, max: number): number {
  const n = typeof value === 'number' ? value : Number(value);
  if (!(n >= min && n <= max)) throw new EncodeError(typeName);
  return n;
}

function finite(value: PresentValue, typeName: string): number {
  const n = typeof value === 'number' ? value : Number(value);
  if (!Number.isFinite(n)) throw new EncodeError(typeName);
  return n;
}
