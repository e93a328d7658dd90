/**
 * Stands in for tedious' token stream on our connections: the same tokens to the same handler, but
 * rows go to a RowReader and output parameters are read exactly. It parses no further than it can
 * hand on, so the socket itself is held back when the reader is slow.
 */
import { EventEmitter } from 'node:events';
import {
  TokenParser,
  type Token,
  type TokenHandler,
} from '#apps/agent/src/pms/mssql/tedious-seam.js';
import type { RowReader } from '#apps/agent/src/pms/mssql/row-reader.js';
import {
  readReturnValue,
  type ReturnBudget,
  type ReturnedValue,
} from '#apps/agent/src/pms/mssql/return-value.js';

const COLMETADATA = 0x81;
const RETURNVALUE = 0xac;
const ROW = 0xd1;
const NBCROW = 0xd2;

/** What the driver wants to hear of a request's answer. */
export interface AnswerListener {
  rows: RowReader;
  returned(value: ReturnedValue): void;
  returnBudget: ReturnBudget;
  /** DONE, DONEPROC, DONEINPROC. */
  done(token: Token): void;
  /** Every token but these, rows and output parameters. */
  other(token: Token): void;
  /** A promise: wait before reading on. Called when all that arrived was read. */
  pause(): Promise<void> | undefined;
}

interface StreamSource {
  message: AsyncIterable<Buffer>;
  debug: unknown;
  options: object;
  handler: TokenHandler;
  listener: AnswerListener;
  /** The request has had its end already: its connection was lost while the answer was being read. */
  isOver(): boolean;
  /** The bytes made no sense: the connection cannot be used any more. */
  broken(error: Error): void;
}

export class ExactTokenStream extends EventEmitter {
  private readonly parser: TokenParser;

  constructor(private readonly source: StreamSource) {
    super();
    this.parser = new TokenParser(source.message, source.debug, source.options);
    // tedious attaches its listeners after the constructor has returned.
    process.nextTick(() => void this.run());
  }

  /** Part of tedious' contract; waiting happens inside the rows instead. */
  pause(): void {}

  resume(): void {}

  private async run(): Promise<void> {
    try {
      while (await this.hasMore()) {
        await this.readTokens();
        await this.room();
      }
    } catch (error) {
      if (this.source.isOver()) return;
      this.source.broken(error instanceof Error ? error : new Error('unreadable answer'));
      return;
    }
    // tedious ends the request that it holds at this moment, and takes for granted that it holds one.
    if (!this.source.isOver()) this.emit('end');
  }

  /** Waits until the reader has taken enough. */
  private async room(): Promise<void> {
    const room = this.source.listener.pause();
    if (room !== undefined) await room;
  }

  private async hasMore(): Promise<boolean> {
    try {
      await this.parser.waitForChunk();
      return true;
    } catch (error) {
      // The message ended; between two tokens that is how it should be.
      if (this.parser.position === this.parser.buffer.length) return false;
      throw error;
    }
  }

  /** Reads every token that has begun to arrive. */
  private async readTokens(): Promise<void> {
    const { parser } = this;
    const { rows } = this.source.listener;
    while (parser.position < parser.buffer.length) {
      const type = parser.buffer[parser.position] as number;
      parser.position += 1;
      if (type === ROW || type === NBCROW) {
        const rest = rows.read(parser, type === NBCROW);
        if (rest !== undefined) {
          await rest;
          await this.room();
        }
      } else {
        await this.readToken(type);
      }
    }
  }

  private async readToken(type: number): Promise<void> {
    const { handler, listener } = this.source;
    if (type === RETURNVALUE) {
      listener.returned(await readReturnValue(this.parser, listener.returnBudget));
      return;
    }
    const token = await this.parser.readToken(type);
    if (token === undefined) return;
    if (type === COLMETADATA) listener.rows.begin(this.parser.colMetadata);
    if (token.handlerName.startsWith('onDone')) listener.done(token);
    else listener.other(token);
    handler[token.handlerName]?.(token);
  }
}
