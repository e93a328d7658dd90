/**
 * The sandbox's SQL engine: T-SQL in front, a private PostgreSQL underneath. It starts and stops that
 * server, keeps the catalogue of definitions, lets logins in and knows every session.
 */
import type { SqlEngine, SqlSession, SqlValue } from './sql-engine.port.js';
import { LoginRefusedError, type ResultSink, type ServerMessage } from './sql-engine.port.js';
import { LoginRights, roleOf, type SandboxLogin } from './logins.js';
import {
  createDatabase,
  grantLogins,
  loadDefinitions,
  prepareCatalogues,
} from './postgres/clinic-database.js';
import { startCluster, type PostgresCluster } from './postgres/postgres-cluster.js';
import { PostgresConnection } from './postgres/postgres-connection.js';
import { quoteName } from './binding/bound.js';
import { findColumn, type TableDefinition } from './schema/definitions.js';
import { SchemaStore, SchemaView } from './schema/schema-store.js';
import { copyText } from './session/copy-text.js';
import { SandboxSession } from './session/sandbox-session.js';
import { SessionState, type EngineServices } from './session/session-state.js';
import { parseBatch } from './syntax/statement-grammar.js';
import type { Statement } from './syntax/syntax-tree.js';
import { withinDepth } from './session/sql-error.js';
import { splitAtGo } from './syntax/go-separator.js';
import { oneByOne } from '#libs/kernel/turns.js';

export interface EngineOptions {
  /** Where the data lives between starts. */
  stateDirectory: string;
  logins: SandboxLogin[];
  /** `master` and `tempdb` are added. */
  catalogues: string[];
  defaultCatalogue: string;
  /** IANA name of the clinic's time zone, for GETDATE. Default: this machine's. */
  timeZone?: string;
}

export interface SandboxEngine extends SqlEngine {
  /** Runs T-SQL with GO separators as the owner of everything. @throws Error naming the first SQL error and its line. */
  runScript(catalogue: string, sql: string): Promise<void>;
  /** Loads rows as they are, without conversions: lengths and ranges are the caller's promise. @returns the number of rows. */
  copyIn(
    catalogue: string,
    table: string,
    columns: string[],
    rows: Iterable<SqlValue[]> | AsyncIterable<SqlValue[]>,
  ): Promise<number>;
  /** Whether `markFilled` has not been called on this state. */
  isEmpty(): Promise<boolean>;
  markFilled(): Promise<void>;
  /** Resolves when the database has ended, whether it was asked to or not. */
  readonly ended: Promise<void>;
}

/** @throws Error when the state directory is in use or PostgreSQL cannot start. */
export async function startEngine(options: EngineOptions): Promise<SandboxEngine> {
  const cluster = await startCluster(options.stateDirectory);
  try {
    if (cluster.isNew) await createDatabase(cluster.socketDirectory);
    const admin = await PostgresConnection.open({
      socketDirectory: cluster.socketDirectory,
      user: 'postgres',
      database: 'clinic',
    });
    const store = new SchemaStore(['master', 'tempdb', ...options.catalogues]);
    await prepareCatalogues(admin, store.catalogues);
    await loadDefinitions(admin, store);
    const engine = new RunningEngine(options, cluster, admin, store);
    await engine.refreshGrants();
    return engine;
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

class RunningEngine implements SandboxEngine, EngineServices {
  private readonly logins: Map<string, LoginRights>;
  private readonly open = new Map<number, SandboxSession>();
  private readonly listeners: ((spid: number) => void)[] = [];
  private readonly parsed = new Map<string, Statement[]>();
  private readonly system: LoginRights;
  private readonly inTurn = oneByOne();
  private nextSpid = 51;
  private closing: Promise<void> | undefined;

  constructor(
    private readonly options: EngineOptions,
    private readonly cluster: PostgresCluster,
    private readonly admin: PostgresConnection,
    readonly store: SchemaStore,
  ) {
    this.system = new LoginRights({
      user: 'conduit sandbox',
      password: '',
      rights: {},
      sysadmin: true,
    });
    this.logins = new Map(
      options.logins.map((login) => [login.user.toLowerCase(), new LoginRights(login)]),
    );
  }

  get catalogues(): string[] {
    return this.store.catalogues;
  }

  get ended(): Promise<void> {
    return this.cluster.ended;
  }

  /** The one administrative connection serves one at a time. */
  private administer<T>(work: (admin: PostgresConnection) => Promise<T>): Promise<T> {
    return this.inTurn(() => work(this.admin));
  }

  refreshGrants(): Promise<void> {
    return this.administer((admin) =>
      grantLogins(admin, [this.system, ...this.logins.values()], this.store),
    );
  }

  async definitionsChanged(): Promise<void> {
    const denying = [...this.logins.values()].filter((rights) => rights.hasDenials);
    if (denying.length > 0)
      await this.administer((admin) => grantLogins(admin, denying, this.store));
  }

  async login(request: {
    user: string;
    password: string;
    catalogue: string | undefined;
    appName: string;
    hostName: string;
  }): Promise<SqlSession> {
    const rights = this.logins.get(request.user.toLowerCase());
    if (!rights?.accepts(request.password))
      throw new LoginRefusedError(
        18456,
        rights ? 8 : 5,
        `Login failed for user '${request.user}'.`,
      );
    const wanted = request.catalogue || this.options.defaultCatalogue;
    const catalogue = this.store.catalogue(wanted);
    if (!catalogue || !rights.mayEnter(catalogue)) {
      if (!request.catalogue && rights.mayEnter('master'))
        return this.session(rights, 'master', request);
      throw new LoginRefusedError(
        4060,
        1,
        `Cannot open database "${wanted}" requested by the login. The login failed.`,
      );
    }
    return this.session(rights, catalogue, request);
  }

  private async session(
    rights: LoginRights,
    catalogue: string,
    request: { appName: string; hostName: string },
  ): Promise<SandboxSession> {
    const spid = this.nextSpid++;
    const connection = await PostgresConnection.open({
      socketDirectory: this.cluster.socketDirectory,
      user: roleOf(rights.login.user),
      database: 'clinic',
      settings: {
        search_path: 'pg_catalog',
        timezone: this.options.timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
        application_name: `spid ${spid}`,
        client_min_messages: 'error',
        plan_cache_mode: 'force_custom_plan',
      },
      onLost: () => this.lost(spid),
    });
    const facts = {
      spid,
      user: rights.login.user,
      hostName: request.hostName,
      appName: request.appName,
      loginTime: new Date().toISOString().replace('T', ' ').slice(0, 23),
    };
    const state = new SessionState(
      facts,
      rights,
      connection,
      new SchemaView(this.store),
      this,
      catalogue,
    );
    const session = new SandboxSession(state, () => this.open.delete(spid));
    this.open.set(spid, session);
    return session;
  }

  private lost(spid: number): void {
    if (!this.open.delete(spid)) return;
    for (const listener of this.listeners) listener(spid);
  }

  onSessionKilled(listener: (spid: number) => void): void {
    this.listeners.push(listener);
  }

  sessions(): SessionState[] {
    return [...this.open.values()].map((session) => session.state);
  }

  kill(spid: number): void {
    const session = this.open.get(spid);
    if (!session) return;
    this.lost(spid);
    void session.close();
  }

  async blocking(): Promise<Map<number, number>> {
    const rows = await this.administer((admin) =>
      admin.rows(
        'SELECT pid, (pg_blocking_pids(pid))[1] FROM pg_stat_activity WHERE cardinality(pg_blocking_pids(pid)) > 0',
      ),
    );
    const spids = new Map(
      this.sessions().map((state) => [String(state.connection.processId), state.facts.spid]),
    );
    return new Map(
      rows.flatMap(([pid, by]) => {
        const [waiting, holder] = [spids.get(pid ?? ''), spids.get(by ?? '')];
        return waiting === undefined ? [] : [[waiting, holder ?? 0] as const];
      }),
    );
  }

  /** Parsed texts are kept, the oldest leaving first: what is prepared runs again and again. */
  parse(sql: string): Statement[] {
    const known = this.parsed.get(sql);
    if (known) return known;
    const statements = withinDepth(() => parseBatch(sql));
    if (sql.length > 100_000) return statements;
    this.parsed.set(sql, statements);
    if (this.parsed.size > 500) this.parsed.delete(this.parsed.keys().next().value as string);
    return statements;
  }

  async runScript(catalogue: string, sql: string): Promise<void> {
    const session = await this.session(this.system, this.store.catalogue(catalogue) ?? catalogue, {
      appName: 'script',
      hostName: 'local',
    });
    try {
      for (const { text, line } of splitAtGo(sql)) {
        const failures: ServerMessage[] = [];
        await session.batch(text, scriptSink(failures));
        const [failure] = failures;
        if (failure)
          throw new Error(
            `Script, line ${line + failure.line - 1}: error ${failure.number}: ${failure.message}`,
          );
      }
    } finally {
      await session.close();
    }
  }

  async copyIn(
    catalogue: string,
    table: string,
    columns: string[],
    rows: Iterable<SqlValue[]> | AsyncIterable<SqlValue[]>,
  ): Promise<number> {
    const parts = table.split('.');
    const found = new SchemaView(this.store).find(
      catalogue,
      parts.at(-2) ?? 'dbo',
      parts.at(-1) as string,
    );
    if (!found || found.kind !== 'table')
      throw new Error(`No table ${catalogue}.${table} to copy into.`);
    const definitions = columns.map(
      (name) => findColumn(found, name) ?? fail(`No column ${name} in ${table}.`),
    );
    const connection = await PostgresConnection.open({
      socketDirectory: this.cluster.socketDirectory,
      user: 'postgres',
      database: 'clinic',
      settings: { session_replication_role: 'origin' },
    });
    try {
      const list = definitions.map((column) => quoteName(column.name.toLowerCase())).join(', ');
      const count = await connection.copyIn(
        `COPY ${found.place} (${list}) FROM STDIN`,
        copyText(
          rows,
          definitions.map((column) => column.type),
        ),
      );
      await this.settle(connection, found);
      return count;
    } finally {
      await connection.close();
    }
  }

  /** Identity goes on after the highest value; the planner learns the new size. */
  private async settle(connection: PostgresConnection, table: TableDefinition): Promise<void> {
    const identity = table.columns.find((column) => column.identity);
    if (identity) {
      const column = identity.name.toLowerCase();
      await connection.rows(
        `SELECT setval(pg_get_serial_sequence($1, $2), greatest(max(${quoteName(column)}), 1)) FROM ${table.place}`,
        [table.place, column],
      );
    }
    await connection.run({ sql: `ANALYZE ${table.place}` });
  }

  async isEmpty(): Promise<boolean> {
    return (
      (
        await this.administer((admin) =>
          admin.rows("SELECT 1 FROM tsql.marks WHERE name = 'filled'"),
        )
      ).length === 0
    );
  }

  async markFilled(): Promise<void> {
    await this.administer((admin) =>
      admin.run({ sql: "INSERT INTO tsql.marks VALUES ('filled') ON CONFLICT DO NOTHING" }),
    );
    await this.administer((admin) => admin.run({ sql: 'CHECKPOINT' }));
  }

  close(): Promise<void> {
    return (this.closing ??= this.shutDown());
  }

  private async shutDown(): Promise<void> {
    const sessions = [...this.open.values()];
    for (const session of sessions) this.lost(session.spid);
    await Promise.all(sessions.map((session) => session.close()));
    await this.inTurn(() => this.admin.close());
    await this.cluster.stop();
  }
}

function scriptSink(failures: ServerMessage[]): ResultSink {
  return {
    columns: () => undefined,
    row: () => undefined,
    statementDone: () => undefined,
    catalogueChanged: () => undefined,
    transactionChanged: () => undefined,
    message: (message) => {
      if (message.class > 10) failures.push(message);
    },
  };
}

function fail(message: string): never {
  throw new Error(message);
}
