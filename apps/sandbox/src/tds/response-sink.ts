/**
 * Turns what the engine produces into tokens, in order, with the MORE, COUNT and ERROR bits a
 * client relies on, and makes a slow reader slow the engine down. One instance serves one request.
 *
 * A promise comes back only when the socket is full or the event loop needs air; every other row
 * costs no more than its bytes.
 */
import {
  CancelledError,
  type ColumnDescription,
  type ProcedureOutcome,
  type ResultSink,
  type ServerMessage,
  type SqlValue,
} from '../engine/sql-engine.port.js';
import { codecFor, type ColumnCodec } from './column-codec.js';
import { LARGE_VALUE_UNITS, writeLargeRow } from './large-row.js';
import { DoneStatus, Token } from './protocol.js';
import type { ResponseChannel } from './response-channel.js';
import { writeRow } from './row-writer.js';
import type { TokenWriter } from './token-writer.js';
import {
  writeColumnMetadata,
  writeDone,
  writeMessage,
  writeReturnStatus,
  writeReturnValue,
  type Done,
} from './tokens.js';

const FLUSH_BYTES = 64 * 1024;
const SELECT_COMMAND = 0xc1;

export type ResponseKind = 'batch' | 'procedure';

export class ResponseSink implements ResultSink {
  #codecs: ColumnCodec[] = [];
  #hasLargeColumns = false;
  /** The last statement's DONE waits until it is known whether something follows it. */
  #heldDone: Done | undefined;
  #hasUnreportedError = false;
  #isCancelled = false;
  /** Tokens that arrive while a large value is half written. */
  #afterLargeRow: (() => void)[] | undefined;
  #largeRowInProgress: Promise<void> | undefined;
  #hasEnded = false;
  readonly #writer: TokenWriter;

  constructor(
    private readonly channel: ResponseChannel,
    private readonly kind: ResponseKind,
  ) {
    this.#writer = channel.writer;
  }

  /** Resolves when no value is half written. To be awaited before one of the end functions. */
  async settled(): Promise<void> {
    await this.#largeRowInProgress?.catch(() => undefined);
  }

  /** From now on rows are refused: the engine hears CancelledError at its next one. */
  cancel(): void {
    this.#isCancelled = true;
  }

  columns(columns: ColumnDescription[]): void | Promise<void> {
    this.#refuseIfCancelled();
    this.#releaseDone();
    this.#codecs = columns.map((column) => codecFor(column.type));
    this.#hasLargeColumns = this.#codecs.some((codec) => codec.large !== undefined);
    writeColumnMetadata(this.#writer, columns, this.#codecs);
    return this.#flushIfFull();
  }

  row(values: SqlValue[]): void | Promise<void> {
    if (this.#isCancelled || this.#hasEnded) throw new CancelledError();
    if (this.#hasLargeColumns && values.some(isLarge)) {
      return (this.#largeRowInProgress = this.#largeRow(values));
    }
    const start = this.#writer.position;
    try {
      writeRow(this.#writer, this.#codecs, values);
    } catch (error) {
      this.#writer.position = start;
      throw error;
    }
    if (this.#writer.position >= FLUSH_BYTES) return this.channel.flush();
  }

  statementDone(done: { rowCount?: number; isSelect: boolean }): void | Promise<void> {
    this.#afterRow(() => {
      this.#releaseDone();
      this.#heldDone = {
        token: this.kind === 'procedure' ? Token.doneInProc : Token.done,
        status:
          (done.rowCount === undefined ? 0 : DoneStatus.count) |
          (this.#hasUnreportedError ? DoneStatus.error : 0),
        command: done.isSelect ? SELECT_COMMAND : 0,
        rowCount: done.rowCount ?? 0,
      };
      this.#hasUnreportedError = false;
    });
    return this.#flushIfFull();
  }

  message(message: ServerMessage): void {
    this.#afterRow(() => {
      this.#releaseDone();
      if (message.class > 10) this.#hasUnreportedError = true;
      writeMessage(this.#writer, this.channel.serverName, message);
    });
  }

  catalogueChanged(from: string, to: string): void {
    this.#afterRow(() => {
      this.#releaseDone();
      this.channel.reportCatalogue(from, to);
    });
  }

  transactionChanged(event: 'begun' | 'committed' | 'rolledBack'): void {
    this.#afterRow(() => {
      this.#releaseDone();
      this.channel.reportTransaction(event);
    });
  }

  /** The end of a batch, a transaction request or a bulk load: the last DONE, without MORE. */
  endBatch(): void {
    if (this.#heldDone !== undefined && this.#hasUnreportedError) this.#releaseDone();
    const last = this.#heldDone ?? { token: Token.done, status: 0, command: 0, rowCount: 0 };
    this.#heldDone = undefined;
    last.status |= this.#takeErrorBit();
    this.#hasEnded = true;
    writeDone(this.#writer, last);
  }

  /** The end of a bulk load: its row count, unless the engine already reported one or an error. */
  endBulkLoad(rowCount: number): void {
    if (this.#heldDone === undefined && !this.#hasUnreportedError) {
      void this.statementDone({ rowCount, isSelect: false });
    }
    this.endBatch();
  }

  /** The end of one procedure: status, output values, DONEPROC. `ordinals` are the outputs' places in the call. */
  endProcedure(
    outcome: ProcedureOutcome,
    options: { more: boolean; ordinalOf: (name: string, index: number) => number },
  ): void {
    this.#releaseDone();
    const start = this.#writer.position;
    try {
      if (outcome.returnStatus !== undefined) writeReturnStatus(this.#writer, outcome.returnStatus);
      outcome.outputs.forEach((output, i) =>
        writeReturnValue(this.#writer, options.ordinalOf(output.name, i), output),
      );
    } catch (error) {
      this.#writer.position = start;
      throw error;
    }
    this.#hasEnded = true;
    writeDone(this.#writer, {
      token: Token.doneProc,
      status: (options.more ? DoneStatus.more : 0) | this.#takeErrorBit(),
      command: 0,
      rowCount: 0,
    });
  }

  /** The end of a request that was cancelled or failed outside SQL: whatever was open is closed with an error. */
  endAborted(): void {
    this.#hasUnreportedError = true;
    this.#releaseDone();
    this.#hasEnded = true;
    const token = this.kind === 'procedure' ? Token.doneProc : Token.done;
    writeDone(this.#writer, { token, status: DoneStatus.error, command: 0, rowCount: 0 });
  }

  async #largeRow(values: SqlValue[]): Promise<void> {
    this.#afterLargeRow = [];
    try {
      await writeLargeRow(this.channel, this.#codecs, values, () => this.#isCancelled);
    } finally {
      const waiting = this.#afterLargeRow;
      this.#afterLargeRow = undefined;
      for (const write of waiting) write();
    }
    this.#refuseIfCancelled();
  }

  /** A message may arrive from the engine at any moment, also inside a value: it waits for the row's end. */
  #afterRow(write: () => void): void {
    // An engine that is late with its words must not speak into the next answer.
    if (this.#hasEnded) return;
    if (this.#afterLargeRow === undefined) write();
    else this.#afterLargeRow.push(write);
  }

  #releaseDone(): void {
    if (this.#heldDone === undefined) return;
    this.#heldDone.status |= DoneStatus.more;
    writeDone(this.#writer, this.#heldDone);
    this.#heldDone = undefined;
  }

  #takeErrorBit(): number {
    const bit = this.#hasUnreportedError ? DoneStatus.error : 0;
    this.#hasUnreportedError = false;
    return bit;
  }

  #flushIfFull(): void | Promise<void> {
    if (this.#writer.position >= FLUSH_BYTES) return this.channel.flush();
  }

  #refuseIfCancelled(): void {
    if (this.#isCancelled || this.#hasEnded) throw new CancelledError();
  }
}

function isLarge(value: SqlValue): boolean {
  return (typeof value === 'string' || Buffer.isBuffer(value)) && value.length > LARGE_VALUE_UNITS;
}
