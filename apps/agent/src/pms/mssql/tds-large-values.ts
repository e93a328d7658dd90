/**
 * Values too large to wait for: varchar(max), xml, text, image… They are written piece by piece as
 * they arrive, so that a 2 GB value costs no more memory than a small one, and the caps and a slow
 * reader act in the middle of it.
 */
import iconv from 'iconv-lite';
import { BYTES_PER_UTF16_UNIT, type JsonOutput } from '#apps/agent/src/pms/rows/json-output.js';
import type { Column, LargeForm } from '#apps/agent/src/pms/mssql/tds-columns.js';
import { need, type TdsBytes } from '#apps/agent/src/pms/mssql/tds-bytes.js';

const PIECE_BYTES = 8 * 1024;
const PLP_NULL = 0xffff_ffff_ffff_ffffn;
const TEXT_TIMESTAMP_BYTES = 8;

/** Text of a value in the making. */
interface PieceWriter {
  write(from: Buffer, start: number, end: number): void;
  /** Writes what was held back at the end of the last piece. */
  end(): void;
}

/** Holds back half a code unit and the first half of a surrogate pair. */
class Utf16Pieces implements PieceWriter {
  private held = Buffer.alloc(0);

  constructor(private readonly out: JsonOutput) {}

  write(from: Buffer, start: number, end: number): void {
    let bytes = from.subarray(start, end);
    if (this.held.length > 0) bytes = Buffer.concat([this.held, bytes]);
    let whole = bytes.length & ~1;
    const last = whole >= 2 ? bytes.readUInt16LE(whole - 2) : 0;
    if (last >= 0xd800 && last < 0xdc00) whole -= 2;
    this.out.ensure((whole / 2) * BYTES_PER_UTF16_UNIT);
    this.out.utf16(bytes, 0, whole);
    this.held = Buffer.from(bytes.subarray(whole));
  }

  end(): void {
    this.out.ensure(BYTES_PER_UTF16_UNIT);
    this.out.utf16(this.held, 0, this.held.length & ~1);
  }
}

class CodepagePieces implements PieceWriter {
  private readonly decoder: iconv.DecoderStream;
  /** Once a byte beyond ASCII was seen, a character may span pieces. */
  private isPlain = true;

  constructor(
    private readonly out: JsonOutput,
    codepage: string,
  ) {
    this.decoder = iconv.getDecoder(codepage);
  }

  write(from: Buffer, start: number, end: number): void {
    this.out.ensure((end - start) * BYTES_PER_UTF16_UNIT);
    if (this.isPlain && this.out.asciiBytes(from, start, end)) return;
    this.isPlain = false;
    this.out.stringPart(this.decoder.write(from.subarray(start, end)));
  }

  end(): void {
    const rest = this.decoder.end();
    if (rest !== undefined) this.out.stringPart(rest);
  }
}

/** Holds back up to two bytes, so that every piece is whole base64 groups. */
class Base64Pieces implements PieceWriter {
  private held = Buffer.alloc(0);

  constructor(private readonly out: JsonOutput) {}

  write(from: Buffer, start: number, end: number): void {
    let bytes = from.subarray(start, end);
    if (this.held.length > 0) bytes = Buffer.concat([this.held, bytes]);
    const whole = bytes.length - (bytes.length % 3);
    this.out.base64(bytes, 0, whole);
    this.held = Buffer.from(bytes.subarray(whole));
  }

  end(): void {
    this.out.base64(this.held, 0, this.held.length);
  }
}

function pieceWriter(form: LargeForm, out: JsonOutput): PieceWriter {
  if (form === 'utf16') return new Utf16Pieces(out);
  return form === 'base64' ? new Base64Pieces(out) : new CodepagePieces(out, form.codepage);
}

/**
 * Reads one large value and writes `key` and the value.
 * @param pause awaited between pieces when it returns a promise
 */
export async function readLargeValue(
  bytes: TdsBytes,
  large: NonNullable<Column['large']>,
  out: JsonOutput,
  key: Uint8Array,
  pause: () => Promise<void> | undefined,
): Promise<void> {
  const isNull = large.framing === 'plp' ? await plpIsNull(bytes) : await textIsNull(bytes);
  out.open(key, 0);
  if (isNull) return out.null();
  out.quote();
  const writer = pieceWriter(large.form, out);
  for (;;) {
    await need(bytes, 4);
    const length = bytes.buffer.readUInt32LE(bytes.position);
    bytes.position += 4;
    if (length > 0) await readRun(bytes, length, writer, pause);
    if (length === 0 || large.framing === 'textPointer') break;
  }
  writer.end();
  out.quote();
}

async function plpIsNull(bytes: TdsBytes): Promise<boolean> {
  await need(bytes, 8);
  const total = bytes.buffer.readBigUInt64LE(bytes.position);
  bytes.position += 8;
  return total === PLP_NULL;
}

async function textIsNull(bytes: TdsBytes): Promise<boolean> {
  await need(bytes, 1);
  const pointerBytes = bytes.buffer[bytes.position] as number;
  if (pointerBytes === 0) {
    bytes.position += 1;
    return true;
  }
  await need(bytes, 1 + pointerBytes + TEXT_TIMESTAMP_BYTES);
  bytes.position += 1 + pointerBytes + TEXT_TIMESTAMP_BYTES;
  return false;
}

async function readRun(
  bytes: TdsBytes,
  length: number,
  writer: PieceWriter,
  pause: () => Promise<void> | undefined,
): Promise<void> {
  let left = length;
  while (left > 0) {
    await need(bytes, 1);
    const available = Math.min(left, bytes.buffer.length - bytes.position, PIECE_BYTES);
    writer.write(bytes.buffer, bytes.position, bytes.position + available);
    bytes.position += available;
    left -= available;
    const room = pause();
    if (room !== undefined) await room;
  }
}
