import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import {
  awkwardAppointments,
  awkwardDocuments,
  awkwardPatients,
  awkwardResults,
} from './awkward.js';
import { appointmentTable } from './appointments.js';
import { documentTable, resultTable } from './clinical-records.js';
import { defaultScale, defaultSeed, minScale, type ClinicShape } from './clinic.js';
import { dateText, dayNumber, weekday } from './days.js';
import { realValues, type Violation } from './fake-scan.js';
import { patientContactTable, patientTable } from './patients.js';
import { systemUserTable } from './secrets.js';
import type { ClinicRow, ClinicTable } from './table.js';
import { clinicTables } from './tables.js';

const referenceDate = '2026-03-02';
const shape: ClinicShape = { seed: defaultSeed, referenceDate, scale: defaultScale };
const small: ClinicShape = { ...shape, scale: minScale };

const rowsOf = (table: ClinicTable, of: ClinicShape = small): Iterable<ClinicRow> =>
  table.rows?.(of) ?? [];

function fingerprint(of: ClinicShape): string {
  const hash = createHash('sha256');
  for (const table of clinicTables) {
    for (const row of rowsOf(table, of)) {
      for (const { name } of table.columns) {
        const value = row[name];
        hash.update(Buffer.isBuffer(value) ? value : `${name}=${String(value)};`);
      }
    }
  }
  return hash.digest('hex');
}

const byId = (table: ClinicTable, of: ClinicShape = small): Map<number, ClinicRow> =>
  new Map([...rowsOf(table, of)].map((row) => [row[table.primaryKey[0]!] as number, row]));

describe('the generator', () => {
  test('makes the same rows from the same shape', () => {
    expect(fingerprint(small)).toBe(fingerprint({ ...small }));
  });

  test('makes other rows from another seed, date or scale', () => {
    const prints = [
      small,
      { ...small, seed: 'other' },
      { ...small, referenceDate: '2026-03-03' },
      { ...small, scale: minScale + 1 },
    ].map(fingerprint);
    expect(new Set(prints).size).toBe(4);
  });

  test('fills exactly the described columns, within their NULL rules and lengths', () => {
    const problems: string[] = [];
    for (const table of clinicTables) {
      const names = new Set(table.columns.map((column) => column.name));
      for (const row of rowsOf(table)) {
        const keys = Object.keys(row);
        if (keys.length !== names.size || !keys.every((key) => names.has(key))) {
          problems.push(`${table.name}: ${keys.join(',')}`);
        }
        for (const column of table.columns) {
          const value = row[column.name] ?? null;
          const length = Number(/char\((\d+)\)/.exec(column.type)?.[1] ?? Infinity);
          const tooLong = typeof value === 'string' && value.length > length;
          const wrongNull = value === null && !column.nullable;
          if (tooLong || wrongNull) problems.push(`${table.name}.${column.name}`);
        }
      }
    }
    expect(problems).toEqual([]);
  });

  test('counts identities up from 1 without gaps', () => {
    for (const table of clinicTables) {
      const identity = table.columns.find((column) => column.identity);
      if (!identity) continue;
      const ids = [...rowsOf(table)].map((row) => row[identity.name]);
      expect(ids).toEqual(ids.map((_id, index) => index + 1));
    }
  });

  test('leaves NULL in every nullable column of every table, and a value too', () => {
    const onesided: string[] = [];
    for (const table of clinicTables) {
      if (!table.rows) continue;
      const rows = [...rowsOf(table, { ...small, scale: 200 })];
      for (const column of table.columns.filter((candidate) => candidate.nullable)) {
        const nulls = rows.filter((row) => row[column.name] === null).length;
        if (nulls === 0 || nulls === rows.length) onesided.push(`${table.name}.${column.name}`);
      }
    }
    // Nobody of two hundred patients need have a DVA number.
    expect(onesided.filter((column) => column !== 'Patient.DVANO')).toEqual([]);
  });

  test('keeps all documents of the default clinic under 60 MB, the largest of 5 MB', () => {
    let total = 0;
    let largest = 0;
    for (const row of rowsOf(documentTable, shape)) {
      const bytes = (row['CONTENT'] as Buffer | null)?.length ?? 0;
      total += bytes;
      largest = Math.max(largest, bytes);
    }
    expect(largest).toBe(5 * 1_048_576);
    expect(total).toBeLessThan(60 * 1_048_576);
  });

  test('spreads appointments over eighteen months and leaves the future room', () => {
    const dates = new Set<string>();
    for (const row of rowsOf(appointmentTable, shape)) dates.add(String(row['APPOINTMENTDATE']));
    const days = [...dates].map(dayNumber);
    expect(Math.max(...days) - Math.min(...days)).toBeGreaterThan(530);
  });
});

describe('fake by construction', () => {
  test('no value of the default clinic passes a strict check of the real world', () => {
    const violations: Violation[] = [];
    for (const table of clinicTables) {
      for (const row of rowsOf(table, shape)) violations.push(...realValues(table, row));
    }
    expect(violations).toEqual([]);
  });

  test.each([
    ['MEDICARENO', '3189977021', 'Medicare number'],
    ['IHI', '8003608166690503', 'healthcare identifier'],
    ['NOTES', 'call 0412 345 678 after five', 'phone number'],
    ['NOTES', 'write to someone@example.org', 'e-mail address'],
    ['NOTES', 'card 3189 97702 1 seen', 'Medicare number'],
    ['DVANO', 'NX123456', 'DVA number'],
    ['TITLE', '4024742F', 'provider number'],
    ['TITLE', '2425739', 'prescriber number'],
    ['NOTES', '51 824 753 556', 'ABN'],
    ['SURNAME', 'Smith', 'name'],
  ])('the scan finds a real value planted in %s: %s', (column, value, kind) => {
    const [row] = rowsOf(patientTable);
    const found = realValues(patientTable, { ...row, [column]: value });
    expect(found).toContainEqual({ table: 'Patient', column, kind, value });
  });
});

describe('awkward rows', () => {
  const patients = byId(patientTable);
  const contacts = byId(patientContactTable);
  const patient = (id: number): ClinicRow => patients.get(id)!;
  const age = (id: number): number =>
    Math.floor((dayNumber(referenceDate) - dayNumber(String(patient(id)['DOB']))) / 365.2425);

  test('twins share surname and birth date, namesakes only their name', () => {
    const [one, two] = awkwardPatients.twins.map(patient) as [ClinicRow, ClinicRow];
    expect([one['SURNAME'], one['DOB']]).toEqual([two['SURNAME'], two['DOB']]);
    expect(one['FIRSTNAME']).not.toBe(two['FIRSTNAME']);
    const [here, there] = awkwardPatients.sameNameOtherBirthDate.map(patient) as [
      ClinicRow,
      ClinicRow,
    ];
    expect([here['SURNAME'], here['FIRSTNAME']]).toEqual([there['SURNAME'], there['FIRSTNAME']]);
    expect(here['DOB']).not.toBe(there['DOB']);
  });

  test('names hold what breaks software', () => {
    expect(patient(awkwardPatients.oneWordName)['FIRSTNAME']).toBeNull();
    expect(patient(awkwardPatients.apostrophe)['SURNAME']).toContain("'");
    expect(patient(awkwardPatients.hyphen)['SURNAME']).toContain('-');
    expect(patient(awkwardPatients.diacritics)['SURNAME']).toMatch(/[ễÅŽ]/);
    expect(patient(awkwardPatients.emoji)['FIRSTNAME']).toMatch(/\p{Extended_Pictographic}/u);
    expect(patient(awkwardPatients.rightToLeft)['SURNAME']).toMatch(/\p{Script=Hebrew}/u);
    expect(patient(awkwardPatients.rightToLeft)['FIRSTNAME']).toMatch(/\p{Script=Arabic}/u);
    expect(String(patient(awkwardPatients.longName)['SURNAME'])).toHaveLength(40);
    expect(String(patient(awkwardPatients.longName)['FIRSTNAME'])).toHaveLength(40);
    expect(patient(awkwardPatients.untrimmedName)['SURNAME']).toMatch(/^ .* $/);
    expect(patient(awkwardPatients.sqlInName)['SURNAME']).toContain("');");
  });

  test('flags stand where they are documented', () => {
    expect(patient(awkwardPatients.deceased)['DATEOFDEATH']).not.toBeNull();
    expect(patient(awkwardPatients.inactive)['STATUSCODE']).toBe(2);
    expect(patient(awkwardPatients.denyAccess)['DENYACCESS']).toBe(true);
    expect(patient(awkwardPatients.noReminders)['NOREMINDERS']).toBe(true);
    expect(patient(awkwardPatients.noSms)['SMSCONSENT']).toBe(false);
    expect(patient(awkwardPatients.noMedicare)['MEDICARENO']).toBeNull();
    expect(patient(awkwardPatients.deleted)['RECORDSTATUS']).toBe(0);
    expect(patient(awkwardPatients.neverUpdated)['UPDATED']).toBeNull();
    for (const [from] of awkwardPatients.mergedPairs) expect(patient(from)['RECORDSTATUS']).toBe(0);
    const [parent, child] = awkwardPatients.sharedMobile;
    expect(contacts.get(parent)!['MOBILEPHONE']).toBe(contacts.get(child)!['MOBILEPHONE']);
  });

  test('minors are 13, 15 and 17, the leap day is one, the oldest was born in 1900', () => {
    const { minorOf13, minorOf15, minorOf17 } = awkwardPatients;
    expect([minorOf13, minorOf15, minorOf17].map(age)).toEqual([13, 15, 17]);
    expect(patient(awkwardPatients.leapDay)['DOB']).toMatch(/-02-29$/);
    expect(patient(awkwardPatients.centenarian)['DOB']).toBe('1900-01-01');
  });

  test('the all-null patient has NULL in every nullable column', () => {
    for (const [table, row] of [
      [patientTable, patient(awkwardPatients.allNull)],
      [patientContactTable, contacts.get(awkwardPatients.allNull)!],
      [appointmentTable, byId(appointmentTable).get(awkwardAppointments.allNull)!],
      [resultTable, byId(resultTable).get(awkwardResults.allNull)!],
      [documentTable, byId(documentTable).get(awkwardDocuments.allNull)!],
    ] as const) {
      for (const column of table.columns.filter((candidate) => candidate.nullable)) {
        expect([column.name, row[column.name]]).toEqual([column.name, null]);
      }
    }
  });

  test('appointments include a group, a block, a daylight-saving Sunday and midnight', () => {
    const appointments = byId(appointmentTable);
    const at = (id: number): ClinicRow => appointments.get(id)!;
    const group = awkwardAppointments.group.map(at);
    expect(
      new Set(group.map((row) => `${row['APPOINTMENTDATE']} ${row['APPOINTMENTTIME']}`)).size,
    ).toBe(1);
    expect(new Set(group.map((row) => row['INTERNALID'])).size).toBe(3);
    expect(at(awkwardAppointments.block)['INTERNALID']).toBe(0);
    const [, changeHour] = awkwardAppointments.daylightSaving.map(at);
    expect(changeHour!['APPOINTMENTDATE']).toBe('2026-04-05');
    expect(weekday(dayNumber('2026-04-05'))).toBe(6);
    expect(changeHour!['APPOINTMENTTIME']).toBe(9_000);
    const late = at(awkwardAppointments.untilMidnight);
    expect(Number(late['APPOINTMENTTIME']) + Number(late['APPOINTMENTLENGTH'])).toBe(86_400);
    expect(at(awkwardAppointments.cancelled)['RECORDSTATUS']).toBe(0);
  });

  test('one patient has a confidential result beside an ordinary one', () => {
    const results = byId(resultTable);
    const secret = results.get(awkwardResults.confidential)!;
    const plain = results.get(awkwardResults.ordinaryOfSamePatient)!;
    expect(secret['INTERNALID']).toBe(plain['INTERNALID']);
    expect([secret['CONFIDENTIAL'], plain['CONFIDENTIAL']]).toEqual([true, false]);
    expect(byId(documentTable).get(awkwardDocuments.empty)!['CONTENT']).toHaveLength(0);
  });

  test('the reference date moves every date with it', () => {
    const later = byId(appointmentTable, { ...small, referenceDate: '2026-09-01' });
    const [, changeHour] = awkwardAppointments.daylightSaving;
    expect(later.get(changeHour)!['APPOINTMENTDATE']).toBe('2026-10-04');
    expect(dateText(dayNumber('2026-10-04'))).toBe('2026-10-04');
  });

  test('there are secrets to be denied', () => {
    const users = [...rowsOf(systemUserTable)];
    expect(users.some((row) => row['PASSWORD'] !== null && row['PKIKEY'] !== null)).toBe(true);
  });
});
