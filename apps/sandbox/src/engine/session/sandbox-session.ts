/** One login's session as the TDS side sees it: a queue of one call at a time, cancelled at any moment. */
import {
  CancelledError,
  type ColumnDescription,
  type IsolationLevel,
  type ProcedureOutcome,
  type ResultSink,
  type SqlParameter,
  type SqlSession,
  type SqlValue,
} from '../sql-engine.port.js';
import { copyText } from './copy-text.js';
import { carrier } from '../types/tsql-types.js';
import { quoteName } from '../binding/bound.js';
import { Frame } from './frame.js';
import { BatchEnded, Interpreter } from './interpreter.js';
import type { SessionState } from './session-state.js';
import { SqlError, sqlError } from './sql-error.js';
import { tokenize } from '../syntax/lexer.js';

export class SandboxSession implements SqlSession {
  readonly interpreter: Interpreter;
  private closing: Promise<void> | undefined;
  private active: Promise<unknown> = Promise.resolve();

  constructor(
    readonly state: SessionState,
    private readonly onClosed: () => void,
  ) {
    this.interpreter = new Interpreter(state);
  }

  get spid(): number {
    return this.state.facts.spid;
  }

  get catalogue(): string {
    return this.state.catalogue;
  }

  get inTransaction(): boolean {
    return this.state.transactionCount > 0;
  }

  batch(sql: string, sink: ResultSink): Promise<ProcedureOutcome> {
    return this.call(
      sql,
      sink,
      async () => {
        const frame = new Frame(0, undefined, false);
        await this.text(sql, frame);
        return { outputs: [] };
      },
      { outputs: [] },
    );
  }

  executeSql(sql: string, parameters: SqlParameter[], sink: ResultSink): Promise<ProcedureOutcome> {
    const frame = new Frame(1, undefined, false);
    const outcome = (returnStatus: number): ProcedureOutcome => ({
      returnStatus,
      outputs: parameters
        .filter((parameter) => parameter.output)
        .map(({ name, type }) => ({ name, type, value: frame.variable(name)?.value ?? null })),
    });
    return this.call(
      sql,
      sink,
      async () => {
        for (const { name, type, value } of parameters) frame.declare(name, type, value);
        await this.text(sql, frame);
        return outcome(0);
      },
      () => outcome(this.state.errorNumber),
    );
  }

  procedure(name: string, parameters: SqlParameter[], sink: ResultSink): Promise<ProcedureOutcome> {
    const failed = (): ProcedureOutcome => ({ outputs: [] });
    return this.call(
      name,
      sink,
      async () => {
        const parts = nameParts(name);
        const frame = new Frame(0, undefined, false);
        return this.interpreter.caller.remote(parts, parameters, frame);
      },
      failed,
    );
  }

  private async text(sql: string, frame: Frame): Promise<void> {
    try {
      await this.interpreter.run(this.state.services.parse(sql), frame);
    } finally {
      const places = [...frame.tableVariables.values()];
      if (places.length > 0)
        await this.interpreter.caller.dropTemporary(
          Object.assign(new Frame(0, undefined, false), { tableVariables: frame.tableVariables }),
        );
    }
  }

  begin(isolation: IsolationLevel | undefined, sink: ResultSink): Promise<void> {
    return this.call('BEGIN TRANSACTION', sink, () => this.state.begin(isolation), undefined);
  }

  commit(sink: ResultSink): Promise<void> {
    return this.call('COMMIT TRANSACTION', sink, () => this.state.commit(), undefined);
  }

  rollback(savepoint: string | undefined, sink: ResultSink): Promise<void> {
    return this.call('ROLLBACK TRANSACTION', sink, () => this.state.rollback(savepoint), undefined);
  }

  save(savepoint: string, sink: ResultSink): Promise<void> {
    return this.call('SAVE TRANSACTION', sink, () => this.state.save(savepoint), undefined);
  }

  bulkInsert(
    table: string,
    columns: ColumnDescription[],
    rows: AsyncIterable<SqlValue[]>,
    sink: ResultSink,
  ): Promise<number> {
    return this.call(
      'BULK INSERT',
      sink,
      async () => {
        const { state } = this;
        const frame = new Frame(0, undefined, false);
        const shape = columns
          .map((column, i) => `${quoteName(`c${i}`)} ${carrier(column.type)}`)
          .join(', ');
        await state.execute({ sql: 'DROP TABLE IF EXISTS pg_temp."@bulk"' }, frame, {
          action: 'INSERT',
        });
        await state.execute({ sql: `CREATE TEMPORARY TABLE "@bulk" (${shape})` }, frame, {
          action: 'INSERT',
        });
        try {
          await state.copyIn(
            'COPY pg_temp."@bulk" FROM STDIN',
            copyText(
              rows,
              columns.map((column) => column.type),
            ),
          );
          state.checkCancelled();
          frame.declareTable('@bulk', {
            kind: 'table',
            catalogue: 'tempdb',
            schema: 'dbo',
            name: '@bulk',
            id: 0,
            created: '',
            modified: '',
            constraints: [],
            indexes: [],
            temporary: true,
            columns: columns.map((column, i) => ({
              name: `c${i}`,
              type: column.type,
              nullable: true,
            })),
            place: 'pg_temp."@bulk"',
          });
          const query = {
            ctes: [],
            orderBy: [],
            body: {
              kind: 'select' as const,
              distinct: false,
              items: [{ kind: 'star' as const }],
              from: [{ kind: 'tableVariable' as const, name: '@bulk' }],
              groupBy: [],
            },
          };
          const quiet: ResultSink = { ...boundSink(sink), statementDone: () => undefined };
          state.sink = quiet;
          await this.interpreter.runner.change(
            {
              kind: 'insert',
              target: nameParts(table),
              hints: [],
              columns: columns.map((column) => column.name),
              source: { kind: 'query', query },
            },
            frame,
          );
          return state.rowCount;
        } finally {
          if (!state.cancelled)
            await state
              .execute({ sql: 'DROP TABLE IF EXISTS pg_temp."@bulk"' }, frame, { action: 'INSERT' })
              .catch(() => undefined);
        }
      },
      0,
    );
  }

  async reset(): Promise<void> {
    await this.call(
      'RESET',
      quietSink,
      async () => {
        const { state } = this;
        await state.abortTransaction();
        const places = [...state.temporary.values()].map((table) => table.place);
        state.temporary.clear();
        state.nocount = state.xactAbort = false;
        state.rowLimit = 0;
        state.identityInsert = undefined;
        state.lastIdentity = null;
        state.rowCount = state.errorNumber = 0;
        state.catalogue = state.homeCatalogue;
        const frame = new Frame(0, undefined, false);
        if (places.length > 0)
          await state.execute({ sql: `DROP TABLE IF EXISTS ${places.join(', ')}` }, frame, {
            action: 'DROP',
          });
        if (state.isolation !== 'readCommitted') await state.setIsolation('readCommitted');
        if (state.lockTimeoutMs !== -1) await state.setLockTimeout(-1);
        await state.setting('tsql.dateformat', 'mdy');
      },
      undefined,
    );
  }

  cancel(): void {
    if (!this.state.running) return;
    this.state.cancelled = true;
    this.state.onCancel?.();
    this.state.connection.cancel();
  }

  close(): Promise<void> {
    return (this.closing ??= this.end());
  }

  private async end(): Promise<void> {
    this.cancel();
    await this.active.catch(() => undefined);
    // PostgreSQL rolls back and drops what is temporary when its session ends.
    await this.state.connection.close();
    this.onClosed();
  }

  /** SQL errors go to the sink; a cancellation rejects; one call runs at a time. */
  private async call<T>(
    text: string,
    sink: ResultSink,
    work: () => Promise<T>,
    failed: T | (() => T),
  ): Promise<T> {
    if (this.state.running) throw new Error('The session is busy with another request.');
    if (this.closing) throw new CancelledError('The session is closed.');
    const { state } = this;
    state.sink = sink;
    state.cancelled = false;
    state.tryDepth = 0;
    state.handled.length = 0;
    state.running = {
      text,
      since: new Date().toISOString().replace('T', ' ').slice(0, 23),
      command: (/^\s*(\w+)/.exec(text)?.[1] ?? 'SELECT').toUpperCase(),
    };
    const run = this.settled(work, failed);
    this.active = run;
    try {
      return await run;
    } finally {
      state.running = undefined;
    }
  }

  private async settled<T>(work: () => Promise<T>, failed: T | (() => T)): Promise<T> {
    const { state } = this;
    try {
      const outcome = await work();
      await this.refuseDoomed();
      return outcome;
    } catch (error) {
      if (state.cancelled) throw await this.cancelled();
      if (error instanceof SqlError) {
        if (error.line === 0) error.line = 1;
        this.interpreter.report(error);
        state.errorNumber = error.number;
        if (error.abortsTransaction || (state.xactAbort && error.number !== 3902))
          await state.abortTransaction();
      } else if (!(error instanceof BatchEnded)) throw error;
      await this.refuseDoomed();
      return typeof failed === 'function' ? (failed as () => T)() : failed;
    }
  }

  private async cancelled(): Promise<CancelledError> {
    const { state } = this;
    state.forgetRole();
    // XACT_ABORT ends the transaction with the request.
    if (state.xactAbort && state.transactionCount > 0)
      await state.abortTransaction().catch(() => undefined);
    return new CancelledError('The request was cancelled.');
  }

  private async refuseDoomed(): Promise<void> {
    if (!this.state.doomed) return;
    this.interpreter.report(Object.assign(sqlError(3998), { line: 1 }));
    await this.state.abortTransaction();
  }
}

function nameParts(name: string): string[] {
  const tokens = tokenize(name).filter((token) => token.kind !== 'end');
  const parts: string[] = [];
  let expectName = true;
  for (const token of tokens) {
    const isDot = token.kind === 'operator' && token.text === '.';
    if (isDot) {
      if (expectName) parts.push('');
      expectName = true;
    } else {
      parts.push(token.text);
      expectName = false;
    }
  }
  return parts.length > 0 ? parts : [name];
}

const quietSink: ResultSink = {
  columns: () => undefined,
  row: () => undefined,
  statementDone: () => undefined,
  message: () => undefined,
  catalogueChanged: () => undefined,
  transactionChanged: () => undefined,
};

function boundSink(sink: ResultSink): ResultSink {
  return {
    columns: (columns) => sink.columns(columns),
    row: (values) => sink.row(values),
    statementDone: (done) => sink.statementDone(done),
    message: (message) => sink.message(message),
    catalogueChanged: (from, to) => sink.catalogueChanged(from, to),
    transactionChanged: (event) => sink.transactionChanged(event),
  };
}
