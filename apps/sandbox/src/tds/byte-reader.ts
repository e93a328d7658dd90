import { readWindows1252 } from './windows-1252.js';

/** Thrown when a read runs past the bytes at hand. Without a stack: the bulk reader expects it often. */
export class ShortReadError extends Error {
  override readonly name = 'ShortReadError';
}

const shortRead = new ShortReadError('more bytes were promised than sent');

/**
 * A cursor over received bytes. Every read checks its bounds first and throws ShortReadError, so a
 * length field that lies can neither read a neighbour's bytes nor reserve memory.
 */
export class ByteReader {
  position = 0;

  constructor(readonly bytes: Buffer) {}

  get remaining(): number {
    return this.bytes.length - this.position;
  }

  /** Claims `count` bytes and returns where they begin. */
  take(count: number): number {
    const at = this.position;
    if (count > this.bytes.length - at) throw shortRead;
    this.position = at + count;
    return at;
  }

  uint8(): number {
    return this.bytes[this.take(1)]!;
  }

  uint16(): number {
    return this.bytes.readUInt16LE(this.take(2));
  }

  int16(): number {
    return this.bytes.readInt16LE(this.take(2));
  }

  uint32(): number {
    return this.bytes.readUInt32LE(this.take(4));
  }

  int32(): number {
    return this.bytes.readInt32LE(this.take(4));
  }

  /** Little-endian unsigned number of up to six bytes. */
  uint(byteCount: number): number {
    return this.bytes.readUIntLE(this.take(byteCount), byteCount);
  }

  uint64(): bigint {
    return this.bytes.readBigUInt64LE(this.take(8));
  }

  float32(): number {
    return this.bytes.readFloatLE(this.take(4));
  }

  float64(): number {
    return this.bytes.readDoubleLE(this.take(8));
  }

  /** A copy, so that a small value does not keep a whole message alive. */
  copy(count: number): Buffer {
    const at = this.take(count);
    return Buffer.from(this.bytes.subarray(at, at + count));
  }

  view(count: number): Buffer {
    const at = this.take(count);
    return this.bytes.subarray(at, at + count);
  }

  ucs2(byteCount: number): string {
    const at = this.take(byteCount);
    return this.bytes.toString('utf16le', at, at + byteCount);
  }

  windows1252(byteCount: number): string {
    const at = this.take(byteCount);
    return readWindows1252(this.bytes, at, at + byteCount);
  }

  /** B_VARCHAR: one byte of length in characters, then UTF-16. */
  shortText(): string {
    return this.ucs2(this.uint8() * 2);
  }

  /** US_VARCHAR: two bytes of length in characters, then UTF-16. */
  longText(): string {
    return this.ucs2(this.uint16() * 2);
  }
}
