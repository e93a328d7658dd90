/**
 * Loads the clinic with the real driver, by DDL batches and bulk loads, as into a SQL Server; the
 * server is an empty sandbox. Logins are left alone here: a sandbox takes none by statement.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import sql from 'mssql';
import type { ClinicShape } from './clinic.js';
import { loadSqlServer } from './load-sql-server.js';
import { startClinic, type RunningClinic } from './start-clinic.js';
import { clinicTables } from './tables.js';

const shape: ClinicShape = { seed: 'load', referenceDate: '2026-03-02', scale: 100 };

let directory: string;
let server: RunningClinic;
let pool: sql.ConnectionPool;

const urlAs = (user: string, password: string, rest = 'Patients'): string =>
  `mssql://${user}:${encodeURIComponent(password)}@127.0.0.1:${server.port}/${rest}`;

function load(changes: { url?: string; replace?: boolean; shape?: ClinicShape } = {}) {
  const { user, password } = server.logins.admin;
  return loadSqlServer({
    url: urlAs(user, password, 'Patients?trustServerCertificate=true'),
    shape,
    replace: false,
    passwords: undefined,
    onProgress: () => {},
    ...changes,
  });
}

const one = async (text: string): Promise<Record<string, unknown>> =>
  (await pool.query(text)).recordset[0];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'clinic-load-'));
  server = await startClinic({ stateDirectory: join(directory, 'state'), empty: true });
  pool = await new sql.ConnectionPool({
    server: '127.0.0.1',
    port: server.port,
    ...server.logins.admin,
    database: 'Patients',
    options: { trustServerCertificate: true },
  }).connect();
}, 30_000);

afterAll(async () => {
  await pool?.close();
  await server?.close();
  rmSync(directory, { recursive: true, force: true });
});

describe('before anything is loaded', () => {
  test('tables of somebody else are never touched', async () => {
    await pool.batch('CREATE TABLE dbo.SomebodyElses (ID int NOT NULL)');
    await expect(load({ replace: true })).rejects.toThrow("not this clinic's");
    expect(await one('SELECT COUNT(*) AS N FROM dbo.SomebodyElses')).toEqual({ N: 0 });
    await pool.batch('DROP TABLE dbo.SomebodyElses');
  });

  test('a refused login, a distrusted certificate and a dead port are told apart', async () => {
    const { user, password } = server.logins.admin;
    const refused = urlAs(user, 'wrong', 'Patients?trustServerCertificate=true');
    await expect(load({ url: refused })).rejects.toThrow('refused the login of user clinic_admin');
    await expect(load({ url: urlAs(user, password) })).rejects.toThrow('does not trust');
    const dead = 'mssql://a:b@127.0.0.1:1/master';
    await expect(load({ url: dead })).rejects.toThrow('No SQL Server answers at 127.0.0.1:1');
  });

  test.each(['nonsense', 'http://a:b@host/x', 'mssql://host/db'])(
    '%s is a wrong command line',
    async (url) => {
      await expect(load({ url })).rejects.toMatchObject({ exitCode: 2 });
    },
  );
});

describe('loading', () => {
  test('brings every row over, in order, with its values', async () => {
    await load();
    for (const table of clinicTables.filter((candidate) => candidate.rows)) {
      const rows = [...table.rows!(shape)];
      const identity = table.columns.find((column) => column.identity)?.name;
      const aggregate = identity ? `MAX(${identity})` : 'COUNT(*)';
      const found = await one(
        `SELECT COUNT(*) AS N, ${aggregate} AS LAST FROM ${table.catalogue}.dbo.${table.name}`,
      );
      expect([table.name, found]).toEqual([table.name, { N: rows.length, LAST: rows.length }]);
    }
    const [made] = [...clinicTables.find(({ name }) => name === 'Result')!.rows!(shape)].slice(9);
    const read = await one(
      `SELECT CONVERT(varchar(23), COLLECTED, 121) AS COLLECTED, CAST(VALUE AS varchar(20)) AS VALUE, BODY FROM dbo.Result WHERE RESULTID = 10`,
    );
    expect(read).toEqual({
      COLLECTED: made!['COLLECTED'],
      VALUE: made!['VALUE'],
      BODY: made!['BODY'],
    });
  });

  test('refuses a second time, and replaces when told to', async () => {
    await expect(load()).rejects.toThrow('already holds a clinic');
    await load({ replace: true, shape: { ...shape, scale: 120 } });
    expect(await one('SELECT COUNT(*) AS N FROM dbo.Patient')).toEqual({ N: 120 });
  });
});
