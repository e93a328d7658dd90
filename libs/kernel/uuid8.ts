/** UUIDs of version 8, whose bits mean what their maker says. Source: RFC 9562 §5.8. */
import { createHash } from 'node:crypto';

export const UUID_BYTES = 16;

/** Sets the version and the variant in these 16 bytes, which loses their six bits. */
export function markUuid8(bytes: Buffer): void {
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
}

/** @param bytes 16 of them @returns lowercase text, as it is written everywhere */
export function uuidText(bytes: Buffer): string {
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** @returns the same UUID for the same words, wherever it is made */
export function uuid8Of(words: string): string {
  const bytes = createHash('sha256').update(words).digest().subarray(0, UUID_BYTES);
  markUuid8(bytes);
  return uuidText(bytes);
}
