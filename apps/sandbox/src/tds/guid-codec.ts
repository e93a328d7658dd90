import type { ColumnCodec } from './column-codec.js';
import { EncodeError } from './encode-error.js';
import { WireType } from './protocol.js';
import type { TokenWriter } from './token-writer.js';

/** Sixteen bytes, the first three groups little-endian. */
export const guidCodec: ColumnCodec = {
  userType: 0,
  hasTableName: false,
  writeTypeInfo: (writer) => {
    writer.uint8(WireType.uniqueidentifier);
    writer.uint8(16);
  },
  writeValue: (writer, value) => {
    writer.uint8(16);
    writeGuid(writer, String(value));
  },
  writeNull: (writer) => writer.uint8(0),
};

/** Where in the 36 characters each wire byte stands. */
const GUID_POSITIONS = [6, 4, 2, 0, 11, 9, 16, 14, 19, 21, 24, 26, 28, 30, 32, 34];

function writeGuid(writer: TokenWriter, text: string): void {
  if (text.length !== 36) throw new EncodeError('uniqueidentifier');
  for (const at of GUID_POSITIONS) {
    const byte = (hexDigit(text.charCodeAt(at)) << 4) | hexDigit(text.charCodeAt(at + 1));
    writer.uint8(byte);
  }
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  if (letter >= 0x61 && letter <= 0x66) return letter - 0x57;
  throw new EncodeError('uniqueidentifier');
}
