/**
 * A copy of the rows of an answer while they are few, so that the same answer can be given again. It
 * stands beside the bytes on their way out and knows where each row begins and ends.
 */
import type { ColumnFacts } from '#libs/contracts/link-messages.js';

export interface RecordedSet {
  /** By the database's own names: those that are shown follow from them, and a filter knows no others. */
  columns: ColumnFacts[];
  /** Each row's JSON object. */
  rows: string[];
}

const OPEN_BRACE = 0x7b;

export class RowRecording {
  private chunks: Buffer[] = [];
  private bytes = 0;
  private sets: { columns: ColumnFacts[]; spans: [start: number, end: number][] }[] = [];
  private isOver = false;

  /** @param maxBytes of row text that are kept; with more, nothing is */
  constructor(private readonly maxBytes: number) {}

  beginSet(columns: ColumnFacts[]): void {
    this.sets.push({ columns, spans: [] });
  }

  /** @param start of the row in the bytes of the answer, or of the one byte that joins it to what came before */
  endRow(start: number, end: number): void {
    if (end > this.maxBytes) this.giveUp();
    else this.sets.at(-1)?.spans.push([start, end]);
  }

  /** The next bytes of the answer. */
  take(chunk: Buffer): void {
    if (this.isOver) return;
    this.bytes += chunk.length;
    if (this.bytes > this.maxBytes) this.giveUp();
    else this.chunks.push(chunk);
  }

  giveUp(): void {
    this.isOver = true;
    this.chunks = [];
    this.sets = [];
  }

  /**
   * The rows so far; undefined when they were too many.
   * @param rest bytes of the answer that were not taken yet
   */
  recorded(rest: Buffer): RecordedSet[] | undefined {
    if (this.isOver) return undefined;
    const bytes = Buffer.concat([...this.chunks, rest]);
    return this.sets.map(({ columns, spans }) => ({
      columns,
      rows: spans.map(([start, end]) =>
        bytes.toString('utf8', bytes[start] === OPEN_BRACE ? start : start + 1, end),
      ),
    }));
  }
}
