/**
 * One PostgreSQL session, spoken to in the extended protocol with text results. Rows are handed over
 * as they arrive, as arrays of strings, without any parsing; a consumer that returns a promise pauses
 * the socket, so a result of any size needs constant memory. Every statement may bring others that run
 * before it in the same round trip (a savepoint, a table lock).
 */
import { connect, type Socket } from 'node:net';
import pg from 'pg';

export type RawRow = (string | null)[];

export interface PostgresStatement {
  sql: string;
  parameters?: (string | null)[];
  /** Statements without parameters that run first, in the same round trip. */
  before?: string[];
  /** Statements that run afterwards in the same round trip, when all went well. */
  after?: string[];
  onRow?: (row: RawRow) => void | Promise<void>;
}

export interface PostgresOutcome {
  rowCount: number | undefined;
}

/** What PostgreSQL said: `code` is the SQLSTATE, `detail` and `constraint` as in its error fields. */
export class PostgresError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly detail: string | undefined,
    readonly constraint: string | undefined,
    readonly table: string | undefined,
    readonly column: string | undefined,
    readonly schema: string | undefined,
  ) {
    super(message);
  }
}

interface WireConnection {
  stream: { pause(): void; resume(): void };
  parse(query: { text: string; name?: string }): void;
  bind(config: { values: (string | null)[] }): void;
  describe(config: { type: string }): void;
  execute(config: { rows: number }): void;
  sync(): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
  sendCopyFail(message: string): void;
}

/** A query object in the form that pg's client drives; see pg's `Query` and pg-cursor. */
class Exchange {
  callback = (): void => undefined;
  readonly finished: Promise<PostgresOutcome>;
  private settle!: (outcome: PostgresOutcome) => void;
  private fail!: (error: unknown) => void;
  private connection: WireConnection | undefined;
  private completions = 0;
  private rowCount: number | undefined;
  private error: unknown;
  private ready = false;
  private discarding = false;
  private waiting: RawRow[] = [];
  private busy = false;

  constructor(private readonly statement: PostgresStatement) {
    this.finished = new Promise((settle, fail) => {
      this.settle = settle;
      this.fail = fail;
    });
  }

  submit(connection: unknown): void {
    const wire = connection as WireConnection;
    this.connection = wire;
    const { before = [], after = [], sql, parameters = [] } = this.statement;
    for (const text of before) this.send(wire, text, []);
    this.send(wire, sql, parameters);
    for (const text of after) this.send(wire, text, []);
    wire.sync();
  }

  private send(wire: WireConnection, text: string, values: (string | null)[]): void {
    wire.parse({ text });
    wire.bind({ values });
    wire.execute({ rows: 0 });
  }

  /** Throws away what still comes, so that a cancelled statement ends without its consumer. */
  discard(): void {
    this.discarding = true;
    this.waiting = [];
    this.busy = false;
    this.connection?.stream.resume();
    this.finishWhenDone();
  }

  handleRowDescription(): void {}

  handleDataRow(message: { fields: RawRow }): void {
    const isMain = this.completions === (this.statement.before?.length ?? 0);
    if (this.discarding || !isMain || this.error !== undefined) return;
    if (this.busy) this.waiting.push(message.fields);
    else this.give(message.fields);
  }

  private give(row: RawRow): void {
    try {
      const pause = this.statement.onRow?.(row);
      if (pause) void this.waitFor(pause);
    } catch (error) {
      this.refuse(error);
    }
  }

  private async waitFor(pause: Promise<void>): Promise<void> {
    this.busy = true;
    this.connection?.stream.pause();
    try {
      await pause;
      while (this.waiting.length > 0 && !this.discarding) {
        const again = this.statement.onRow?.(this.waiting.shift() as RawRow);
        if (again) await again;
      }
    } catch (error) {
      this.refuse(error);
    }
    if (this.discarding) return;
    this.busy = false;
    this.connection?.stream.resume();
    this.finishWhenDone();
  }

  private refuse(error: unknown): void {
    this.error ??= error;
    this.discard();
  }

  handleCommandComplete(message: { text: string }): void {
    if (this.completions++ === (this.statement.before?.length ?? 0)) {
      const count = /(\d+)$/.exec(message.text)?.[1];
      this.rowCount = count === undefined ? undefined : Number(count);
    }
  }

  handleEmptyQuery(): void {
    this.completions++;
  }

  handlePortalSuspended(): void {}

  handleError(error: unknown): void {
    const raw = error as Record<string, string | undefined> & Error;
    this.error ??=
      typeof raw.code === 'string' && /^[0-9A-Z]{5}$/.test(raw.code)
        ? new PostgresError(
            raw.code,
            raw.message,
            raw['detail'],
            raw['constraint'],
            raw['table'],
            raw['column'],
            raw['schema'],
          )
        : error;
    // pg's client lets go of a query at its error: no ReadyForQuery will be handed to it.
    this.handleReadyForQuery();
  }

  handleReadyForQuery(): void {
    this.ready = true;
    this.finishWhenDone();
  }

  private finishWhenDone(): void {
    if (!this.ready || this.busy) return;
    if (this.error !== undefined) this.fail(this.error);
    else this.settle({ rowCount: this.rowCount });
  }

  handleCopyInResponse(): void {
    this.connection?.sendCopyFail('no copy is expected here');
  }
}

/** COPY … FROM STDIN in text form: chunks are pulled one at a time. */
class CopyExchange extends Exchange {
  private wire: WireConnection | undefined;
  private refused = false;
  private sourceError: unknown;

  constructor(
    private readonly sql: string,
    private readonly chunks: AsyncIterable<Buffer> | Iterable<Buffer>,
    private readonly drained: () => Promise<void>,
  ) {
    super({ sql });
  }

  override submit(connection: unknown): void {
    this.wire = connection as WireConnection;
    (connection as { query(text: string): void }).query(this.sql);
  }

  override handleCopyInResponse(): void {
    void this.pump();
  }

  private async pump(): Promise<void> {
    try {
      for await (const chunk of this.chunks) {
        if (this.refused) return;
        this.wire?.sendCopyFromChunk(chunk);
        await this.drained();
      }
      if (!this.refused) this.wire?.endCopyFrom();
    } catch (error) {
      if (this.refused) return;
      this.sourceError = error;
      this.wire?.sendCopyFail('the source of the rows failed');
    }
  }

  /** The server's word ends the exchange; a failed source is what the caller hears of. */
  override handleError(error: unknown): void {
    this.refused = true;
    super.handleError(this.sourceError ?? error);
  }
}

/** Several statements in one simple query, without parameters or results. */
class ScriptExchange extends Exchange {
  constructor(private readonly text: string) {
    super({ sql: text });
  }

  override submit(connection: unknown): void {
    (connection as { query(text: string): void }).query(this.text);
  }

  override handleDataRow(): void {}
}

export class PostgresConnection {
  private current: Exchange | undefined;
  private cancelling: Promise<void> | undefined;
  private lost = false;

  private constructor(
    private readonly client: pg.Client,
    private readonly socketDirectory: string,
    readonly processId: number,
    private readonly secretKey: number,
  ) {}

  /** @param settings server settings of the session, as `name` → `value`. */
  static async open(options: {
    socketDirectory: string;
    user: string;
    database: string;
    settings?: Record<string, string>;
    onLost?: () => void;
  }): Promise<PostgresConnection> {
    const given = Object.entries(options.settings ?? {});
    const client = new pg.Client({
      host: options.socketDirectory,
      port: 5432,
      user: options.user,
      database: options.database,
      options: given
        .map(([name, value]) => `-c ${name}=${value.replace(/[\\ ]/g, '\\$&')}`)
        .join(' '),
    });
    const lost: { connection?: PostgresConnection } = {};
    const note = (): void => {
      if (lost.connection && !lost.connection.lost) {
        lost.connection.lost = true;
        options.onLost?.();
      }
    };
    client.on('error', note);
    client.on('end', note);
    await client.connect();
    const keys = client as unknown as { processID: number; secretKey: number };
    lost.connection = new PostgresConnection(
      client,
      options.socketDirectory,
      keys.processID,
      keys.secretKey,
    );
    return lost.connection;
  }

  /** Runs one statement. @throws PostgresError, or what `onRow` threw. */
  async run(statement: PostgresStatement): Promise<PostgresOutcome> {
    return this.exchange(new Exchange(statement));
  }

  async script(sql: string): Promise<void> {
    await this.exchange(new ScriptExchange(sql));
  }

  /** All rows of a small query. */
  async rows(sql: string, parameters: (string | null)[] = []): Promise<RawRow[]> {
    const rows: RawRow[] = [];
    await this.run({ sql, parameters, onRow: (row) => void rows.push(row) });
    return rows;
  }

  /** @returns the number of rows taken. */
  async copyIn(sql: string, chunks: AsyncIterable<Buffer> | Iterable<Buffer>): Promise<number> {
    const { stream } = (this.client as unknown as { connection: { stream: Socket } }).connection;
    const drained = (): Promise<void> =>
      stream.writableLength < 1 << 20
        ? Promise.resolve()
        : new Promise((settle) => stream.once('drain', () => settle()));
    const outcome = await this.exchange(new CopyExchange(sql, chunks, drained));
    return outcome.rowCount ?? 0;
  }

  private async exchange(exchange: Exchange): Promise<PostgresOutcome> {
    this.current = exchange;
    try {
      this.client.query(exchange as unknown as pg.Submittable);
      return await exchange.finished;
    } finally {
      this.current = undefined;
      // A cancel request still on its way must not hit the next statement.
      await this.cancelling;
    }
  }

  /** Stops the running statement at the server, over a connection of its own. */
  cancel(): void {
    if (!this.current) return;
    this.current.discard();
    this.cancelling ??= this.requestCancel().finally(() => {
      this.cancelling = undefined;
    });
  }

  private requestCancel(): Promise<void> {
    const request = Buffer.alloc(16);
    request.writeInt32BE(16, 0);
    request.writeInt32BE(80877102, 4);
    request.writeInt32BE(this.processId, 8);
    request.writeInt32BE(this.secretKey, 12);
    return new Promise((settle) => {
      const socket = connect(`${this.socketDirectory}/.s.PGSQL.5432`, () => socket.end(request));
      socket.on('error', () => settle());
      socket.on('close', () => settle());
      socket.resume();
    });
  }

  async close(): Promise<void> {
    const wasLost = this.lost;
    this.lost = true;
    if (!wasLost) await this.client.end().catch(() => undefined);
  }
}
