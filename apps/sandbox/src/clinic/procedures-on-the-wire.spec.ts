/** The stored procedures of the clinic through a real driver: outputs, RETURN values, races. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import sql from 'mssql';
import { awkwardPatients, overlappingSessions, practitionerOnLeave } from './awkward.js';
import { dateText, dayNumber } from './days.js';
import { nextWorkingDay } from './sessions.js';
import { WiredClinic } from './wired-clinic.fixture.js';

let wired: WiredClinic;

beforeAll(async () => {
  wired = await WiredClinic.start();
}, 30_000);
afterAll(() => wired?.stop());

const utc = (date: string): Date => new Date(`${date}T00:00:00Z`);

const freeSlots = async (practitioner: number, date: string) =>
  (
    await wired.call('GetFreeSlots', {
      PractitionerId: [sql.Int, practitioner],
      Date: [sql.Date, utc(date)],
    })
  ).recordset;

const book = async (practitioner: number, date: string, time: number, length = 900) =>
  (
    await wired.call('BookAppointment', {
      PractitionerId: [sql.Int, practitioner],
      LocationId: [sql.Int, 1],
      InternalId: [sql.Int, 50],
      Date: [sql.Date, utc(date)],
      Time: [sql.Int, time],
      Length: [sql.Int, length],
    })
  ).returnValue as number;

describe('free slots', () => {
  test('are those of the sessions that no live appointment covers', async () => {
    const date = dateText(nextWorkingDay(wired.clinic.shape, 1));
    const slots = await freeSlots(1, date);
    const taken = await wired.query(
      'read',
      `SELECT APPOINTMENTTIME AS T, APPOINTMENTLENGTH AS L FROM dbo.Appointment
       WHERE PRACTITIONERID = 1 AND APPOINTMENTDATE = '${date}' AND RECORDSTATUS = 1`,
    );
    expect(slots.length).toBeGreaterThan(10);
    for (const { SLOTTIME, SLOTLENGTH } of slots) {
      expect(taken.filter(({ T, L }) => T < SLOTTIME + SLOTLENGTH && T + L > SLOTTIME)).toEqual([]);
    }
  });

  test('come once where sessions overlap, and not at all on leave', async () => {
    const day = nextWorkingDay(wired.clinic.shape, overlappingSessions.practitionerId);
    for (let ahead = 0; ahead < 14; ahead += 1) {
      const slots = await freeSlots(overlappingSessions.practitionerId, dateText(day + ahead));
      const times = slots.map((slot) => slot.SLOTTIME);
      expect(new Set(times).size).toBe(times.length);
    }
    const reference = dayNumber(wired.clinic.shape.referenceDate);
    for (let ahead = 0; ahead < 7; ahead += 1) {
      expect(await freeSlots(practitionerOnLeave, dateText(reference + ahead))).toEqual([]);
    }
  });
});

describe('booking', () => {
  const day = (): string => dateText(nextWorkingDay(wired.clinic.shape, 2, 42));

  test('returns the new id, then 0 for the same slot and for one that overlaps', async () => {
    const [slot] = await freeSlots(2, day());
    const id = await book(2, day(), slot.SLOTTIME);
    expect(id).toBeGreaterThan(0);
    expect(await book(2, day(), slot.SLOTTIME)).toBe(0);
    expect(await book(2, day(), slot.SLOTTIME - 60, 120)).toBe(0);
    const [row] = await wired.query(
      'read',
      `SELECT INTERNALID, STATUS, RECORDSTATUS, UPDATED FROM dbo.Appointment WHERE APPOINTMENTID = ${id}`,
    );
    expect(row).toEqual({ INTERNALID: 50, STATUS: 1, RECORDSTATUS: 1, UPDATED: null });
  });

  test('of one slot by two at once: exactly one wins, ten times of ten', async () => {
    const slots = (await freeSlots(2, day())).slice(0, 10);
    expect(slots).toHaveLength(10);
    for (const { SLOTTIME } of slots) {
      const ids = await Promise.all([book(2, day(), SLOTTIME), book(2, day(), SLOTTIME)]);
      expect(ids.filter((id) => id > 0)).toHaveLength(1);
    }
  });

  test('moves, arrives and cancels; a cancelled slot is free again', async () => {
    const [here, there] = (await freeSlots(2, day())).slice(-2);
    const id = await book(2, day(), here.SLOTTIME);
    const move = async (time: number): Promise<number> =>
      (
        await wired.call('MoveAppointment', {
          AppointmentId: [sql.Int, id],
          PractitionerId: [sql.Int, 2],
          Date: [sql.Date, utc(day())],
          Time: [sql.Int, time],
        })
      ).returnValue;
    expect(await move(there.SLOTTIME)).toBe(1);
    const other = await book(2, day(), here.SLOTTIME);
    expect(other).toBeGreaterThan(0);
    expect(await move(here.SLOTTIME)).toBe(0);

    const arrive = async () =>
      wired.call(
        'ArriveAppointment',
        { AppointmentId: [sql.Int, id], ArrivalTime: [sql.Int, 36_000] },
        { StatusBefore: [sql.TinyInt, null] },
      );
    const first = await arrive();
    expect([first.returnValue, first.output['StatusBefore']]).toEqual([1, 1]);
    const again = await arrive();
    expect([again.returnValue, again.output['StatusBefore']]).toEqual([0, 2]);

    const cancel = async () => wired.call('CancelAppointment', { AppointmentId: [sql.Int, id] });
    expect((await cancel()).returnValue).toBe(1);
    expect((await cancel()).returnValue).toBe(0);
    expect(await book(2, day(), there.SLOTTIME)).toBeGreaterThan(0);
  });

  test("a taken slot leaves the caller's own transaction open and its work intact", async () => {
    const [slot] = (await freeSlots(2, day())).slice(-1);
    await book(2, day(), slot.SLOTTIME);
    await wired.inTransaction(async (transaction) => {
      await transaction.query(`UPDATE dbo.Patient SET NOTES = 'mine' WHERE INTERNALID = 60`);
      const again = await transaction.query(
        `DECLARE @r int; EXEC @r = dbo.BookAppointment 2, 1, 50, '${day()}', ${slot.SLOTTIME}, 900; SELECT @r AS BOOKED, @@TRANCOUNT AS DEPTH`,
      );
      expect(again.recordset).toEqual([{ BOOKED: 0, DEPTH: 1 }]);
    });
    const notes = await wired.query('read', 'SELECT NOTES FROM dbo.Patient WHERE INTERNALID = 60');
    expect(notes).toEqual([{ NOTES: 'mine' }]);
  });

  test.each([
    [50_001, { Time: [sql.Int, 86_000] as [typeof sql.Int, number] }],
    [50_002, { InternalId: [sql.Int, awkwardPatients.deleted] as [typeof sql.Int, number] }],
    [50_003, { PractitionerId: [sql.Int, 999] as [typeof sql.Int, number] }],
  ])('nonsense is an error with number %i, and nothing stays locked', async (number, changed) => {
    const request = wired.call('BookAppointment', {
      PractitionerId: [sql.Int, 2],
      LocationId: [sql.Int, 1],
      InternalId: [sql.Int, 50],
      Date: [sql.Date, utc(day())],
      Time: [sql.Int, 0],
      Length: [sql.Int, 900],
      ...changed,
    });
    await expect(request).rejects.toMatchObject({ number });
    expect(await freeSlots(2, day())).not.toHaveLength(0);
  });
});

describe('patients', () => {
  test('twins are two rows of one search, in any case', async () => {
    const [twin] = await wired.query(
      'read',
      `SELECT SURNAME, DOB FROM dbo.Patient WHERE INTERNALID = ${awkwardPatients.twins[0]}`,
    );
    const found = await wired.call('FindPatient', {
      Surname: [sql.NVarChar(40), String(twin.SURNAME).toUpperCase()],
      DateOfBirth: [sql.Date, twin.DOB],
    });
    expect(found.recordset.map((row) => row.INTERNALID)).toEqual([...awkwardPatients.twins]);
  });

  test('a new patient gets an id and an empty contact row', async () => {
    const added = await wired.call(
      'AddPatient',
      { Surname: [sql.NVarChar(40), "ZzO'Neu"], DateOfBirth: [sql.Date, utc('2020-02-29')] },
      { InternalId: [sql.Int, null] },
    );
    const id = added.output['InternalId'] as number;
    expect(id).toBeGreaterThan(wired.clinic.shape.scale);
    const rows = await wired.query(
      'read',
      `SELECT p.SURNAME, p.RECORDSTATUS, c.MOBILEPHONE FROM dbo.Patient p JOIN dbo.PatientContact c ON c.INTERNALID = p.INTERNALID WHERE p.INTERNALID = ${id}`,
    );
    expect(rows).toEqual([{ SURNAME: "ZzO'Neu", RECORDSTATUS: 1, MOBILEPHONE: null }]);
  });

  test('a patient without a surname is refused', async () => {
    await expect(
      wired.call(
        'AddPatient',
        { Surname: [sql.NVarChar(40), '  '] },
        { InternalId: [sql.Int, null] },
      ),
    ).rejects.toMatchObject({ number: 50_005 });
  });

  test('updating a contact swaps the mobile number in and out, and blanks what is left out', async () => {
    const [before] = await wired.query(
      'read',
      `SELECT MOBILEPHONE FROM dbo.PatientContact WHERE INTERNALID = ${awkwardPatients.sharedMobile[0]}`,
    );
    const update = await wired.call(
      'UpdateContact',
      { InternalId: [sql.Int, awkwardPatients.sharedMobile[0]] },
      { MobilePhone: [sql.VarChar(20), '0491 570 156'] },
    );
    expect(update.returnValue).toBe(1);
    expect(update.output['MobilePhone']).toBe(before.MOBILEPHONE);
    const [after] = await wired.query(
      'read',
      `SELECT MOBILEPHONE, EMAIL FROM dbo.PatientContact WHERE INTERNALID = ${awkwardPatients.sharedMobile[0]}`,
    );
    expect(after).toEqual({ MOBILEPHONE: '0491 570 156', EMAIL: null });
  });
});
