/** The rows of the clinic as a client reads them: a real driver over TCP and TLS, the real engine behind. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { awkwardAppointments, awkwardDocuments } from './awkward.js';
import { realValues } from './fake-scan.js';
import { patientTable } from './patients.js';
import { clinicTables } from './tables.js';
import { WiredClinic } from './wired-clinic.fixture.js';

let wired: WiredClinic;

beforeAll(async () => {
  wired = await WiredClinic.start();
}, 30_000);
afterAll(() => wired?.stop());

describe('the rows', () => {
  test('every table holds as many as the generator made', async () => {
    for (const table of clinicTables.filter((candidate) => candidate.rows)) {
      const expected = [...table.rows!(wired.clinic.shape)].length;
      const [row] = await wired.query(
        'admin',
        `SELECT COUNT(*) AS N FROM dbo.${table.name}`,
        table.catalogue,
      );
      expect([table.name, row.N]).toEqual([table.name, expected]);
    }
  });

  test('patients come back as they were made, padded columns padded', async () => {
    const made = [...patientTable.rows!(wired.clinic.shape)].slice(0, 60);
    const read = await wired.query(
      'read',
      `SELECT TOP 60 *, CONVERT(char(10), DOB, 23) AS BORN FROM dbo.Patient ORDER BY INTERNALID`,
    );
    for (const [index, row] of made.entries()) {
      const { SURNAME, FIRSTNAME, MEDICARENO, DENYACCESS, BORN, TITLE, NOTES } = read[index];
      expect({ SURNAME, FIRSTNAME, MEDICARENO, DENYACCESS, NOTES }).toEqual({
        SURNAME: row['SURNAME'],
        FIRSTNAME: row['FIRSTNAME'],
        MEDICARENO: row['MEDICARENO'],
        DENYACCESS: row['DENYACCESS'],
        NOTES: row['NOTES'],
      });
      expect(BORN).toBe(row['DOB']);
      expect(TITLE).toBe(row['TITLE'] === null ? null : String(row['TITLE']).padEnd(8));
    }
  });

  test('read back through SQL, nothing is real', async () => {
    const violations: unknown[] = [];
    for (const table of clinicTables) {
      for (const row of await wired.query(
        'admin',
        `SELECT * FROM dbo.${table.name}`,
        table.catalogue,
      )) {
        violations.push(...realValues(table, row));
      }
    }
    expect(violations).toEqual([]);
  });

  test('values at the edges of their types survive', async () => {
    const [lowest, highest, empty, step, nothing] = await wired.query(
      'read',
      `SELECT CAST(BIGINTVALUE AS varchar(30)) AS BIG, CAST(DECIMALWIDE AS varchar(50)) AS WIDE,
         CAST(DECIMALFINE AS varchar(50)) AS FINE, CAST(MONEYVALUE AS decimal(19,4)) AS MONEY,
         CONVERT(char(10), DATEVALUE, 23) AS DAY, FLOATVALUE, CONVERT(varchar(40), TIMEVALUE, 121) AS CLOCK,
         CONVERT(varchar(40), DATETIME2VALUE, 121) AS MOMENT, LEN(NVARCHARMAXVALUE) AS LENGTH,
         VARBINARYVALUE
       FROM dbo.EdgeValues ORDER BY EDGEID`,
    );
    expect([lowest.BIG, highest.BIG]).toEqual(['-9223372036854775808', '9223372036854775807']);
    expect(highest.WIDE).toBe('9'.repeat(38));
    expect(step.FINE).toBe('0.00000000000000000001');
    expect([lowest.DAY, highest.DAY]).toEqual(['0001-01-01', '9999-12-31']);
    expect(highest.FLOATVALUE).toBe(Number.MAX_VALUE);
    expect(highest.CLOCK).toBe('23:59:59.9999990');
    expect(highest.MOMENT).toBe('9999-12-31 23:59:59.9999990');
    expect(step.MOMENT).toBe('2026-01-01 00:00:00.0000010');
    // LEN and DATALENGTH of the max types are bigint, which the driver hands over as text.
    expect(highest.LENGTH).toBe('5000');
    expect(empty.VARBINARYVALUE).toHaveLength(0);
    expect(Object.values(nothing).every((value) => value === null)).toBe(true);
  });

  test('documents of five megabytes, of no bytes and of NULL differ', async () => {
    const rows = await wired.query(
      'read',
      `SELECT DOCUMENTID, CONTENT, DATALENGTH(CONTENT) AS BYTES FROM dbo.Document WHERE DOCUMENTID <= 5 ORDER BY DOCUMENTID`,
    );
    const content = (id: number) => rows[id - 1].CONTENT as Buffer | null;
    expect(content(awkwardDocuments.largest)).toHaveLength(5 * 1_048_576);
    expect(rows[0].BYTES).toBe(String(5 * 1_048_576));
    expect(content(awkwardDocuments.empty)).toHaveLength(0);
    expect(content(awkwardDocuments.allNull)).toBeNull();
    expect(content(awkwardDocuments.everyByte)).toEqual(Buffer.from([...Array(256).keys()]));
  });

  test('the daylight-saving hour is a plain wall-clock time', async () => {
    const [id] = awkwardAppointments.daylightSaving.slice(1, 2);
    const [row] = await wired.query(
      'read',
      `SELECT CONVERT(char(10), APPOINTMENTDATE, 23) AS DAY, APPOINTMENTTIME FROM dbo.Appointment WHERE APPOINTMENTID = ${id}`,
    );
    expect(row).toEqual({ DAY: '2026-04-05', APPOINTMENTTIME: 9_000 });
  });
});
