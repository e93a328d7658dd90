/**
 * The practice's database seen past the conduit: what an administrator sees of the agent's sessions,
 * and what a login can do when nothing of the conduit stands in front of it.
 */
import sql from 'mssql';
import { readState } from '#apps/sandbox/src/clinic/clinic-state.js';
import { clinicLogins, type ClinicLogin } from '#apps/sandbox/src/clinic/logins.sql.js';
import { settle } from '#test/support/settle.js';
import type { TestConduit } from '#test/support/start-conduit.js';

/** A real SQL Server in the sandbox's place has one login, and nobody here may stop it. */
export const isSandbox = process.env['CONDUIT_TEST_PMS_URL'] === undefined;

const AGENT_REQUESTS = `
  SELECT r.session_id AS id FROM sys.dm_exec_requests r
  JOIN sys.dm_exec_sessions s ON s.session_id = r.session_id
  WHERE s.program_name = 'conduit-agent'`;

export class ClinicDatabase {
  private constructor(private readonly pool: sql.ConnectionPool) {}

  static async connect(to: TestConduit, login: ClinicLogin): Promise<ClinicDatabase> {
    const { pms } = to.conduit;
    if (!pms) throw new Error('the conduit has no practice database');
    const { passwords } = readState(to.conduit.path('sandbox')) ?? {};
    const pool = new sql.ConnectionPool({
      server: pms.server,
      port: pms.port,
      database: pms.catalogues[0]?.database ?? '',
      ...(passwords ? { user: clinicLogins[login], password: passwords[login] } : pms.logins.read),
      options: { trustServerCertificate: true },
      pool: { max: 2 },
    });
    pool.on('error', () => undefined);
    await pool.connect();
    return new ClinicDatabase(pool);
  }

  async query(text: string): Promise<Record<string, unknown>[]> {
    return (await this.pool.query(text)).recordset as Record<string, unknown>[];
  }

  /** Sessions of the agent in which a statement runs at this moment. */
  async runningStatements(): Promise<number[]> {
    return (await this.query(AGENT_REQUESTS)).map(({ id }) => Number(id));
  }

  /** @returns its session, seen twice: the agent's own glance at the database is over by then */
  untilStatementRuns(): Promise<number> {
    let before: number[] = [];
    return settle('a statement runs', 10_000, async () => {
      const now = await this.runningStatements();
      const lasting = now.find((session) => before.includes(session));
      before = now;
      return lasting;
    });
  }

  async untilNothingRuns(withinMs: number): Promise<void> {
    await settle(
      'no statement runs',
      withinMs,
      async () => (await this.runningStatements()).length === 0 || undefined,
    );
  }

  close(): Promise<void> {
    return this.pool.close();
  }
}
