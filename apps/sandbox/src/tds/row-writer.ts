import type { SqlValue } from '../engine/sql-engine.port.js';
import type { ColumnCodec } from './column-codec.js';
import { Token } from './protocol.js';
import type { TokenWriter } from './token-writer.js';

/**
 * Writes one ROW, or NBCROW when so many values are null that its bitmap is the shorter form.
 *
 * @throws EncodeError when a value does not fit its column's type
 */
export function writeRow(writer: TokenWriter, codecs: ColumnCodec[], values: SqlValue[]): void {
  const count = codecs.length;
  const bitmapBytes = (count + 7) >> 3;
  let nulls = 0;
  for (let i = 0; i < count; i++) if (values[i] == null) nulls++;
  if (nulls > bitmapBytes) return writeBitmapRow(writer, codecs, values, bitmapBytes);
  writer.uint8(Token.row);
  for (let i = 0; i < count; i++) {
    const value = values[i];
    if (value == null) codecs[i]!.writeNull(writer);
    else codecs[i]!.writeValue(writer, value);
  }
}

function writeBitmapRow(
  writer: TokenWriter,
  codecs: ColumnCodec[],
  values: SqlValue[],
  bitmapBytes: number,
): void {
  writer.uint8(Token.nbcRow);
  writer.ensure(bitmapBytes);
  const bitmapAt = writer.position;
  writer.bytes.fill(0, bitmapAt, bitmapAt + bitmapBytes);
  writer.position += bitmapBytes;
  for (let i = 0; i < codecs.length; i++) {
    const value = values[i];
    if (value == null) writer.bytes[bitmapAt + (i >> 3)]! |= 1 << (i & 7);
    else codecs[i]!.writeValue(writer, value);
  }
}
