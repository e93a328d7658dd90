import type { ColumnCodec, PresentValue } from './column-codec.js';
import { EncodeError } from './encode-error.js';
import { COLLATION, WireType } from './protocol.js';
import { SHORT_LIMIT_BYTES, writeUnits } from './text-codecs.js';
import type { TokenWriter } from './token-writer.js';

const MAX_BYTES = 8009;

/** sql_variant: the port's value has no type of its own, so its JavaScript type chooses int, float, bit, nvarchar or varbinary. */
export const variantCodec: ColumnCodec = {
  userType: 0,
  hasTableName: false,
  writeTypeInfo: (writer) => {
    writer.uint8(WireType.variant);
    writer.uint32(MAX_BYTES);
  },
  writeValue: writeVariant,
  writeNull: (writer) => writer.uint32(0),
};

function writeVariant(writer: TokenWriter, value: PresentValue): void {
  if (typeof value === 'boolean') {
    writeVariantHead(writer, WireType.bit, 0, 1);
    writer.uint8(value ? 1 : 0);
  } else if (typeof value === 'number') {
    if ((value | 0) === value && !Object.is(value, -0)) {
      writeVariantHead(writer, WireType.int, 0, 4);
      writer.uint32(value);
    } else {
      writeVariantHead(writer, WireType.float, 0, 8);
      writer.ensure(8);
      writer.position = writer.bytes.writeDoubleLE(value, writer.position);
    }
  } else {
    const isText = typeof value === 'string';
    const byteCount = isText ? value.length * 2 : value.length;
    if (byteCount > SHORT_LIMIT_BYTES) throw new EncodeError('sql_variant');
    writeVariantHead(
      writer,
      isText ? WireType.nvarchar : WireType.varbinary,
      isText ? 7 : 2,
      byteCount,
    );
    writer.uint16(SHORT_LIMIT_BYTES);
    if (isText) writer.raw(COLLATION);
    writeUnits(writer, value, isText ? 'ucs2' : 'bytes', 0, value.length);
  }
}

function writeVariantHead(
  writer: TokenWriter,
  code: number,
  propertyBytes: number,
  byteCount: number,
): void {
  writer.uint32(2 + propertyBytes + byteCount);
  writer.uint8(code);
  writer.uint8(propertyBytes);
}
