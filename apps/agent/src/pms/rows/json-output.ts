/**
 * Where row text is written: bytes straight into a buffer, handed on in chunks. No strings are
 * joined and no row objects are made, because this is the agent's hottest path.
 */

const FIRST_CHUNK_BYTES = 4 * 1024;
const CHUNK_BYTES = 64 * 1024;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const HEX = Buffer.from('0123456789abcdef');
const NULL_TEXT = Buffer.from('null');
const TRUE_TEXT = Buffer.from('true');
const FALSE_TEXT = Buffer.from('false');

/** The letter after the backslash for characters that have a short escape, else 0. */
const SHORT_ESCAPE = new Uint8Array(128);
for (const [code, letter] of [
  [8, 'b'],
  [9, 't'],
  [10, 'n'],
  [12, 'f'],
  [13, 'r'],
  [QUOTE, '"'],
  [BACKSLASH, '\\'],
] as const) {
  SHORT_ESCAPE[code] = letter.charCodeAt(0);
}

/** UTF-8 bytes a UTF-16 code unit can become at most: `\u001f`. */
export const BYTES_PER_UTF16_UNIT = 6;

export class JsonOutput {
  /** The buffer being filled. Writers that called `ensure` may write at `at` and move it. */
  buffer: Buffer;
  at = 0;
  private sentTo = 0;
  private before = 0;
  /** Nothing from here on leaves. */
  private heldFrom: number | undefined;

  /**
   * @param deliver takes each chunk, in order; absent: everything written is thrown away
   */
  constructor(private readonly deliver?: (chunk: Buffer) => void) {
    this.buffer = Buffer.allocUnsafe(FIRST_CHUNK_BYTES);
  }

  /** Bytes written so far, delivered or not. */
  get total(): number {
    return this.before + this.at;
  }

  /** Bytes of `total` that were delivered. */
  get delivered(): number {
    return this.before + this.sentTo;
  }

  /** What was written and not delivered yet; good until the next write. */
  get undelivered(): Buffer {
    return this.buffer.subarray(this.sentTo, this.at);
  }

  /** Makes room for `bytes` more at `at`. */
  ensure(bytes: number): void {
    if (this.buffer.length - this.at >= bytes) return;
    if (this.deliver === undefined) {
      this.at = 0;
      if (this.buffer.length < bytes) this.buffer = Buffer.allocUnsafe(bytes);
      return;
    }
    this.deliverTo(this.heldFrom ?? this.total);
    const held = this.undelivered;
    this.before += this.sentTo;
    this.buffer = Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, 2 * held.length + bytes));
    this.at = held.copy(this.buffer);
    this.sentTo = 0;
  }

  /** What is written from now on stays here, however much it is, and can be taken back whole. */
  hold(): void {
    this.heldFrom ??= this.total;
  }

  letGo(): void {
    this.heldFrom = undefined;
  }

  /** What was written from the absolute position on, none of which has left; good until the next write. */
  writtenFrom(total: number): Buffer {
    return this.buffer.subarray(total - this.before, this.at);
  }

  /** Delivers what was written up to the absolute position `total`. */
  deliverTo(total: number): void {
    const upTo = Math.min(total, this.heldFrom ?? total) - this.before;
    if (upTo <= this.sentTo) return;
    this.deliver?.(this.buffer.subarray(this.sentTo, upTo));
    this.sentTo = upTo;
  }

  /** Takes back what was written after the absolute position; false when some of it has left. */
  rewindTo(total: number): boolean {
    if (total < this.delivered) return false;
    this.at = total - this.before;
    return true;
  }

  byte(code: number): void {
    this.ensure(1);
    this.buffer[this.at++] = code;
  }

  /** Writes `text` and makes room for `valueBytes` after it. */
  open(text: Uint8Array, valueBytes: number): void {
    const length = text.length;
    this.ensure(length + valueBytes);
    const { buffer } = this;
    let { at } = this;
    if (length > 64) {
      buffer.set(text, at);
      at += length;
    } else {
      for (let i = 0; i < length; i += 1) buffer[at++] = text[i] as number;
    }
    this.at = at;
  }

  null(): void {
    this.open(NULL_TEXT, 0);
  }

  boolean(value: boolean): void {
    this.open(value ? TRUE_TEXT : FALSE_TEXT, 0);
  }

  /** Characters below 128 that need no escape, without quotes. */
  ascii(text: string): void {
    this.ensure(text.length);
    this.at += this.buffer.write(text, this.at, 'latin1');
  }

  /** A JSON string, quotes included. A lone surrogate is escaped, so it survives. */
  string(text: string): void {
    this.utf8(JSON.stringify(text));
  }

  /** Text that is JSON already. */
  utf8(json: string): void {
    this.ensure(json.length * 3);
    this.at += this.buffer.write(json, this.at, 'utf8');
  }

  /** The inside of a JSON string, without its quotes. */
  stringPart(text: string): void {
    const json = JSON.stringify(text);
    this.utf8(json.slice(1, -1));
  }

  /** `count` decimal digits of a whole number, zeros in front. Room must have been made. */
  digits(value: number, count: number): void {
    const { buffer } = this;
    let rest = value;
    for (let at = this.at + count - 1; at >= this.at; at -= 1) {
      const tenth = Math.floor(rest / 10);
      // The difference first: 48 added to a number near 2^53 would be rounded.
      buffer[at] = 48 + (rest - tenth * 10);
      rest = tenth;
    }
    this.at += count;
  }

  /** A whole number within ±2^53. Room for 17 bytes must have been made. */
  integer(value: number): void {
    let rest = value;
    if (value < 0) {
      this.buffer[this.at++] = 0x2d;
      rest = -value;
    }
    let count = 1;
    for (let power = 10; power <= rest; power *= 10) count += 1;
    this.digits(rest, count);
  }

  quote(): void {
    this.ensure(1);
    this.buffer[this.at++] = QUOTE;
  }

  /** The inside of a JSON string from UTF-16LE bytes. Room for 6 bytes a code unit must have been made. */
  utf16(from: Buffer, start: number, end: number): void {
    const { buffer } = this;
    let { at } = this;
    for (let i = start; i < end; i += 2) {
      const unit = (from[i] as number) | ((from[i + 1] as number) << 8);
      if (unit < 0x80) {
        if (unit >= 0x20 && unit !== QUOTE && unit !== BACKSLASH) buffer[at++] = unit;
        else at = escapeAscii(buffer, at, unit);
      } else if (unit < 0x800) {
        buffer[at++] = 0xc0 | (unit >> 6);
        buffer[at++] = 0x80 | (unit & 0x3f);
      } else if (unit < 0xd800 || unit > 0xdfff) {
        buffer[at++] = 0xe0 | (unit >> 12);
        buffer[at++] = 0x80 | ((unit >> 6) & 0x3f);
        buffer[at++] = 0x80 | (unit & 0x3f);
      } else {
        const low = i + 3 < end ? (from[i + 2] as number) | ((from[i + 3] as number) << 8) : 0;
        if (unit < 0xdc00 && low >= 0xdc00 && low <= 0xdfff) {
          const point = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
          buffer[at++] = 0xf0 | (point >> 18);
          buffer[at++] = 0x80 | ((point >> 12) & 0x3f);
          buffer[at++] = 0x80 | ((point >> 6) & 0x3f);
          buffer[at++] = 0x80 | (point & 0x3f);
          i += 2;
        } else {
          at = escapeUnit(buffer, at, unit);
        }
      }
    }
    this.at = at;
  }

  /**
   * The inside of a JSON string from bytes that are all ASCII; false (and nothing written) when one
   * is not. Room for 6 bytes a character must have been made.
   */
  asciiBytes(from: Buffer, start: number, end: number): boolean {
    const { buffer } = this;
    let { at } = this;
    for (let i = start; i < end; i += 1) {
      const unit = from[i] as number;
      if (unit >= 0x80) return false;
      if (unit >= 0x20 && unit !== QUOTE && unit !== BACKSLASH) buffer[at++] = unit;
      else at = escapeAscii(buffer, at, unit);
    }
    this.at = at;
    return true;
  }

  /** base64 without quotes. */
  base64(from: Buffer, start: number, end: number): void {
    this.ascii(from.toString('base64', start, end));
  }
}

function escapeAscii(buffer: Buffer, at: number, unit: number): number {
  const short = SHORT_ESCAPE[unit] as number;
  if (short === 0) return escapeUnit(buffer, at, unit);
  buffer[at] = BACKSLASH;
  buffer[at + 1] = short;
  return at + 2;
}

function escapeUnit(buffer: Buffer, at: number, unit: number): number {
  buffer[at] = BACKSLASH;
  buffer[at + 1] = 0x75;
  for (let digit = 0; digit < 4; digit += 1) {
    buffer[at + 2 + digit] = HEX[(unit >> (12 - 4 * digit)) & 15] as number;
  }
  return at + 6;
}
