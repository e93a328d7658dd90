/**
 * A real SQL Server as the clinic's target, through the `mssql` driver: DDL as batches, rows as bulk
 * loads of bounded size. It makes the two databases where they are missing and touches no others.
 */
import sql from 'mssql';
import { journalScript, usualJournal } from '#libs/tsql/write-journal.js';
import { splitAtGo } from '../engine/syntax/go-separator.js';
import { clinicCatalogues, type ClinicCatalogue } from './clinic.js';
import { ClinicError } from './clinic-error.js';
import type { ClinicTarget } from './fill-clinic.js';
import type { ClinicColumn, ClinicRow, ClinicTable } from './table.js';
import { clinicTables } from './tables.js';

const rowsPerBatch = 2_000;
const bytesPerBatch = 8_388_608;

/** PMSSITEID of the first row of dbo.Practice: how a clinic of ours is told from anything else. */
const markerSql = `SELECT COUNT(*) AS FOUND FROM dbo.Practice WHERE PMSSITEID = 'SYN-0001'`;

const simpleTypes: Record<string, () => sql.ISqlType> = {
  bit: sql.Bit,
  tinyint: sql.TinyInt,
  smallint: sql.SmallInt,
  int: sql.Int,
  bigint: sql.BigInt,
  date: sql.Date,
  datetime: sql.DateTime,
  uniqueidentifier: sql.UniqueIdentifier,
};

/** The driver's type of a T-SQL type text. */
function driverType(text: string): (() => sql.ISqlType) | sql.ISqlType {
  const [, name = '', first, second] = /^(\w+)(?:\((\w+)(?:,\s*(\d+))?\))?$/.exec(text) ?? [];
  const simple = simpleTypes[name];
  if (simple) return simple;
  const length = first === 'max' ? sql.MAX : Number(first);
  switch (name) {
    case 'char':
      return sql.Char(length);
    case 'varchar':
      return sql.VarChar(length);
    case 'nvarchar':
      return sql.NVarChar(length);
    case 'varbinary':
      return sql.VarBinary(length);
    case 'datetime2':
      return sql.DateTime2(length);
    case 'decimal':
      return sql.Decimal(length, Number(second));
    default:
      throw new Error(`no bulk-load type for ${text}`);
  }
}

/** The driver wants dates as Date in UTC, which it writes as wall clock. */
function driverValue(column: ClinicColumn, value: ClinicRow[string]): unknown {
  if (typeof value !== 'string' || !column.type.startsWith('date')) return value;
  return new Date(column.type === 'date' ? `${value}T00:00:00Z` : `${value.replace(' ', 'T')}Z`);
}

const byteSize = (value: unknown): number =>
  Buffer.isBuffer(value) ? value.length : typeof value === 'string' ? value.length * 2 : 8;

export class SqlServerTarget implements ClinicTarget {
  private readonly pools = new Map<string, Promise<sql.ConnectionPool>>();

  private constructor(private readonly config: sql.config) {}

  /** Connects, or says why not. @param url `mssql://user:password@host:port/database?trustServerCertificate=true` */
  static async connect(url: string): Promise<SqlServerTarget> {
    const target = new SqlServerTarget(parseTarget(url));
    try {
      await target.pool(target.config.database!);
    } catch (error) {
      throw new ClinicError(connectProblem(target.config, error), 1, { cause: error });
    }
    return target;
  }

  /** Makes the databases that are missing. */
  async createCatalogues(): Promise<void> {
    const pool = await this.pool(this.config.database!);
    for (const catalogue of clinicCatalogues) {
      const found = await pool.query(`SELECT DB_ID(N'${catalogue}') AS ID`);
      if (found.recordset[0]?.ID === null) await pool.batch(`CREATE DATABASE [${catalogue}]`);
    }
  }

  /** Names of tables in the clinic's databases, `Patients.dbo.Patient`. */
  async existingTables(): Promise<string[]> {
    const names: string[] = [];
    for (const catalogue of clinicCatalogues) {
      const { recordset } = await (
        await this.pool(catalogue)
      ).query(
        `SELECT TABLE_SCHEMA, TABLE_NAME FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_TYPE = 'BASE TABLE' ORDER BY TABLE_NAME`,
      );
      for (const row of recordset) names.push(`${catalogue}.${row.TABLE_SCHEMA}.${row.TABLE_NAME}`);
    }
    return names;
  }

  /** Whether the databases hold a clinic made by this program. */
  async holdsClinic(): Promise<boolean> {
    const known = new Set(clinicTables.map((table) => `${table.catalogue}.dbo.${table.name}`));
    const present = await this.existingTables();
    if (!present.includes('Patients.dbo.Practice')) return false;
    const { recordset } = await (await this.pool('Patients')).query(markerSql);
    return recordset[0]?.FOUND === 1 && present.every((name) => known.has(name));
  }

  run(catalogue: ClinicCatalogue, statements: readonly string[]): Promise<void> {
    return this.runIn(catalogue, statements);
  }

  /** Statements about logins and server rights, which SQL Server takes in `master` only. */
  runOnServer(statements: readonly string[]): Promise<void> {
    return this.runIn('master', statements);
  }

  /** The place of the agent's write journal, by the script that a technician runs. */
  async makeJournal(writeLogin: string): Promise<void> {
    const parts = splitAtGo(journalScript({ ...usualJournal, writeLogin })).map(({ text }) => text);
    await this.runIn('master', parts.slice(0, 1));
    await this.runIn(usualJournal.database, parts.slice(1));
  }

  private async runIn(database: string, statements: readonly string[]): Promise<void> {
    const pool = await this.pool(database);
    for (const statement of statements) await pool.batch(statement.trim());
  }

  async load(table: ClinicTable, rows: Iterable<ClinicRow>): Promise<number> {
    let total = 0;
    for (const batch of batches(table, rows)) {
      // One request at a time: rows must arrive in order, because the server counts the ids.
      await (await this.pool(table.catalogue)).request().bulk(batch, { keepNulls: true });
      total += batch.rows.length;
    }
    return total;
  }

  async close(): Promise<void> {
    const opened = await Promise.allSettled(this.pools.values());
    for (const result of opened) if (result.status === 'fulfilled') await result.value.close();
  }

  private pool(database: string): Promise<sql.ConnectionPool> {
    let pool = this.pools.get(database);
    if (!pool) {
      pool = new sql.ConnectionPool({ ...this.config, database }).connect();
      this.pools.set(database, pool);
    }
    return pool;
  }
}

/** Identity columns stay out: ids count up from 1 on both sides, in the order of the rows. */
function* batches(table: ClinicTable, rows: Iterable<ClinicRow>): Iterable<sql.Table> {
  const columns = table.columns.filter((column) => !column.identity);
  let batch = emptyBatch(table, columns);
  let bytes = 0;
  for (const row of rows) {
    const values = columns.map((column) => driverValue(column, row[column.name] ?? null));
    bytes += values.reduce((sum: number, value) => sum + byteSize(value), 0);
    batch.rows.push(values as never);
    if (batch.rows.length >= rowsPerBatch || bytes >= bytesPerBatch) {
      yield batch;
      batch = emptyBatch(table, columns);
      bytes = 0;
    }
  }
  if (batch.rows.length > 0) yield batch;
}

function emptyBatch(table: ClinicTable, columns: ClinicColumn[]): sql.Table {
  const batch = new sql.Table(`dbo.${table.name}`);
  for (const column of columns) {
    batch.columns.add(column.name, driverType(column.type), { nullable: column.nullable });
  }
  return batch;
}

function parseTarget(text: string): sql.config {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new ClinicError('--to is not a URL. Write mssql://user:password@host:port/database.', 2);
  }
  if (url.protocol !== 'mssql:' || url.hostname === '' || url.username === '') {
    throw new ClinicError('--to needs the form mssql://user:password@host:port/database.', 2);
  }
  const asked = (name: string, otherwise: boolean): boolean =>
    (url.searchParams.get(name) ?? String(otherwise)) === 'true';
  return {
    server: decodeURIComponent(url.hostname),
    port: url.port === '' ? 1433 : Number(url.port),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: decodeURIComponent(url.pathname.slice(1)) || 'master',
    options: {
      encrypt: asked('encrypt', true),
      trustServerCertificate: asked('trustServerCertificate', false),
      appName: 'conduit-sandbox-load',
    },
    pool: { max: 1, min: 0 },
    requestTimeout: 600_000,
    connectionTimeout: 15_000,
  };
}

function connectProblem(config: sql.config, error: unknown): string {
  const where = `${config.server}:${config.port}`;
  const text = error instanceof Error ? error.message : '';
  const code = (error as { code?: string }).code;
  if (code === 'ELOGIN') return `${where} refused the login of user ${config.user}.`;
  if (/certificate|self.signed/i.test(text)) {
    return `${where} shows a certificate that this machine does not trust. Add ?trustServerCertificate=true to the URL if you do.`;
  }
  if (code === 'ESOCKET' || code === 'ETIMEOUT') return `No SQL Server answers at ${where}.`;
  return `${where} could not be used: ${text}`;
}
