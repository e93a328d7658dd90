/** The write journal outside of any write: looked into and tidied on a connection of the write login. */
import { ConduitError } from '#libs/errors/conduit-error.js';
import type { JournalRow } from '#apps/agent/src/pms/pms-driver.port.js';
import { connectionFailure, sqlFailure } from '#apps/agent/src/pms/mssql/connection-failure.js';
import type { ConnectionPools } from '#apps/agent/src/pms/mssql/connection-pools.js';
import { isHeld, journalRow } from '#apps/agent/src/pms/mssql/journal-row.js';
import { JournalSql, type JournalPlace } from '#apps/agent/src/pms/mssql/journal-sql.js';
import { ask, type OwnRow } from '#apps/agent/src/pms/mssql/own-batch.js';

const ANSWER_MS = 10_000;
/** Few enough that nobody waits for their locks, and that they never become one on the whole table. */
const ROWS_A_PURGE = 500;

export class JournalAccess {
  readonly sql: JournalSql;

  /** @param database that the write login opens; the journal itself is named in full */
  constructor(
    place: JournalPlace,
    private readonly pools: ConnectionPools,
    private readonly database: string,
    private readonly lockTimeoutMs: number,
  ) {
    this.sql = new JournalSql(place);
  }

  /** @throws ConduitError as PmsDriver.findWrite */
  async find(keyHash: Buffer, waits: boolean): Promise<JournalRow | 'busy' | undefined> {
    try {
      const [row] = await this.ask(this.sql.find(keyHash, waits));
      return row && journalRow(row);
    } catch (error) {
      if (isHeld(error)) return 'busy';
      throw journalFailure(error);
    }
  }

  /** @throws ConduitError as PmsDriver.purgeWrites */
  async purge(olderThanHours: number): Promise<boolean> {
    try {
      const [row] = await this.ask(this.sql.purge(olderThanHours, ROWS_A_PURGE));
      return row?.['Removed'] === ROWS_A_PURGE;
    } catch (error) {
      throw journalFailure(error);
    }
  }

  private async ask(sql: string): Promise<OwnRow[]> {
    const lease = await this.pools.acquire(this.database, 'write');
    try {
      return await ask(lease.connection, sql, this.lockTimeoutMs + ANSWER_MS);
    } finally {
      // The session's settings may have been changed.
      this.pools.cleanAndRelease(lease);
    }
  }
}

function journalFailure(error: unknown): ConduitError {
  if (error instanceof ConduitError) return error;
  return sqlFailure(error) === undefined
    ? connectionFailure(error)
    : new ConduitError('WRITE_JOURNAL_UNAVAILABLE');
}
