/**
 * The awkward appointments, in the order of their ids. They lie outside the ordinary sessions
 * (evenings, Sundays), so that they take no slot away.
 */
import { awkwardPatients } from './awkward.js';
import type { ClinicShape } from './clinic.js';
import { dateText, dayNumber, nextDaylightSavingDay } from './days.js';
import { appointmentTypes, nextWorkingDay } from './sessions.js';
import type { ClinicRow } from './table.js';

export function awkwardAppointmentRows(shape: ClinicShape): ClinicRow[] {
  const today = dayNumber(shape.referenceDate);
  const workingDay = dateText(nextWorkingDay(shape, 1));
  const changeDay = dateText(nextDaylightSavingDay(today));
  const plain: ClinicRow = {
    RECORDSTATUS: 1,
    CREATED: `${dateText(today - 20)} 10:00:00`,
    UPDATED: null,
    INTERNALID: awkwardPatients.twins[0],
    PRACTITIONERID: 1,
    LOCATIONID: 2,
    APPOINTMENTDATE: workingDay,
    APPOINTMENTTIME: 20 * 3_600,
    APPOINTMENTLENGTH: 900,
    APPOINTMENTTYPEID: appointmentTypes.standard,
    STATUS: 1,
    ARRIVALTIME: null,
    GROUPID: null,
    REASON: 'After hours',
    URGENT: false,
  };
  const group = (INTERNALID: number): ClinicRow => ({
    ...plain,
    INTERNALID,
    APPOINTMENTTIME: 18 * 3_600,
    APPOINTMENTLENGTH: 3_600,
    APPOINTMENTTYPEID: appointmentTypes.group,
    GROUPID: 1,
    REASON: 'Group education',
  });
  const onChangeDay = (APPOINTMENTTIME: number): ClinicRow => ({
    ...plain,
    APPOINTMENTDATE: changeDay,
    APPOINTMENTTIME,
  });
  return [
    group(awkwardPatients.twins[0]),
    group(awkwardPatients.twins[1]),
    group(awkwardPatients.apostrophe),
    onChangeDay(1.5 * 3_600),
    onChangeDay(2.5 * 3_600),
    onChangeDay(3.5 * 3_600),
    { ...plain, INTERNALID: 0, STATUS: 0, APPOINTMENTTYPEID: null, REASON: 'Staff meeting' },
    { ...plain, PRACTITIONERID: 2, APPOINTMENTTIME: 86_400 - 900 },
    { ...plain, RECORDSTATUS: 0, PRACTITIONERID: 2, UPDATED: `${shape.referenceDate} 00:00:00` },
    { ...plain, PRACTITIONERID: 4, APPOINTMENTTYPEID: null, REASON: null },
  ];
}
