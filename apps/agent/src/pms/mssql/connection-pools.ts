/**
 * Connections to one SQL Server: a small pool for each database and tier, made when first needed
 * and emptied when idle. A connection goes back only when nothing of its last caller is left on it.
 */
import mssql from 'mssql';
import { Connection, Request } from 'tedious';
import { ConduitError } from '#libs/errors/conduit-error.js';
import type { LoginSettings, SiteSettings } from '#apps/agent/src/agent.config.js';
import type { Tier } from '#apps/agent/src/grants/grant-gate.port.js';
import { connectionFailure } from '#apps/agent/src/pms/mssql/connection-failure.js';
import { attachExactReader } from '#apps/agent/src/pms/mssql/exact-connection.js';
import { assertTediousSeam, inside } from '#apps/agent/src/pms/mssql/tedious-seam.js';

/** mssql's pool as documented; its type package leaves out lending. */
type Pool = mssql.ConnectionPool & {
  acquire(requester: object): Promise<Connection>;
  release(connection: Connection): void;
};

export interface Lease {
  connection: Connection;
  pool: Pool;
}

/** Idle connections are closed after this, so that a quiet agent costs the server nothing. */
const IDLE_MS = 60_000;
/** For each statement at once: its connection, and one that is still being cleaned after the last. */
const CONNECTIONS_PER_STATEMENT = 2;
/** For probes. */
const SPARE_CONNECTIONS = 1;
/** As .NET's client: larger packets take special memory at the server. */
const PACKET_BYTES = 8000;
/** Tells our sessions from others' at the server. */
export const APP_NAME = 'conduit-agent';

export class ConnectionPools {
  private readonly pools = new Map<string, Promise<Pool>>();
  private readonly cleaning = new Set<Promise<void>>();
  private isClosed = false;

  constructor(private readonly site: SiteSettings) {
    assertTediousSeam(Connection.prototype);
  }

  /**
   * @throws ConduitError DATABASE_UNAVAILABLE, DATABASE_LOGIN_REFUSED, or GRANT_CEILING when the
   *   site has no write login
   */
  async acquire(database: string, tier: Tier): Promise<Lease> {
    const login = this.site.logins[tier];
    if (login === undefined)
      throw new ConduitError('GRANT_CEILING', { facts: { reason: 'noWriteLogin' } });
    const key = `${tier}\n${database}`;
    const opening = this.pools.get(key) ?? this.open(key, database, login);
    try {
      const pool = await opening;
      const connection = await pool.acquire(pool);
      return { connection, pool };
    } catch (error) {
      throw connectionFailure(error);
    }
  }

  /** Gives a connection back on which only statements of our own ran. */
  release({ connection, pool }: Lease): void {
    pool.release(connection);
  }

  /**
   * Gives a connection back after rolling back and resetting its session. Runs beside the answer;
   * the connection is not lent again before it is clean.
   */
  cleanAndRelease(lease: Lease): void {
    const cleaning = this.clean(lease.connection)
      .catch(() => lease.connection.close())
      .then(() => this.release(lease));
    this.cleaning.add(cleaning);
    void cleaning.finally(() => this.cleaning.delete(cleaning));
  }

  /** Drops a connection that can't be trusted any more; its place in the pool becomes free. */
  drop({ connection, pool }: Lease): void {
    connection.close();
    pool.release(connection);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await Promise.allSettled(this.cleaning);
    const pools = await Promise.allSettled(this.pools.values());
    this.pools.clear();
    await Promise.allSettled(
      pools.flatMap((opened) => (opened.status === 'fulfilled' ? [opened.value.close()] : [])),
    );
  }

  private async clean(connection: Connection): Promise<void> {
    if (inside(connection).inTransaction) await batch(connection, 'IF @@TRANCOUNT > 0 ROLLBACK');
    await new Promise<void>((resolve, reject) => {
      connection.reset((error) => (error ? reject(error) : resolve()));
    });
  }

  private open(key: string, database: string, login: LoginSettings): Promise<Pool> {
    if (this.isClosed) return Promise.reject(new ConduitError('DATABASE_UNAVAILABLE'));
    const pool = new mssql.ConnectionPool({
      ...connectionSettings(this.site, login, database),
      validateConnection: 'socket',
      pool: {
        min: 0,
        max: this.site.limits.maxConcurrent * CONNECTIONS_PER_STATEMENT + SPARE_CONNECTIONS,
        idleTimeoutMillis: IDLE_MS,
        acquireTimeoutMillis: this.site.limits.connectTimeoutMs * 2,
      },
      beforeConnect: (connection: Connection) =>
        attachExactReader(connection, sessionSql(this.site.limits.lockTimeoutMs)),
    } as unknown as mssql.config) as Pool;
    // Each failure reaches its own caller; without a listener this event would end the process.
    pool.on('error', () => {});
    const opening = pool.connect().then(() => pool);
    this.pools.set(key, opening);
    opening.catch(() => this.pools.delete(key));
    return opening;
  }
}

/** The clinic's own work goes first: give up on locks soon, lose every deadlock. */
function sessionSql(lockTimeoutMs: number): string {
  return `set lock_timeout ${lockTimeoutMs}\nset deadlock_priority low`;
}

/** Settings that every connection to this server shares. */
export function connectionSettings(
  site: SiteSettings,
  login: LoginSettings,
  database: string,
): object {
  const [server, instanceName] = site.server.split('\\');
  return {
    server,
    ...(site.port === undefined ? {} : { port: site.port }),
    user: login.user,
    password: login.password.reveal(),
    database,
    connectionTimeout: site.limits.connectTimeoutMs,
    // Our own watchdog times statements; tedious' timer stops at the first packet.
    requestTimeout: 0,
    options: {
      encrypt: site.encrypt,
      trustServerCertificate: site.trustServerCertificate,
      ...(instanceName === undefined || site.port !== undefined ? {} : { instanceName }),
      appName: APP_NAME,
      packetSize: PACKET_BYTES,
      maxRetriesOnTransientErrors: 0,
    },
  };
}

/** Runs a batch of our own that returns nothing. */
function batch(connection: Connection, sql: string): Promise<void> {
  return new Promise((resolve, reject) => {
    connection.execSqlBatch(new Request(sql, (error) => (error ? reject(error) : resolve())));
  });
}
