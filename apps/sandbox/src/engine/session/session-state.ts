/** Everything one session carries between statements, and its transaction. */
import { CancelledError, type IsolationLevel, type ResultSink } from '../sql-engine.port.js';
import type { LoginRights } from '../logins.js';
import { ownerRole } from '../logins.js';
import {
  PostgresError,
  type PostgresConnection,
  type PostgresOutcome,
  type PostgresStatement,
} from '../postgres/postgres-connection.js';
import { quoteName } from '../binding/bound.js';
import type { TableDefinition } from '../schema/definitions.js';
import type { SchemaView } from '../schema/schema-store.js';
import type { Statement } from '../syntax/syntax-tree.js';
import type { Frame } from './frame.js';
import { translateError } from './postgres-errors.js';
import { sqlError, type SqlError } from './sql-error.js';

export interface SessionFacts {
  readonly spid: number;
  readonly user: string;
  readonly hostName: string;
  readonly appName: string;
  readonly loginTime: string;
}

/** What a session needs from the engine around it. */
export interface EngineServices {
  readonly catalogues: string[];
  parse(sql: string): Statement[];
  sessions(): SessionState[];
  /** Spid → spid that blocks it. */
  blocking(): Promise<Map<number, number>>;
  kill(spid: number): void;
  /** Called when definitions became everyone's. */
  definitionsChanged(): Promise<void>;
}

/** What a statement is about, for the wording of errors and the role it runs under. */
export interface StatementContext {
  action: string;
  table?: TableDefinition;
  /** Definitions belong to the clinic's owner, temporary tables to the login; else the frame decides. */
  as?: 'owner' | 'login';
}

const isolations: Record<IsolationLevel, string> = {
  readUncommitted: 'read committed',
  readCommitted: 'read committed',
  repeatableRead: 'repeatable read',
  serializable: 'serializable',
  snapshot: 'repeatable read',
};

export class SessionState {
  sink!: ResultSink;
  catalogue: string;
  nocount = false;
  xactAbort = false;
  rowLimit = 0;
  lockTimeoutMs = -1;
  isolation: IsolationLevel = 'readCommitted';
  identityInsert: string | undefined;
  transactionCount = 0;
  /** The transaction can only be rolled back. */
  doomed = false;
  temporary = new Map<string, TableDefinition>();
  rowCount = 0;
  errorNumber = 0;
  lastIdentity: string | null = null;
  readonly handled: SqlError[] = [];
  tryDepth = 0;
  cancelled = false;
  running: { text: string; since: string; command: string } | undefined;
  onCancel: (() => void) | undefined;
  readonly compiled = new WeakMap<object, { key: string; value: unknown }>();
  private role: string | undefined = '';
  private readonly settings = new Map<string, string>();
  /** What PostgreSQL holds of them; a reset that is followed by the same SETs then costs no trip. */
  private readonly applied = new Map<string, string>();
  private settingsAtRisk = false;
  private open = false;
  private openIsolation: IsolationLevel = 'readCommitted';
  private marks: { name: string; schema: number; temporary: Map<string, TableDefinition> }[] = [];

  constructor(
    readonly facts: SessionFacts,
    readonly rights: LoginRights,
    readonly connection: PostgresConnection,
    readonly view: SchemaView,
    readonly services: EngineServices,
    readonly homeCatalogue: string,
  ) {
    this.catalogue = homeCatalogue;
  }

  checkCancelled(): void {
    if (this.cancelled) throw new CancelledError('The request was cancelled.');
  }

  /**
   * Runs one PostgreSQL statement so that its failure undoes itself and nothing else.
   * @throws SqlError or CancelledError.
   */
  async execute(
    statement: PostgresStatement,
    frame: Frame,
    context: StatementContext,
  ): Promise<PostgresOutcome> {
    this.checkCancelled();
    const role = (context.as ?? (frame.chained ? 'owner' : 'login')) === 'owner' ? ownerRole : '';
    const before =
      this.role === role ? [] : [role === '' ? 'RESET ROLE' : `SET ROLE ${quoteName(role)}`];
    const settings = this.pendingSettings();
    const locks = statement.before ?? [];
    const wrapped = this.open
      ? ['SAVEPOINT "statement"', ...locks]
      : locks.length > 0
        ? ['BEGIN', ...locks]
        : [];
    const after = [
      ...(statement.after ?? []),
      ...(this.open ? ['RELEASE SAVEPOINT "statement"'] : locks.length > 0 ? ['COMMIT'] : []),
    ];
    try {
      const outcome = await this.connection.run({
        ...statement,
        before: [...before, ...settings, ...wrapped],
        after,
      });
      this.role = role;
      this.noteApplied();
      this.checkCancelled();
      return outcome;
    } catch (error) {
      await this.recover(error, locks.length > 0);
      throw this.explained(error, context);
    }
  }

  private async recover(error: unknown, locked: boolean): Promise<void> {
    this.role = undefined;
    this.applied.clear();
    if (error instanceof PostgresError && ['40P01', '40001'].includes(error.code))
      return this.abandon();
    if (this.open)
      await this.connection
        .run({ sql: 'ROLLBACK TO SAVEPOINT "statement"', after: ['RELEASE SAVEPOINT "statement"'] })
        .catch(() => undefined);
    else if (locked) await this.connection.run({ sql: 'ROLLBACK' }).catch(() => undefined);
  }

  /** A deadlock's victim gives up its locks at once; to T-SQL the transaction is then doomed. */
  private async abandon(): Promise<void> {
    await this.connection.run({ sql: 'ROLLBACK' }).catch(() => undefined);
    if (this.open) this.forget();
    this.open = false;
    await this.keepSettings().catch(() => undefined);
  }

  private explained(error: unknown, context: StatementContext): unknown {
    if (this.cancelled) return new CancelledError('The request was cancelled.');
    if (!(error instanceof PostgresError)) return error;
    return translateError(error, {
      spid: this.facts.spid,
      snapshot: this.openIsolation === 'snapshot',
      action: context.action,
      table: context.table,
      findTable: (schema, name) => this.findByPlace(schema, name),
    });
  }

  private findByPlace(
    schema: string | undefined,
    name: string | undefined,
  ): TableDefinition | undefined {
    if (schema === undefined || name === undefined) return undefined;
    if (schema.startsWith('pg_temp'))
      return [...this.temporary.values()].find((table) =>
        table.place.endsWith(`.${quoteName(name)}`),
      );
    const place = `${quoteName(schema)}.${quoteName(name)}`;
    return this.view
      .all()
      .find(
        (object): object is TableDefinition =>
          object.kind !== 'procedure' && object.place === place,
      );
  }

  async begin(isolation: IsolationLevel = this.isolation): Promise<void> {
    if (this.transactionCount === 0) {
      await this.applySettings();
      await this.connection.run({ sql: `BEGIN ISOLATION LEVEL ${isolations[isolation]}` });
      this.open = true;
      this.openIsolation = isolation;
      this.marks = [{ name: '', schema: this.view.mark, temporary: new Map(this.temporary) }];
      this.sink.transactionChanged('begun');
    }
    this.transactionCount++;
  }

  /** @throws SqlError 3902, 3930, or what a deferred conflict raises. */
  async commit(): Promise<void> {
    if (this.transactionCount === 0) throw sqlError(3902);
    if (this.doomed) throw sqlError(3930);
    if (--this.transactionCount > 0) return;
    try {
      await this.connection.run({ sql: 'COMMIT' });
    } catch (error) {
      await this.abandon();
      this.sink.transactionChanged('rolledBack');
      throw this.explained(error, { action: 'COMMIT' });
    }
    this.open = false;
    this.marks = [];
    this.sink.transactionChanged('committed');
    await this.publish();
  }

  async publish(): Promise<void> {
    if (this.view.commit()) await this.services.definitionsChanged();
  }

  async save(name: string): Promise<void> {
    if (this.transactionCount === 0) throw sqlError(628);
    await this.connection.run({ sql: `SAVEPOINT ${quoteName(`u:${name.toLowerCase()}`)}` });
    this.marks.push({
      name: name.toLowerCase(),
      schema: this.view.mark,
      temporary: new Map(this.temporary),
    });
  }

  /** @throws SqlError 3903, or 6401 for an unknown savepoint. */
  async rollback(savepoint?: string): Promise<void> {
    if (this.transactionCount === 0) throw sqlError(3903);
    if (savepoint !== undefined) {
      const at = this.marks.findLastIndex((mark) => mark.name === savepoint.toLowerCase());
      if (at > 0) return this.rollbackTo(at);
      if (this.marks.some((mark) => mark.name === savepoint.toLowerCase())) return;
    }
    if (this.open) await this.connection.run({ sql: 'ROLLBACK' });
    this.forget();
    await this.keepSettings();
    this.sink.transactionChanged('rolledBack');
  }

  private async rollbackTo(at: number): Promise<void> {
    if (this.doomed) throw sqlError(3931);
    const mark = this.marks[at] as (typeof this.marks)[0];
    await this.connection.run({ sql: `ROLLBACK TO SAVEPOINT ${quoteName(`u:${mark.name}`)}` });
    this.role = undefined;
    this.marks.length = at + 1;
    this.view.backTo(mark.schema);
    this.temporary = new Map(mark.temporary);
    await this.keepSettings();
  }

  /** The transaction is gone: so is what it defined. */
  private forget(): void {
    const [mark] = this.marks;
    if (mark) {
      this.view.backTo(mark.schema);
      this.temporary = mark.temporary;
    }
    this.role = undefined;
    this.open = false;
    this.doomed = false;
    this.transactionCount = 0;
    this.marks = [];
  }

  /** Ends an open transaction without complaint. */
  async abortTransaction(): Promise<void> {
    if (this.transactionCount > 0) await this.rollback();
  }

  /** PostgreSQL no longer has the transaction, T-SQL has yet to roll it back. */
  doomTransaction(count: number): void {
    this.transactionCount = count;
    this.doomed = true;
  }

  async setIsolation(level: IsolationLevel): Promise<void> {
    this.isolation = level;
    await this.setting('default_transaction_isolation', isolations[level]);
  }

  async setLockTimeout(milliseconds: number): Promise<void> {
    this.lockTimeoutMs = milliseconds;
    await this.setting('lock_timeout', String(milliseconds < 0 ? 0 : Math.max(1, milliseconds)));
  }

  /** Takes effect with the next statement; within a transaction at once. */
  async setting(name: string, value: string): Promise<void> {
    this.settings.set(name, value);
    if (!this.open) return;
    this.settingsAtRisk = true;
    await this.applySettings();
  }

  private pendingSettings(): string[] {
    return [...this.settings]
      .filter(([name, value]) => this.applied.get(name) !== value)
      .map(([name, value]) => `SET SESSION ${name} = '${value.replaceAll("'", "''")}'`);
  }

  private noteApplied(): void {
    for (const [name, value] of this.settings) this.applied.set(name, value);
  }

  /** For what does not run through `execute`. */
  async applySettings(): Promise<void> {
    for (const sql of this.pendingSettings()) await this.connection.run({ sql });
    this.noteApplied();
  }

  /** PostgreSQL takes a setting back when its transaction rolls back; T-SQL keeps it. */
  private async keepSettings(): Promise<void> {
    if (!this.settingsAtRisk) return;
    if (!this.open) this.settingsAtRisk = false;
    this.applied.clear();
    await this.applySettings();
  }

  /** COPY into a table, undone as a whole when it fails. @returns the number of rows. */
  async copyIn(sql: string, chunks: AsyncIterable<Buffer>): Promise<number> {
    this.checkCancelled();
    await this.applySettings();
    if (this.open) await this.connection.run({ sql: 'SAVEPOINT "statement"' });
    try {
      const count = await this.connection.copyIn(sql, chunks);
      if (this.open) await this.connection.run({ sql: 'RELEASE SAVEPOINT "statement"' });
      return count;
    } catch (error) {
      await this.recover(error, false);
      throw this.explained(error, { action: 'INSERT' });
    }
  }

  forgetRole(): void {
    this.role = undefined;
  }
}
