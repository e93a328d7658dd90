/**
 * What the TDS server asks of the SQL engine behind it. The TDS side knows bytes, tokens and
 * logins' packets; the engine side knows T-SQL, catalogues, rights and locks. Nothing else is
 * shared, so either side can be tested with a fake of the other.
 */

export type TsqlTypeName =
  | 'bigint'
  | 'int'
  | 'smallint'
  | 'tinyint'
  | 'bit'
  | 'decimal'
  | 'numeric'
  | 'money'
  | 'smallmoney'
  | 'float'
  | 'real'
  | 'date'
  | 'time'
  | 'datetime'
  | 'smalldatetime'
  | 'datetime2'
  | 'datetimeoffset'
  | 'char'
  | 'varchar'
  | 'text'
  | 'nchar'
  | 'nvarchar'
  | 'ntext'
  | 'binary'
  | 'varbinary'
  | 'image'
  | 'uniqueidentifier'
  | 'xml'
  | 'sql_variant'
  | 'timestamp'
  | 'sysname';

export interface TsqlType {
  name: TsqlTypeName;
  /** Characters (nchar, nvarchar), bytes (char, varchar, binary, varbinary); `max` for the large forms. */
  length?: number | 'max';
  precision?: number;
  /** Decimal places, or fractional-second digits of time, datetime2, datetimeoffset. */
  scale?: number;
}

export interface ColumnDescription {
  name: string;
  type: TsqlType;
  nullable: boolean;
  identity?: boolean;
}

/**
 * A value by its T-SQL type: int, smallint, tinyint, float, real → number; bit → boolean;
 * bigint, decimal, numeric, money, smallmoney → decimal string; dates and times → ISO text with a
 * space or T (`2026-02-28 09:30:00.1234567`, offset appended for datetimeoffset); char and text
 * types, xml → string; uniqueidentifier → lowercase string; binary types, timestamp → Buffer.
 */
export type SqlValue = null | number | boolean | string | Buffer;

export interface SqlParameter {
  /** With its `@`; empty for a parameter passed by position. */
  name: string;
  type: TsqlType;
  value: SqlValue;
  output: boolean;
}

export interface ServerMessage {
  number: number;
  /** Severity. Up to 10 it is information (PRINT is number 0, class 0), above it is an error. */
  class: number;
  state: number;
  line: number;
  message: string;
  procedure?: string;
}

/**
 * Receives what a request produces, in order. A returned promise is back-pressure: the engine
 * waits for it before it reads on.
 */
export interface ResultSink {
  /** Starts a result set. */
  columns(columns: ColumnDescription[]): void | Promise<void>;
  row(values: SqlValue[]): void | Promise<void>;
  /** Ends one statement. `rowCount` is absent under SET NOCOUNT ON and for statements without a count. */
  statementDone(done: { rowCount?: number; isSelect: boolean }): void | Promise<void>;
  message(message: ServerMessage): void;
  /** USE: the session's catalogue is now another one. */
  catalogueChanged(from: string, to: string): void;
  /** A transaction began or ended by T-SQL text or by a transaction-manager request. */
  transactionChanged(event: 'begun' | 'committed' | 'rolledBack'): void;
}

export interface ProcedureOutcome {
  /** RETURN value; absent for a batch. */
  returnStatus?: number;
  /** Output and inputOutput parameters in declaration order, with their final values. */
  outputs: { name: string; type: TsqlType; value: SqlValue }[];
}

export type IsolationLevel =
  'readUncommitted' | 'readCommitted' | 'repeatableRead' | 'serializable' | 'snapshot';

/**
 * One login's session. Only one call runs at a time; `cancel()` may come at any moment and makes the
 * running call reject with `CancelledError`, at the database too. SQL errors do not reject: they go
 * to `sink.message` with class above 10 and the call resolves.
 */
export interface SqlSession {
  readonly spid: number;
  readonly catalogue: string;
  /** Whether an explicit transaction is open. */
  readonly inTransaction: boolean;
  batch(sql: string, sink: ResultSink): Promise<ProcedureOutcome>;
  /** sp_executesql: a batch with declared parameters. */
  executeSql(sql: string, parameters: SqlParameter[], sink: ResultSink): Promise<ProcedureOutcome>;
  /** A stored procedure by name (one to three parts). System procedures of sp_prepare's family stay with the TDS side. */
  procedure(name: string, parameters: SqlParameter[], sink: ResultSink): Promise<ProcedureOutcome>;
  begin(isolation: IsolationLevel | undefined, sink: ResultSink): Promise<void>;
  commit(sink: ResultSink): Promise<void>;
  /** Rolls back to a savepoint when one is named. */
  rollback(savepoint: string | undefined, sink: ResultSink): Promise<void>;
  save(savepoint: string, sink: ResultSink): Promise<void>;
  /** INSERT BULK: `rows` is pulled one at a time. Resolves to the number of rows, all in one atomic statement. */
  bulkInsert(
    table: string,
    columns: ColumnDescription[],
    rows: AsyncIterable<SqlValue[]>,
    sink: ResultSink,
  ): Promise<number>;
  /** sp_reset_connection: rolls back, drops temp tables, restores SET options and the login's default catalogue. */
  reset(): Promise<void>;
  cancel(): void;
  /** Rolls back and frees everything. Safe at any time, also while a call runs. */
  close(): Promise<void>;
}

export class CancelledError extends Error {}

/** A login that was refused; becomes SQL Server's error 18456 (or 4060 for a catalogue) on the wire. */
export class LoginRefusedError extends Error {
  constructor(
    readonly number: 18456 | 4060,
    readonly state: number,
    message: string,
  ) {
    super(message);
  }
}

export interface SqlEngine {
  /** @throws LoginRefusedError */
  login(options: {
    user: string;
    password: string;
    catalogue: string | undefined;
    appName: string;
    hostName: string;
  }): Promise<SqlSession>;
  /** KILL from another session and shutdown end sessions from the engine's side: the TDS server must drop the socket. */
  onSessionKilled(listener: (spid: number) => void): void;
  close(): Promise<void>;
}
