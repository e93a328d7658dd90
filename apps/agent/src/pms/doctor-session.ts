/** One login's session for the doctor: every statement in a transaction of its own, rolled back. */
import { Request, type Connection } from 'tedious';
import type { SiteSettings } from '#apps/agent/src/agent.config.js';
import { openOwnConnection } from '#apps/agent/src/pms/mssql/own-connection.js';

/** `failed`: neither refused nor allowed could be told. */
export type Attempt = 'refused' | 'allowed' | 'failed';

/**
 * SQL Server's refusals: of a right (229, 230, 262, 297, 300, 916, 2760), of a login or user
 * (15151, 15247), of a switched-off feature (15281), of an object one may not see (208, 2812, 15562),
 * and the division by zero with which the doctor asks for a membership (8134).
 */
const REFUSALS = new Set([
  229, 230, 262, 297, 300, 916, 2760, 15151, 15247, 15281, 208, 2812, 15562, 8134,
]);

/** SQL Server rolled the transaction back itself. */
const NO_TRANSACTION = 3903;

const TIMEOUT_MS = 10_000;

interface Ended {
  rows: unknown[][];
  error: { number?: number; errors?: { number?: number }[] } | undefined;
}

export class DoctorSession {
  private constructor(private readonly connection: Connection) {}

  static async open(
    site: SiteSettings,
    tier: 'read' | 'write',
    database: string,
  ): Promise<DoctorSession | 'loginRefused' | 'unavailable'> {
    const login = site.logins[tier];
    if (login === undefined) return 'loginRefused';
    const wishes = {
      appName: 'conduit-doctor',
      connectTimeoutMs: site.limits.connectTimeoutMs,
      requestTimeoutMs: TIMEOUT_MS,
      database,
    };
    try {
      return new DoctorSession(await openOwnConnection(site, login, wishes));
    } catch (error) {
      return (error as { code?: string }).code === 'ELOGIN' ? 'loginRefused' : 'unavailable';
    }
  }

  /** Tries a statement and undoes it. */
  async attempt(sql: string): Promise<Attempt> {
    const begun = await this.run('BEGIN TRANSACTION');
    if (begun.error !== undefined) return 'failed';
    const { error } = await this.run(sql);
    const undone = await this.run('IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION');
    if (undone.error !== undefined && undone.error.number !== NO_TRANSACTION) return 'failed';
    if (error === undefined) return 'allowed';
    const number = error.errors?.[0]?.number ?? error.number;
    if (number === undefined) return 'failed';
    return REFUSALS.has(number) ? 'refused' : 'failed';
  }

  /** Names from the information schema, each row a list; empty when they may not be seen. */
  async names(sql: string): Promise<string[][]> {
    const { rows, error } = await this.run(sql);
    return error === undefined ? rows.map((row) => row.map(String)) : [];
  }

  close(): void {
    this.connection.close();
  }

  private run(sql: string): Promise<Ended> {
    return new Promise((resolve) => {
      const rows: unknown[][] = [];
      const request = new Request(sql, (error) =>
        resolve({ rows, error: (error ?? undefined) as Ended['error'] }),
      );
      request.on('row', (columns: { value: unknown }[]) =>
        rows.push(columns.map(({ value }) => value)),
      );
      this.connection.execSqlBatch(request);
    });
  }
}
