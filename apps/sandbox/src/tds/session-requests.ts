/**
 * Runs the requests of one logged-in session, one at a time, and writes one response message for
 * each, whatever happens: a result, SQL's own error, a broken request, a cancel.
 */
import { CancelledError, type SqlSession } from '../engine/sql-engine.port.js';
import type { BulkLoadStream } from './bulk-load-stream.js';
import { ByteReader, ShortReadError } from './byte-reader.js';
import { EncodeError } from './encode-error.js';
import { insertBulkTable } from './insert-bulk.js';
import { ProcedureCalls } from './procedure-calls.js';
import { PacketType, TdsContentError } from './protocol.js';
import type { ResponseChannel } from './response-channel.js';
import { ResponseSink } from './response-sink.js';
import { readRpcCalls, skipAllHeaders, streamIncorrect, type RpcCall } from './rpc-request.js';
import { writeResetAcknowledgement } from './tokens.js';
import { readTransactionRequest } from './transaction-request.js';

export type Reset = 'none' | 'all' | 'keepTransaction';

export type Request = { reset: Reset } & (
  | {
      type:
        typeof PacketType.sqlBatch | typeof PacketType.rpc | typeof PacketType.transactionManager;
      payload: Buffer;
    }
  | { type: typeof PacketType.bulkLoad; stream: BulkLoadStream }
);

export class SessionRequests {
  #sink: ResponseSink | undefined;
  #isCancelled = false;
  /** The table that the last batch announced with INSERT BULK. */
  #bulkTable: string | undefined;
  #transactionName = '';
  readonly #calls: ProcedureCalls;

  constructor(
    private readonly session: SqlSession,
    private readonly channel: ResponseChannel,
    private readonly onUnexpected: (error: unknown) => void,
  ) {
    this.#calls = new ProcedureCalls(session);
  }

  /** Ends the running request as soon as the engine lets go of it. */
  cancel(): void {
    this.#isCancelled = true;
    this.#sink?.cancel();
    this.session.cancel();
  }

  /** Resolves when the whole response is written. Never rejects. */
  async run(request: Request): Promise<void> {
    this.#isCancelled = false;
    try {
      if (request.reset !== 'none') await this.#reset(request.reset);
      await this.#dispatch(request);
    } catch (error) {
      await this.#sink?.settled();
      this.#reportFailure(error);
    } finally {
      this.#sink = undefined;
    }
    this.channel.writer.endMessage();
  }

  /** The answer to a request that the client took back before it was fully sent. */
  answerIgnored(): void {
    this.#newSink('batch').endAborted();
    this.#sink = undefined;
    this.channel.writer.endMessage();
  }

  async #dispatch(request: Request): Promise<void> {
    const table = this.#bulkTable;
    this.#bulkTable = undefined;
    switch (request.type) {
      case PacketType.sqlBatch:
        return this.#batch(request.payload);
      case PacketType.rpc:
        return this.#procedures(request.payload);
      case PacketType.transactionManager:
        return this.#transaction(request.payload);
      case PacketType.bulkLoad:
        return this.#bulkLoad(table, request.stream);
    }
  }

  async #batch(payload: Buffer): Promise<void> {
    const sink = this.#newSink('batch');
    const reader = new ByteReader(payload);
    skipAllHeaders(reader);
    if (reader.remaining % 2 !== 0) throw streamIncorrect();
    const sql = reader.ucs2(reader.remaining);
    this.#bulkTable = insertBulkTable(sql);
    if (this.#bulkTable === undefined) await this.session.batch(sql, sink);
    sink.endBatch();
  }

  async #procedures(payload: Buffer): Promise<void> {
    this.#newSink('procedure');
    const calls = readRpcCalls(payload);
    for (const [i, call] of calls.entries()) {
      if (this.#isCancelled) throw new CancelledError();
      await this.#procedure(call, i < calls.length - 1);
    }
  }

  async #procedure(call: RpcCall, more: boolean): Promise<void> {
    const sink = this.#newSink('procedure');
    const outcome = await this.#calls.run(call, sink);
    sink.endProcedure(outcome, { more, ordinalOf: outputOrdinals(call) });
  }

  async #transaction(payload: Buffer): Promise<void> {
    const sink = this.#newSink('batch');
    const request = readTransactionRequest(payload);
    if (request.kind === 'begin') {
      await this.#begin(request, sink);
    } else if (request.kind === 'save') {
      await this.session.save(request.name, sink);
    } else {
      if (request.kind === 'commit') await this.session.commit(sink);
      else await this.session.rollback(this.#savepoint(request.name), sink);
      if (request.then !== undefined) await this.#begin(request.then, sink);
    }
    sink.endBatch();
  }

  async #begin(
    begin: { name: string; isolation: Parameters<SqlSession['begin']>[0] },
    sink: ResponseSink,
  ): Promise<void> {
    this.#transactionName = begin.name;
    await this.session.begin(begin.isolation, sink);
  }

  /** A rollback may name a savepoint or the whole transaction. */
  #savepoint(name: string): string | undefined {
    return name === '' || name === this.#transactionName ? undefined : name;
  }

  async #bulkLoad(table: string | undefined, stream: BulkLoadStream): Promise<void> {
    const sink = this.#newSink('batch');
    try {
      if (table === undefined) throw streamIncorrect();
      const columns = await stream.columns();
      const rowCount = await this.session.bulkInsert(table, columns, stream.rows(), sink);
      await stream.discardRest();
      sink.endBulkLoad(rowCount);
    } finally {
      // The client reads no answer before it has sent everything.
      await stream.discardRest();
    }
  }

  async #reset(reset: 'all' | 'keepTransaction'): Promise<void> {
    const { session, channel } = this;
    if (reset === 'all' || !session.inTransaction) {
      const before = session.catalogue;
      await session.reset();
      this.#calls.reset();
      channel.reportTransaction('rolledBack');
      if (session.catalogue !== before) channel.reportCatalogue(before, session.catalogue);
    }
    writeResetAcknowledgement(channel.writer);
  }

  #newSink(kind: 'batch' | 'procedure'): ResponseSink {
    this.#sink = new ResponseSink(this.channel, kind);
    if (this.#isCancelled) this.#sink.cancel();
    return this.#sink;
  }

  #reportFailure(error: unknown): void {
    const sink = this.#sink ?? this.#newSink('batch');
    if (!this.#isCancelled && !(error instanceof CancelledError)) {
      const { number, state, message } = this.#asServerError(error);
      sink.message({ number, state, message, class: 16, line: 1 });
    }
    sink.endAborted();
  }

  #asServerError(error: unknown): { number: number; state: number; message: string } {
    if (error instanceof TdsContentError) return error;
    if (error instanceof ShortReadError) return streamIncorrect();
    if (error instanceof EncodeError) return { number: 8115, state: 2, message: error.message };
    this.onUnexpected(error);
    return {
      number: 8630,
      state: 1,
      message:
        'Internal Query Processor Error: The query processor encountered an unexpected error during execution.',
    };
  }
}

/** The place of an output in the call: by its name, or the next one passed by reference. */
function outputOrdinals(call: RpcCall): (name: string, index: number) => number {
  const byReference = call.parameters.flatMap((parameter, i) => (parameter.output ? [i] : []));
  return (name, index) => {
    const named = call.parameters.findIndex(
      (parameter) => parameter.name !== '' && parameter.name.toLowerCase() === name.toLowerCase(),
    );
    return named >= 0 ? named : (byReference[index] ?? index);
  };
}
