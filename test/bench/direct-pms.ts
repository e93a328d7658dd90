/** The floor of the scenarios with a database: the same statements by `mssql` itself, in this process. */
import mssql from 'mssql';
import type { PmsTarget } from '#deploy/dev/pms-target.js';

export class DirectPms {
  private constructor(private readonly pool: mssql.ConnectionPool) {}

  /** @param login the agent's own for reading, or another */
  static async connect(
    pms: PmsTarget,
    login: { user: string; password: string } = pms.logins.read,
  ): Promise<DirectPms> {
    const pool = new mssql.ConnectionPool({
      server: pms.server === '127.0.0.1' ? 'localhost' : pms.server,
      port: pms.port,
      ...login,
      database: pms.catalogues[0]?.database ?? '',
      options: { encrypt: true, trustServerCertificate: true },
      requestTimeout: 600_000,
    });
    return new DirectPms(await pool.connect());
  }

  async query(text: string): Promise<unknown[]> {
    return (await this.pool.request().query(text)).recordset;
  }

  /** Streams the rows and counts them. */
  stream(text: string): Promise<number> {
    const request = this.pool.request();
    request.stream = true;
    return new Promise((resolve, reject) => {
      let rows = 0;
      request.on('row', () => (rows += 1));
      request.on('error', reject);
      request.on('done', () => resolve(rows));
      void request.query(text);
    });
  }

  close(): Promise<void> {
    return this.pool.close();
  }
}
