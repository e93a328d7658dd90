/**
 * A SqlEngine that answers what a test has scripted, by the exact text of a batch or the name of a
 * procedure. Texts nobody scripted (the SET statements clients open with) succeed with nothing.
 */
import {
  CancelledError,
  LoginRefusedError,
  type ColumnDescription,
  type IsolationLevel,
  type ProcedureOutcome,
  type ResultSink,
  type SqlEngine,
  type SqlParameter,
  type SqlSession,
  type SqlValue,
  type TsqlType,
} from '../engine/sql-engine.port.js';

export interface ScriptCall {
  sink: ResultSink;
  parameters: SqlParameter[];
  session: ScriptedSession;
  /** Rejects with CancelledError when the client cancels. */
  cancelled: Promise<never>;
}

export type Script = (
  call: ScriptCall,
) => Partial<ProcedureOutcome> | void | Promise<Partial<ProcedureOutcome> | void>;

export class ScriptedEngine implements SqlEngine {
  readonly logins: Parameters<SqlEngine['login']>[0][] = [];
  readonly sessions: ScriptedSession[] = [];
  /** Everything sessions were asked, as short words, in order. */
  readonly journal: string[] = [];
  readonly bulkRows: SqlValue[][] = [];
  readonly bulkColumns: ColumnDescription[] = [];
  bulkPace: (() => Promise<void>) | undefined;
  loginGate: Promise<void> | undefined;
  readonly scripts = new Map<string, Script>();
  #killed: ((spid: number) => void)[] = [];

  on(text: string, script: Script): this {
    this.scripts.set(text.toLowerCase(), script);
    return this;
  }

  async login(options: Parameters<SqlEngine['login']>[0]): Promise<SqlSession> {
    this.logins.push(options);
    await this.loginGate;
    if (options.password !== 'right') {
      throw new LoginRefusedError(18456, 8, `Login failed for user '${options.user}'.`);
    }
    if (options.catalogue === 'Missing') {
      throw new LoginRefusedError(
        4060,
        1,
        'Cannot open database "Missing" requested by the login. The login failed.',
      );
    }
    const session = new ScriptedSession(
      this,
      51 + this.sessions.length,
      options.catalogue ?? 'Clinic',
    );
    this.sessions.push(session);
    return session;
  }

  onSessionKilled(listener: (spid: number) => void): void {
    this.#killed.push(listener);
  }

  kill(spid: number): void {
    for (const listener of this.#killed) listener(spid);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

export class ScriptedSession implements SqlSession {
  inTransaction = false;
  isClosed = false;
  resets = 0;
  #cancel: ((error: Error) => void) | undefined;

  constructor(
    readonly engine: ScriptedEngine,
    readonly spid: number,
    public catalogue: string,
  ) {}

  batch(sql: string, sink: ResultSink): Promise<ProcedureOutcome> {
    return this.#run(sql, [], sink);
  }

  executeSql(sql: string, parameters: SqlParameter[], sink: ResultSink): Promise<ProcedureOutcome> {
    return this.#run(sql, parameters, sink);
  }

  procedure(name: string, parameters: SqlParameter[], sink: ResultSink): Promise<ProcedureOutcome> {
    return this.#run(name, parameters, sink);
  }

  begin(isolation: IsolationLevel | undefined, sink: ResultSink): Promise<void> {
    this.inTransaction = true;
    this.engine.journal.push(`begin ${isolation ?? 'unspecified'}`);
    sink.transactionChanged('begun');
    return Promise.resolve();
  }

  commit(sink: ResultSink): Promise<void> {
    this.inTransaction = false;
    this.engine.journal.push('commit');
    sink.transactionChanged('committed');
    return Promise.resolve();
  }

  rollback(savepoint: string | undefined, sink: ResultSink): Promise<void> {
    this.engine.journal.push(savepoint === undefined ? 'rollback' : `rollback to ${savepoint}`);
    if (savepoint !== undefined) return Promise.resolve();
    this.inTransaction = false;
    sink.transactionChanged('rolledBack');
    return Promise.resolve();
  }

  save(savepoint: string): Promise<void> {
    this.engine.journal.push(`save ${savepoint}`);
    return Promise.resolve();
  }

  async bulkInsert(
    table: string,
    columns: ColumnDescription[],
    rows: AsyncIterable<SqlValue[]>,
  ): Promise<number> {
    this.engine.journal.push(`bulk ${table}`);
    this.engine.bulkColumns.push(...columns);
    let count = 0;
    for await (const row of rows) {
      this.engine.bulkRows.push(row);
      await this.engine.bulkPace?.();
      count++;
    }
    return count;
  }

  reset(): Promise<void> {
    this.resets++;
    this.inTransaction = false;
    return Promise.resolve();
  }

  cancel(): void {
    this.#cancel?.(new CancelledError());
  }

  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }

  async #run(key: string, parameters: SqlParameter[], sink: ResultSink): Promise<ProcedureOutcome> {
    this.engine.journal.push(`run ${key}`);
    const cancelled = new Promise<never>((_, reject) => (this.#cancel = reject));
    cancelled.catch(() => undefined);
    const script = this.engine.scripts.get(key.toLowerCase());
    const work = Promise.resolve(script?.({ sink, parameters, session: this, cancelled }));
    try {
      return { outputs: [], ...(await Promise.race([work, cancelled])) };
    } finally {
      this.#cancel = undefined;
    }
  }
}

/** A script that answers one result set. */
export function resultSet(columns: Record<string, TsqlType>, rows: SqlValue[][]): Script {
  return async ({ sink }) => {
    await sendResultSet(sink, columns, rows);
  };
}

export async function sendResultSet(
  sink: ResultSink,
  columns: Record<string, TsqlType>,
  rows: Iterable<SqlValue[]>,
): Promise<void> {
  await sink.columns(
    Object.entries(columns).map(([name, type]) => ({ name, type, nullable: true })),
  );
  let rowCount = 0;
  for (const row of rows) {
    await sink.row(row);
    rowCount++;
  }
  await sink.statementDone({ rowCount, isSelect: true });
}
