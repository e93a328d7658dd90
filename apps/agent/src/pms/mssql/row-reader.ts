/**
 * Reads result sets straight from the wire into the sink's text. Rows never become objects. When a
 * row has not wholly arrived, the wait is inside the row: nothing is read ahead and nothing is lost.
 */
import { describeColumn, type Column } from '#apps/agent/src/pms/mssql/tds-columns.js';
import type { TdsBytes, TdsColumn } from '#apps/agent/src/pms/mssql/tds-bytes.js';
import { need } from '#apps/agent/src/pms/mssql/tds-bytes.js';
import { readLargeValue } from '#apps/agent/src/pms/mssql/tds-large-values.js';
import { JsonOutput } from '#apps/agent/src/pms/rows/json-output.js';
import type { ResultWriter } from '#apps/agent/src/pms/rows/result-writer.js';

const NO_KEY = new Uint8Array(0);
const NULL_TEXT = Buffer.from('null');
const neverWait = (): undefined => undefined;

export class RowReader {
  private columns: Column[] = [];
  /** Takes what nobody wants to see. */
  private readonly discarded = new JsonOutput();

  constructor(private readonly sink: ResultWriter) {}

  /** Starts a result set. */
  begin(columns: readonly TdsColumn[]): void {
    this.columns = columns.map(describeColumn);
    this.sink.beginSet(this.columns.map((column) => column.facts));
    const shown = this.columns.slice(0, this.sink.visible);
    // A CLR type has bytes that only its own assembly understands.
    if (shown.some((column) => column.facts.type === 'udt')) this.sink.refuse('RESULT_UNENCODABLE');
  }

  /** Reads the row whose type byte was just taken; a promise when it has not wholly arrived. */
  read(bytes: TdsBytes, isNullBitmap: boolean): Promise<void> | undefined {
    const bitmapBytes = isNullBitmap ? Math.ceil(this.columns.length / 8) : 0;
    if (bytes.buffer.length - bytes.position < bitmapBytes) {
      return need(bytes, bitmapBytes).then(() => this.read(bytes, isNullBitmap));
    }
    const nulls = isNullBitmap
      ? bytes.buffer.subarray(bytes.position, bytes.position + bitmapBytes)
      : undefined;
    bytes.position += bitmapBytes;
    const { visible } = this.sink;
    if (visible > 0) this.sink.beginRow();
    for (let i = 0; i < this.columns.length; i += 1) {
      if (!this.readColumn(bytes, i, nulls, visible))
        return this.readRest(bytes, i, nulls, visible);
    }
    if (visible > 0) this.sink.endRow();
    return undefined;
  }

  private readColumn(
    bytes: TdsBytes,
    i: number,
    nulls: Buffer | undefined,
    visible: number,
  ): boolean {
    const isShown = i < visible;
    const out = isShown ? this.sink.out : this.discarded;
    const key = isShown ? (this.sink.keys[i] as Buffer) : NO_KEY;
    if (nulls !== undefined && ((nulls[i >> 3] as number) & (1 << (i & 7))) !== 0) {
      out.open(key, 4);
      out.open(NULL_TEXT, 0);
      return true;
    }
    return (this.columns[i] as Column).read(bytes, out, key);
  }

  private async readRest(
    bytes: TdsBytes,
    from: number,
    nulls: Buffer | undefined,
    visible: number,
  ): Promise<void> {
    for (let i = from; i < this.columns.length; i += 1) {
      const { large } = this.columns[i] as Column;
      while (!this.readColumn(bytes, i, nulls, visible)) {
        if (large !== undefined) {
          await this.readLarge(bytes, i, large, i < visible);
          break;
        }
        await bytes.waitForChunk();
      }
    }
    if (visible > 0) this.sink.endRow();
  }

  private readLarge(
    bytes: TdsBytes,
    i: number,
    large: NonNullable<Column['large']>,
    isShown: boolean,
  ): Promise<void> {
    return isShown
      ? readLargeValue(bytes, large, this.sink.out, this.sink.keys[i] as Buffer, () =>
          this.sink.pause(),
        )
      : readLargeValue(bytes, large, this.discarded, NO_KEY, neverWait);
  }
}
