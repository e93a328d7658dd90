/** PMS databases on Microsoft SQL Server, by mssql's pools over tedious' connections. */
import { Request } from 'tedious';
import { ConduitError } from '#libs/errors/conduit-error.js';
import type { SiteSettings } from '#apps/agent/src/agent.config.js';
import {
  PmsDriver,
  type PmsCommand,
  type PmsOutcome,
} from '#apps/agent/src/pms/pms-driver.port.js';
import { connectionFailure } from '#apps/agent/src/pms/mssql/connection-failure.js';
import { ConnectionPools, type Lease } from '#apps/agent/src/pms/mssql/connection-pools.js';
import { SessionKiller } from '#apps/agent/src/pms/mssql/session-killer.js';
import { NeverSentError, StatementRun } from '#apps/agent/src/pms/mssql/statement-run.js';
import { inside } from '#apps/agent/src/pms/mssql/tedious-seam.js';
import type { ResultWriter } from '#apps/agent/src/pms/rows/result-writer.js';

/** Connections that may turn out dead before one works: after a restart a whole pool can be. */
const DEAD_CONNECTIONS = 3;

export class MssqlPmsDriver extends PmsDriver {
  private readonly pools: ConnectionPools;
  private readonly killer: SessionKiller;

  constructor(private readonly site: SiteSettings) {
    super();
    this.pools = new ConnectionPools(site);
    this.killer = new SessionKiller(site);
  }

  override async run(
    command: PmsCommand,
    sink: ResultWriter,
    signal: AbortSignal,
  ): Promise<PmsOutcome> {
    for (let attempt = 1; ; attempt += 1) {
      signal.throwIfAborted();
      try {
        return await this.attempt(command, sink, signal);
      } catch (error) {
        if (!(error instanceof NeverSentError)) throw error;
        if (attempt === DEAD_CONNECTIONS) throw new ConduitError('DATABASE_UNAVAILABLE');
      }
    }
  }

  override async probe(): Promise<number> {
    const startedAt = performance.now();
    const lease = await this.pools.acquire(this.database(undefined), 'read');
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

  override close(): Promise<void> {
    return this.pools.close();
  }

  private async attempt(
    command: PmsCommand,
    sink: ResultWriter,
    signal: AbortSignal,
  ): Promise<PmsOutcome> {
    const lease = await this.pools.acquire(this.database(command.catalogue), command.tier);
    const { connection } = lease;
    try {
      await this.killer.learn(connection);
      const kill = (): Promise<void> => this.killer.kill(connection);
      return await new StatementRun(connection, command, sink, kill).execute(signal);
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
