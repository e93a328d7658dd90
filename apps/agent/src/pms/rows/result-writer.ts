/**
 * Turns result sets into the body of an answer: one JSON array of row objects, NDJSON with a
 * trailer, or pages that are a JSON array each. It counts rows and bytes, stops at the caps, and lets the driver wait when the reader
 * is slow. It knows nothing of SQL Server: drivers write values into `out`.
 */
import { createHash, type Hash } from 'node:crypto';
import type { ColumnFacts, ConsentMark, RowForm } from '#libs/contracts/link-messages.js';
import type { ErrorCode } from '#libs/errors/catalogue.js';
import { ChunkQueue } from '#apps/agent/src/pms/rows/chunk-queue.js';
import { columnKeys } from '#apps/agent/src/pms/rows/column-names.js';
import { JsonOutput } from '#apps/agent/src/pms/rows/json-output.js';
import type { RecordedSet, RowRecording } from '#apps/agent/src/pms/rows/row-recording.js';
import { PageCutter } from '#apps/agent/src/pms/rows/page-cutter.js';

export interface ResultShape {
  form: RowForm;
  resultSets: 'first' | 'all';
  /** Whether column facts are wanted. */
  columns: boolean;
  executionMode: 'reader' | 'nonQuery' | 'scalar';
  maxRows: number;
  maxBytes: number;
  /** What passing `maxBytes` is called; absent: RESULT_TOO_LARGE. */
  bytesFault?: BytesFault;
}

/** Too large for this way of asking, or more than the practice lets anybody have. */
export type BytesFault = 'RESULT_TOO_LARGE' | 'RESULT_BYTES_LIMIT';

export type BytesCap = Required<Pick<ResultShape, 'maxBytes' | 'bytesFault'>>;

/** Decides which rows are shown. */
export interface RowFilter {
  /** @returns whether the rows of such a set can be told apart; if not, none is shown */
  beginSet(shown: readonly ColumnFacts[]): boolean;
  /** @param row its text without the closing brace @param keys as in ResultWriter */
  keeps(row: Buffer, keys: readonly Buffer[]): boolean;
}

/** Bytes held for a reader that is slower than the database. */
const HIGH_WATER_BYTES = 256 * 1024;

const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const COMMA = 0x2c;
const NEWLINE = 0x0a;

export class ResultWriter {
  /** With form `pages` each chunk is a whole page. */
  readonly chunks = new ChunkQueue(HIGH_WATER_BYTES);
  readonly out = new JsonOutput((chunk) => this.take(chunk));
  /** Text to write before the value of each column of this set: `{"a":`, `,"b":`… */
  keys: Buffer[] = [];
  /** How many leading columns of the next row go into `out`; the driver throws the others away. */
  visible = 0;
  /** Rows written, all result sets together. */
  rows = 0;
  /** Why it stopped taking rows. */
  fault: ErrorCode | undefined;
  readonly columnsOfSets: ColumnFacts[][] = [];
  /** Set before the first row by whoever may have to give the same answer again. */
  recording: RowRecording | undefined;
  /** Set before the first row by whoever may not show all of them. */
  filter: RowFilter | undefined;
  consent: ConsentMark | undefined;
  /** These are the rows of an earlier run. */
  isRepeated = false;
  /** Resolves when the first bytes can be sent, or at the end. */
  readonly started: Promise<void>;

  private signalStarted: () => void = () => {};
  private sets = 0;
  private setsOpened = 0;
  private setIsOpen = false;
  private closing = false;
  private begun = false;
  private rowsOfSet = 0;
  private rowStart = 0;
  private inRow = false;
  private flushPlanned = false;
  private hash: Hash | undefined;
  private readonly pages: PageCutter | undefined;

  /** @param onFault called once when a cap is passed; the driver's run should be stopped */
  constructor(
    private readonly shape: ResultShape,
    private readonly onFault: (fault: ErrorCode) => void,
  ) {
    this.hash = shape.form === 'ndjson' ? createHash('sha256') : undefined;
    this.pages = shape.form === 'pages' ? new PageCutter() : undefined;
    this.started = new Promise((resolve) => {
      this.signalStarted = resolve;
    });
  }

  /** Bytes of the body so far, before compression. */
  get size(): number {
    return this.out.total;
  }

  /** The cap on the answer, and what passing it is called. */
  get bytesCap(): BytesCap {
    const { maxBytes, bytesFault = 'RESULT_TOO_LARGE' } = this.shape;
    return { maxBytes, bytesFault };
  }

  beginSet(columns: ColumnFacts[]): void {
    this.endSet();
    this.sets += 1;
    this.rowsOfSet = 0;
    this.visible = this.columnsShown(columns.length);
    if (this.visible === 0) return;
    if (this.filter?.beginSet(columns.slice(0, this.visible)) === false)
      return this.refuse('CONSENT_RESULT_WITHHELD');
    const names = columnKeys(columns.map((column) => column.name));
    this.keys = names.map((name, i) =>
      Buffer.from(`${i === 0 ? '{' : ','}${JSON.stringify(name)}:`),
    );
    const shown = columns
      .slice(0, this.visible)
      .map((column, i) => ({ ...column, name: names[i] as string }));
    if (this.shape.columns) this.columnsOfSets.push(shown);
    this.recording?.beginSet(columns.slice(0, this.visible));
    this.openSet(shown);
  }

  beginRow(): void {
    this.rowStart = this.out.total;
    this.inRow = true;
    if (this.filter !== undefined) this.out.hold();
    if (this.pages?.isEmpty === true) this.out.byte(OPEN_BRACKET);
    else if (this.rowsOfSet > 0 && this.shape.form !== 'ndjson') this.out.byte(COMMA);
  }

  endRow(): void {
    if (this.filter !== undefined && !this.isShown(this.filter)) return this.takeRowBack();
    this.out.byte(CLOSE_BRACE);
    this.recording?.endRow(this.rowStart, this.out.total);
    if (this.shape.form === 'ndjson') this.out.byte(NEWLINE);
    if (this.rows >= this.shape.maxRows) return this.refuse('RESULT_ROWS_LIMIT');
    const { sizeFault } = this;
    if (sizeFault) return this.refuse(sizeFault);
    this.inRow = false;
    this.rows += 1;
    this.rowsOfSet += 1;
    if (this.pages?.addRow(this.out.total) === true) this.cutPage();
    if (this.shape.executionMode === 'scalar') this.visible = 0;
  }

  /** A row that was recorded before, as its JSON object. */
  repeatRow(json: string): void {
    if (this.visible === 0) return;
    this.beginRow();
    this.out.utf8(json.slice(0, -1));
    this.endRow();
  }

  /** What was recorded so far; undefined when it was too much or nobody asked for it. */
  get recordedSets(): RecordedSet[] | undefined {
    return this.fault === undefined ? this.recording?.recorded(this.out.undelivered) : undefined;
  }

  /**
   * Drivers call this whenever they have read all that has arrived, and between pieces of a large
   * value. A promise means: wait, the reader is slower.
   */
  pause(): Promise<void> | undefined {
    const { sizeFault } = this;
    if (sizeFault) this.refuse(sizeFault);
    if (this.pages !== undefined) return this.chunks.ready();
    if (!this.flushPlanned && this.chunks.isEmpty && this.out.total > this.out.delivered) {
      this.flushPlanned = true;
      // One turn later, so that a small answer leaves whole and not in two pieces.
      setImmediate(() => this.flush());
    }
    return this.chunks.ready();
  }

  /** With form `pages`: rows of each page that was handed on, in order. */
  get rowsOfPages(): readonly number[] {
    return this.pages?.rowsOfPages ?? [];
  }

  /** Closes the body after the last row. */
  finish(): void {
    if (this.chunks.isEnded) return;
    this.endSet();
    if (this.shape.executionMode !== 'nonQuery') this.finishBody();
    this.close();
  }

  /** Whether any byte of the body has left: until then a failure can be told by a true status. */
  get hasBegun(): boolean {
    return this.begun;
  }

  /**
   * Closes the body after a failure; NDJSON readers learn of it from the trailer. A body that has
   * not begun stays empty.
   */
  fail(failure: object): void {
    if (this.chunks.isEnded) return;
    this.visible = 0;
    if (!this.begun || this.pages !== undefined) return this.closeEmpty();
    this.closing = true;
    if (this.inRow) this.cutRow();
    if (this.shape.form === 'ndjson') this.trailer({ $error: { ...failure, rows: this.rows } });
    this.close();
  }

  /** With a filter the whole row is still here. */
  private isShown(filter: RowFilter): boolean {
    this.out.letGo();
    // Before it stand the bracket or comma that join it to what came before.
    const joined = this.out.writtenFrom(this.rowStart);
    return filter.keeps(joined.subarray(joined.indexOf(OPEN_BRACE)), this.keys);
  }

  private takeRowBack(): void {
    this.out.rewindTo(this.rowStart);
    this.inRow = false;
    if (this.shape.executionMode === 'scalar') this.visible = 0;
  }

  private get sizeFault(): BytesFault | undefined {
    const { total } = this.out;
    if (total > this.shape.maxBytes) return this.shape.bytesFault ?? 'RESULT_TOO_LARGE';
    return this.pages?.isTooLargeAt(total) === true ? 'RESULT_TOO_LARGE' : undefined;
  }

  private columnsShown(count: number): number {
    const { executionMode, resultSets } = this.shape;
    if (this.fault !== undefined || executionMode === 'nonQuery') return 0;
    if (this.sets > 1 && (resultSets === 'first' || executionMode === 'scalar')) return 0;
    return executionMode === 'scalar' ? 1 : count;
  }

  private openSet(columns: ColumnFacts[]): void {
    const { form, resultSets } = this.shape;
    this.setIsOpen = true;
    this.setsOpened += 1;
    if (form === 'pages') return;
    if (form === 'objects') {
      if (resultSets === 'all') this.out.byte(this.setsOpened === 1 ? OPEN_BRACKET : COMMA);
      this.out.byte(OPEN_BRACKET);
      return;
    }
    if (resultSets === 'all') this.out.utf8(`${JSON.stringify({ $set: this.setsOpened })}\n`);
    if (this.shape.columns) this.out.utf8(`${JSON.stringify({ $columns: columns })}\n`);
  }

  private endSet(): void {
    if (this.setIsOpen && this.shape.form === 'objects') this.out.byte(CLOSE_BRACKET);
    this.setIsOpen = false;
  }

  /** Closes the page and hands it on whole. The first one may hold no row. */
  private cutPage(): void {
    const pages = this.pages as PageCutter;
    if (pages.isEmpty) this.out.byte(OPEN_BRACKET);
    this.out.byte(CLOSE_BRACKET);
    this.out.deliverTo(this.out.total);
    this.chunks.push(pages.cut(this.out.total));
    this.begun = true;
    this.signalStarted();
  }

  private finishBody(): void {
    if (this.shape.form === 'ndjson') {
      this.trailer({ $end: { rows: this.rows, sha256: this.sha256() } });
    } else if (this.pages !== undefined) {
      if (!this.pages.isEmpty || this.pages.rowsOfPages.length === 0) this.cutPage();
    } else if (this.shape.resultSets === 'all') {
      if (this.setsOpened === 0) this.out.byte(OPEN_BRACKET);
      this.out.byte(CLOSE_BRACKET);
    } else if (this.setsOpened === 0) {
      this.out.utf8('[]');
    }
  }

  /** Takes an unfinished row back; if a part of it has left, ends its line. */
  private cutRow(): void {
    this.inRow = false;
    this.out.letGo();
    if (this.out.rewindTo(this.rowStart)) return;
    this.out.rewindTo(this.out.delivered);
    if (this.shape.form === 'ndjson') this.out.byte(NEWLINE);
  }

  private sha256(): string {
    this.out.deliverTo(this.out.total);
    const digest = (this.hash as Hash).digest('hex');
    this.hash = undefined;
    return digest;
  }

  private trailer(line: object): void {
    this.out.utf8(`${JSON.stringify(line)}\n`);
  }

  private closeEmpty(): void {
    this.chunks.end();
    this.signalStarted();
  }

  private close(): void {
    this.out.deliverTo(this.out.total);
    this.chunks.end();
    this.signalStarted();
  }

  /** Only whole rows leave early, so that a row cut off by a failure can still be taken back. */
  private flush(): void {
    this.flushPlanned = false;
    if (this.chunks.isEnded) return;
    this.out.deliverTo(this.inRow ? this.rowStart : this.out.total);
  }

  private take(chunk: Buffer): void {
    this.recording?.take(chunk);
    // Past a cap the rest of the row is not wanted; only the trailer still is.
    if (this.fault !== undefined && !this.closing) return;
    if (this.pages !== undefined) return this.pages.add(chunk);
    this.hash?.update(chunk);
    this.chunks.push(chunk);
    this.begun = true;
    this.signalStarted();
  }

  /** Takes no more rows, for the reason given. */
  refuse(fault: ErrorCode): void {
    this.visible = 0;
    if (this.fault !== undefined) return;
    this.fault = fault;
    this.chunks.letGo();
    this.onFault(fault);
  }
}
