/** PMS databases on Microsoft SQL Server, by mssql's pools over tedious' connections. */
import { Request, type Connection } from 'tedious';
import { ConduitError } from '#libs/errors/conduit-error.js';
import type { SiteSettings } from '#apps/agent/src/agent.config.js';
import {
  PmsDriver,
  type JournalRow,
  type OnceOnly,
  type PmsCommand,
  type PmsOutcome,
} from '#apps/agent/src/pms/pms-driver.port.js';
import { connectionFailure } from '#apps/agent/src/pms/mssql/connection-failure.js';
import { ConnectionPools, type Lease } from '#apps/agent/src/pms/mssql/connection-pools.js';
import { JournalAccess } from '#apps/agent/src/pms/mssql/journal-access.js';
import { JournalledRun } from '#apps/agent/src/pms/mssql/journalled-run.js';
import { ask } from '#apps/agent/src/pms/mssql/own-batch.js';
import { SessionKiller } from '#apps/agent/src/pms/mssql/session-killer.js';
import { NeverSentError, StatementRun } from '#apps/agent/src/pms/mssql/statement-run.js';
import { inside } from '#apps/agent/src/pms/mssql/tedious-seam.js';
import { countBlockedByOurs } from '#apps/agent/src/pms/mssql/watch-session.js';
import type { ResultWriter } from '#apps/agent/src/pms/rows/result-writer.js';

/** Connections that may turn out dead before one works: after a restart a whole pool can be. */
const DEAD_CONNECTIONS = 3;

/** What no server of Microsoft's answers: the sandbox says it of itself. */
const SANDBOX_EDITION = 'Conduit Sandbox (64-bit)';
const ASK_MS = 5_000;

export class MssqlPmsDriver extends PmsDriver {
  private readonly pools: ConnectionPools;
  private readonly killer: SessionKiller;
  private journalAccess: JournalAccess | undefined;

  constructor(private readonly site: SiteSettings) {
    super();
    this.pools = new ConnectionPools(site);
    this.killer = new SessionKiller(site);
  }

  override run(command: PmsCommand, sink: ResultWriter, signal: AbortSignal): Promise<PmsOutcome> {
    return this.onConnection(command, sink, signal, (statement) => statement.execute(signal));
  }

  override runOnce(
    command: PmsCommand,
    sink: ResultWriter,
    signal: AbortSignal,
    once: OnceOnly,
  ): Promise<PmsOutcome | JournalRow> {
    const { lockTimeoutMs } = this.site.limits;
    const find = (): Promise<JournalRow | 'busy' | undefined> =>
      this.journal.find(once.keyHash, true);
    const { sql } = this.journal;
    return this.onConnection(command, sink, signal, (statement, connection) =>
      new JournalledRun({ connection, statement, once, sql, lockTimeoutMs, find }).execute(signal),
    );
  }

  override async findWrite(keyHash: Buffer): Promise<JournalRow | 'busy' | undefined> {
    return this.journal.find(keyHash, false);
  }

  override async purgeWrites(olderThanHours: number): Promise<boolean> {
    return this.journal.purge(olderThanHours);
  }

  override async probe(): Promise<number> {
    const lease = await this.pools.acquire(this.database(undefined), 'read');
    // A connection that has to be made first, or waited for, says nothing about the server's load.
    const startedAt = performance.now();
    try {
      await new Promise<void>((resolve, reject) => {
        const request = new Request('SELECT 1', (error) => (error ? reject(error) : resolve()));
        lease.connection.execSqlBatch(request);
      });
    } catch (error) {
      this.pools.drop(lease);
      throw connectionFailure(error);
    }
    this.pools.release(lease);
    return performance.now() - startedAt;
  }

  override async isSandbox(): Promise<boolean> {
    const lease = await this.pools.acquire(this.database(undefined), 'read').catch(() => undefined);
    if (!lease) return false;
    try {
      const sql = "SELECT CAST(SERVERPROPERTY('Edition') AS nvarchar(128)) AS edition";
      const [row] = await ask(lease.connection, sql, ASK_MS);
      this.pools.release(lease);
      return row?.['edition'] === SANDBOX_EDITION;
    } catch {
      this.pools.drop(lease);
      return false;
    }
  }

  override blockedByOurs(): Promise<number | undefined> {
    return countBlockedByOurs(this.site);
  }

  override close(): Promise<void> {
    return this.pools.close();
  }

  /** @throws ConduitError WRITE_JOURNAL_MISSING */
  private get journal(): JournalAccess {
    const place = this.site.journal;
    if (place === undefined) throw new ConduitError('WRITE_JOURNAL_MISSING');
    return (this.journalAccess ??= new JournalAccess(
      place,
      this.pools,
      this.database(undefined),
      this.site.limits.lockTimeoutMs,
    ));
  }

  /** On a connection that lives, whatever became of those that lay idle. */
  private async onConnection<T>(
    command: PmsCommand,
    sink: ResultWriter,
    signal: AbortSignal,
    use: (statement: StatementRun, connection: Connection) => Promise<T>,
  ): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      signal.throwIfAborted();
      try {
        return await this.attempt(command, sink, use);
      } catch (error) {
        if (!(error instanceof NeverSentError)) throw error;
        if (attempt === DEAD_CONNECTIONS) throw new ConduitError('DATABASE_UNAVAILABLE');
      }
    }
  }

  private async attempt<T>(
    command: PmsCommand,
    sink: ResultWriter,
    use: (statement: StatementRun, connection: Connection) => Promise<T>,
  ): Promise<T> {
    const lease = await this.pools.acquire(this.database(command.catalogue), command.tier);
    const { connection } = lease;
    try {
      await this.killer.learn(connection);
      const kill = (): Promise<void> => this.killer.kill(connection);
      return await use(new StatementRun(connection, command, sink, kill), connection);
    } finally {
      this.giveBack(lease);
    }
  }

  /** Reads too leave their session clean: that nothing slips through the check is not relied on. */
  private giveBack(lease: Lease): void {
    if (inside(lease.connection).state.name !== 'LoggedIn') this.pools.drop(lease);
    else this.pools.cleanAndRelease(lease);
  }

  private database(catalogue: string | undefined): string {
    const wanted = catalogue?.toLowerCase();
    const found = this.site.catalogues.find((candidate) =>
      wanted === undefined ? candidate.isDefault : candidate.name.toLowerCase() === wanted,
    );
    const chosen = found ?? (wanted === undefined ? this.site.catalogues[0] : undefined);
    if (chosen === undefined) throw new ConduitError('CATALOGUE_UNKNOWN');
    return chosen.database;
  }
}
