/**
 * A BULK_LOAD message read while it is still arriving: column descriptions, then rows, pulled one
 * at a time by the engine. Memory stays at about one megabyte, or one row where a row is larger;
 * beyond that the socket is told to wait.
 */
import type { ColumnDescription, SqlValue } from '../engine/sql-engine.port.js';
import { ByteReader, ShortReadError } from './byte-reader.js';
import { TdsContentError, Token } from './protocol.js';
import { streamIncorrect } from './rpc-request.js';
import { readTypeInfo, type WireColumn } from './type-reader.js';

const BUFFER_BYTES = 1024 * 1024;
const NULLABLE_FLAGS = 0x01 | 0x8000;

export class BulkLoadStream {
  #reader = new ByteReader(Buffer.alloc(0));
  #arrived: Buffer[] = [];
  #arrivedBytes = 0;
  #wantedBytes = 0;
  #hasEnded = false;
  #isDiscarding = false;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;
  #columns: WireColumn[] = [];

  /**
   * @param onPressure called with true when the socket should wait and with false when it may go on
   * @param maxRowBytes a row of more bytes ends the load
   */
  constructor(
    private readonly onPressure: (isFull: boolean) => void,
    private readonly maxRowBytes: number,
  ) {}

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Bytes of the message in order; they are copied. */
  feed(payload: Buffer): void {
    if (this.#isDiscarding || payload.length === 0) return;
    this.#arrived.push(Buffer.from(payload));
    this.#arrivedBytes += payload.length;
    if (this.#heldBytes >= this.#wantedBytes) this.#wakeUp();
    this.#reportPressure();
  }

  end(): void {
    this.#hasEnded = true;
    this.#wakeUp();
  }

  /** The load will not be completed: whoever reads rows hears of it. */
  abort(error: Error): void {
    this.#failure ??= error;
    this.#hasEnded = true;
    this.#wakeUp();
  }

  /** Lets the rest of the message go by unread; resolves at its end. */
  async discardRest(): Promise<void> {
    this.#isDiscarding = true;
    this.#arrived = [];
    this.#arrivedBytes = 0;
    this.#reader = new ByteReader(Buffer.alloc(0));
    this.#reportPressure();
    this.#wantedBytes = Number.POSITIVE_INFINITY;
    while (!this.#hasEnded) await this.#nextArrival();
  }

  /** Reads COLMETADATA. To be called once, before rows(). */
  async columns(): Promise<ColumnDescription[]> {
    return this.#read((reader) => {
      const token = reader.uint8();
      // A client without rows may send the closing DONE alone.
      if (token === Token.done) {
        reader.position--;
        return [];
      }
      if (token !== Token.colMetadata) throw streamIncorrect();
      const count = reader.uint16();
      const descriptions: ColumnDescription[] = [];
      this.#columns = [];
      for (let i = 0; i < count; i++) {
        reader.uint32();
        const flags = reader.uint16();
        const column = readTypeInfo(reader, 'bulk', `Column ${i + 1}`);
        const { name: typeName } = column.type;
        if (typeName === 'text' || typeName === 'ntext' || typeName === 'image') reader.longText();
        const name = reader.shortText();
        this.#columns.push(column);
        descriptions.push({ name, type: column.type, nullable: (flags & NULLABLE_FLAGS) !== 0 });
      }
      return descriptions;
    });
  }

  /** @throws the abort's error; TdsContentError when the bytes are no rows */
  async *rows(): AsyncGenerator<SqlValue[], void, void> {
    for (;;) {
      const row = await this.#read((reader) => this.#readRow(reader));
      if (row === undefined) return;
      yield row;
    }
  }

  /** Undefined at the closing DONE. */
  #readRow(reader: ByteReader): SqlValue[] | undefined {
    if (reader.remaining === 0 && this.#hasEnded) return undefined;
    const token = reader.uint8();
    if (token === Token.done) return undefined;
    if (token !== Token.row) throw streamIncorrect();
    const values: SqlValue[] = new Array<SqlValue>(this.#columns.length);
    for (let i = 0; i < this.#columns.length; i++) values[i] = this.#columns[i]!.read(reader);
    return values;
  }

  /** Runs `parse` over what is there; when that is too little, waits until it has doubled, so that a huge value is not re-read at every packet. */
  async #read<T>(parse: (reader: ByteReader) => T): Promise<T> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      const reader = this.#reader;
      const start = reader.position;
      try {
        return parse(reader);
      } catch (error) {
        if (!(error instanceof ShortReadError)) throw error;
        reader.position = start;
      }
      await this.#gather();
    }
  }

  async #gather(): Promise<void> {
    const rest = this.#reader.remaining;
    if (rest > this.maxRowBytes) {
      throw new TdsContentError(701, 'There is insufficient system memory to run this query.', 123);
    }
    if (this.#hasEnded && this.#arrivedBytes === 0) throw streamIncorrect();
    this.#wantedBytes = rest * 2 + 1;
    while (this.#heldBytes < this.#wantedBytes && !this.#hasEnded) {
      this.#reportPressure();
      await this.#nextArrival();
    }
    this.#wantedBytes = 0;
    const left = this.#reader.bytes.subarray(this.#reader.position);
    this.#reader = new ByteReader(Buffer.concat([left, ...this.#arrived]));
    this.#arrived = [];
    this.#arrivedBytes = 0;
    this.#reportPressure();
  }

  get #heldBytes(): number {
    return this.#reader.remaining + this.#arrivedBytes;
  }

  #reportPressure(): void {
    this.onPressure(
      !this.#hasEnded && this.#arrivedBytes >= BUFFER_BYTES && this.#heldBytes >= this.#wantedBytes,
    );
  }

  #nextArrival(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }

  #wakeUp(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
