import type { SqlValue } from '../engine/sql-engine.port.js';
import type { ColumnCodec, LargeForm, PresentValue } from './column-codec.js';
import { Token } from './protocol.js';
import type { ResponseChannel } from './response-channel.js';
import { present, writeBlobHead, writeUnits } from './text-codecs.js';

/** Values longer than this, in characters or bytes, are written in pieces with back-pressure between them. */
export const LARGE_VALUE_UNITS = 64 * 1024;
const PIECE_UNITS = 32 * 1024;
const UNKNOWN_PLP_LENGTH = Buffer.from('feffffffffffffff', 'hex');

/**
 * Writes a row with at least one large value. When the request is cancelled meanwhile, an open PLP
 * value is ended early and the remaining columns become null, so the tokens stay well formed.
 */
export async function writeLargeRow(
  channel: ResponseChannel,
  codecs: ColumnCodec[],
  values: SqlValue[],
  isCancelled: () => boolean,
): Promise<void> {
  const { writer } = channel;
  writer.uint8(Token.row);
  for (let i = 0; i < codecs.length; i++) {
    const codec = codecs[i]!;
    const value = values[i];
    if (value == null || isCancelled()) {
      codec.writeNull(writer);
    } else if (codec.large !== undefined && lengthOf(value) > LARGE_VALUE_UNITS) {
      await writeLargeValue(channel, codec.large, value, isCancelled);
    } else {
      codec.writeValue(writer, value);
    }
  }
  await channel.flush();
}

async function writeLargeValue(
  channel: ResponseChannel,
  form: LargeForm,
  value: PresentValue,
  isCancelled: () => boolean,
): Promise<void> {
  const { writer } = channel;
  const source = present(value, form.encoding);
  const unitBytes = form.encoding === 'ucs2' ? 2 : 1;
  if (form.framing === 'blob') writeBlobHead(writer, source.length * unitBytes);
  else writer.raw(UNKNOWN_PLP_LENGTH);
  for (let start = 0; start < source.length; start += PIECE_UNITS) {
    const end = Math.min(source.length, start + PIECE_UNITS);
    if (form.framing === 'plp') {
      if (isCancelled()) break;
      writer.uint32((end - start) * unitBytes);
    }
    writeUnits(writer, source, form.encoding, start, end);
    await channel.flush();
  }
  if (form.framing === 'plp') writer.uint32(0);
}

function lengthOf(value: PresentValue): number {
  return typeof value === 'string' || Buffer.isBuffer(value) ? value.length : 0;
}
