/** What each login of the clinic can and cannot do, proved by trying. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import sql from 'mssql';
import { WiredClinic } from './wired-clinic.fixture.js';

let wired: WiredClinic;

beforeAll(async () => {
  wired = await WiredClinic.start();
}, 30_000);
afterAll(() => wired?.stop());

describe('rights', () => {
  test('the reader reads both catalogues', async () => {
    expect(await wired.query('read', 'SELECT TOP 1 NAME FROM Reference.dbo.Vaccine')).toHaveLength(
      1,
    );
    expect(await wired.query('read', 'SELECT TOP 1 LOGONNAME FROM dbo.SystemUser')).toHaveLength(1);
  });

  test.each([
    ['read', 'SELECT TOP 1 PASSWORD FROM dbo.SystemUser'],
    ['read', 'SELECT TOP 1 PKIKEY FROM dbo.SystemUser'],
    ['read', 'SELECT TOP 1 * FROM dbo.SystemUser'],
    ['read', 'SELECT TOP 1 * FROM dbo.KeyStore'],
    ['read', 'SELECT TOP 1 * FROM dbo.MyHealthRecordDocument'],
    ['read', 'UPDATE dbo.Patient SET NOTES = NULL WHERE INTERNALID = 41'],
    ['read', 'DELETE FROM dbo.Reminder WHERE REMINDERID = 1'],
    ['read', 'EXEC dbo.CancelAppointment @AppointmentId = 1'],
    ['write', 'SELECT TOP 1 PASSWORD FROM dbo.SystemUser'],
    ['write', "UPDATE dbo.SystemUser SET PASSWORD = 'x' WHERE USERID = 1"],
    ['write', 'SELECT COUNT(*) FROM dbo.KeyStore'],
    ['write', 'DELETE FROM dbo.MyHealthRecordDocument'],
    ['write', "UPDATE Reference.dbo.Vaccine SET NAME = 'Zz' WHERE VACCINEID = 1"],
  ] as const)('%s is denied: %s', async (login, text) => {
    // 229: denied on the object; 230: denied on the column.
    const outcome = await wired.query(login, text).catch((error: sql.RequestError) => error.number);
    expect([229, 230]).toContain(outcome);
  });

  test.each(['none', 'kill'] as const)('%s may open neither catalogue', async (login) => {
    for (const catalogue of ['Patients', 'Reference']) {
      await expect(wired.query(login, 'SELECT 1', catalogue)).rejects.toMatchObject({
        code: 'ELOGIN',
      });
    }
  });

  test('a wrong password is refused', async () => {
    const attempt = new sql.ConnectionPool({
      server: 'localhost',
      port: wired.clinic.port,
      user: wired.clinic.logins.read.user,
      password: 'wrong',
      database: 'Patients',
      options: { trustServerCertificate: true },
    }).connect();
    await expect(attempt).rejects.toMatchObject({ code: 'ELOGIN' });
  });
});
