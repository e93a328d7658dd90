/** A small clinic of its own for one spec file, and its logins through the real driver over TLS. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sql from 'mssql';
import type { ClinicLogin } from './logins.sql.js';
import { startClinic, type RunningClinic } from './start-clinic.js';

/** Parameters of a procedure: name without its @, type, value. */
export type Arguments = Record<string, [type: sql.ISqlType | (() => sql.ISqlType), value: unknown]>;

export class WiredClinic {
  private readonly pools = new Map<string, sql.ConnectionPool>();

  private constructor(
    private readonly directory: string,
    readonly clinic: RunningClinic,
  ) {}

  static async start(): Promise<WiredClinic> {
    const directory = mkdtempSync(join(tmpdir(), 'clinic-wire-'));
    const clinic = await startClinic({
      stateDirectory: join(directory, 'state'),
      scale: 200,
      referenceDate: '2026-03-02',
    });
    return new WiredClinic(directory, clinic);
  }

  async stop(): Promise<void> {
    for (const pool of this.pools.values()) await pool.close();
    await this.clinic.close();
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** Rows of one statement. */
  async query(login: ClinicLogin, text: string, database = 'Patients') {
    const pool = await this.connect(login, database);
    return (await pool.query(text)).recordset;
  }

  /** Executes a procedure of the default catalogue as the writer. */
  async call(name: string, inputs: Arguments, outputs: Arguments = {}) {
    const request = (await this.connect('write', 'Patients')).request();
    for (const [parameter, [type, value]] of Object.entries(inputs)) {
      request.input(parameter, type as () => sql.ISqlType, value);
    }
    for (const [parameter, [type, value]] of Object.entries(outputs)) {
      request.output(parameter, type as () => sql.ISqlType, value);
    }
    return request.execute(`dbo.${name}`);
  }

  /** Work of the writer in one transaction, committed at its end. */
  async inTransaction(work: (request: sql.Request) => Promise<void>): Promise<void> {
    const transaction = (await this.connect('write', 'Patients')).transaction();
    await transaction.begin();
    await work(transaction.request());
    await transaction.commit();
  }

  private async connect(login: ClinicLogin, database: string): Promise<sql.ConnectionPool> {
    const key = `${login}/${database}`;
    const open = this.pools.get(key);
    if (open) return open;
    const pool = await new sql.ConnectionPool({
      server: 'localhost',
      port: this.clinic.port,
      ...this.clinic.logins[login],
      database,
      options: {
        encrypt: true,
        trustServerCertificate: false,
        cryptoCredentialsDetails: { ca: this.clinic.caPem },
      },
      pool: { max: 4 },
    }).connect();
    this.pools.set(key, pool);
    return pool;
  }
}
