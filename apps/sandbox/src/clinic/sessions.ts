/** When practitioners see patients: appointment types, weekly sessions, leave. Times are seconds since midnight. */
import { overlappingSessions, practitionerOnLeave } from './awkward.js';
import {
  appointmentDaysAhead,
  appointmentDaysBack,
  locationCount,
  practitionerCount,
  type ClinicShape,
} from './clinic.js';
import { dateText, dayNumber, weekday } from './days.js';
import { Draw } from './draw.js';
import { identity, nullable, recordColumns, required, type ClinicTable } from './table.js';

/** Seconds of one slot: a quarter of an hour. */
export const slotSeconds = 900;
export const lunch = { start: 12 * 3_600, end: 13 * 3_600 } as const;

export interface Session {
  practitionerId: number;
  locationId: number;
  /** 0 = Monday … 6 = Sunday. */
  weekday: number;
  startSeconds: number;
  endSeconds: number;
}

function makeSessions(): Session[] {
  const sessions: Session[] = [];
  for (let practitionerId = 1; practitionerId <= practitionerCount; practitionerId += 1) {
    const locationId = 1 + (practitionerId % locationCount);
    const dayOff = practitionerId % 5;
    for (let day = 0; day < 5; day += 1) {
      if (day === dayOff) continue;
      const session = { practitionerId, locationId, weekday: day };
      sessions.push({ ...session, startSeconds: 9 * 3_600, endSeconds: 17 * 3_600 });
    }
    if (practitionerId <= 2) {
      const session = { practitionerId, locationId, weekday: 5 };
      sessions.push({ ...session, startSeconds: 9 * 3_600, endSeconds: 12 * 3_600 });
    }
  }
  const { practitionerId, weekday: day } = overlappingSessions;
  const second = { practitionerId, locationId: 2, weekday: day };
  sessions.push({ ...second, startSeconds: 15 * 3_600, endSeconds: 19 * 3_600 });
  return sessions;
}

/** Every weekly session of the practice; the same in every clinic. */
export const sessions: readonly Session[] = makeSessions();

export interface Leave {
  practitionerId: number;
  firstDay: number;
  lastDay: number;
}

/** Leave of every practitioner: two weeks drawn by lot, and the reference week of one of them. */
export function leaves(shape: ClinicShape): Leave[] {
  const reference = dayNumber(shape.referenceDate);
  const list: Leave[] = [
    { practitionerId: practitionerOnLeave, firstDay: reference, lastDay: reference + 6 },
  ];
  for (let practitionerId = 1; practitionerId <= practitionerCount; practitionerId += 1) {
    const draw = new Draw(shape.seed, 'PractitionerLeave', practitionerId);
    for (const [low, high] of [
      [-appointmentDaysBack, -8],
      [30, appointmentDaysAhead - 8],
    ] as const) {
      const firstDay = reference + draw.whole(low, high);
      list.push({ practitionerId, firstDay, lastDay: firstDay + 6 });
    }
  }
  return list;
}

/** A day from the reference date on when the practitioner works, is not on leave and clocks do not change. */
export function nextWorkingDay(shape: ClinicShape, practitionerId: number, from = 1): number {
  const away = leaves(shape).filter((leave) => leave.practitionerId === practitionerId);
  for (let day = dayNumber(shape.referenceDate) + from; ; day += 1) {
    const works = sessions.some(
      (session) => session.practitionerId === practitionerId && session.weekday === weekday(day),
    );
    if (works && !away.some((leave) => leave.firstDay <= day && day <= leave.lastDay)) return day;
  }
}

const types = [
  ['Standard', 900],
  ['Long', 1_800],
  ['Care plan', 2_700],
  ['Immunisation', 900],
  ['Telehealth', 900],
  ['Group', 3_600],
] as const;

/** APPOINTMENTTYPEID of types that the generator and the tests name. */
export const appointmentTypes = { standard: 1, long: 2, group: 6 } as const;

export const appointmentTypeTable: ClinicTable = {
  catalogue: 'Patients',
  name: 'AppointmentType',
  columns: [
    identity('APPOINTMENTTYPEID'),
    ...recordColumns,
    required('NAME', 'char(30)'),
    required('LENGTHSECONDS', 'int'),
    nullable('COLOUR', 'char(7)'),
  ],
  primaryKey: ['APPOINTMENTTYPEID'],
  indexes: [],
  *rows(shape) {
    for (const [index, [NAME, LENGTHSECONDS]] of types.entries()) {
      yield {
        APPOINTMENTTYPEID: index + 1,
        RECORDSTATUS: 1,
        CREATED: `${shape.referenceDate} 00:00:00`,
        UPDATED: index === 0 ? `${shape.referenceDate} 00:00:01` : null,
        NAME,
        LENGTHSECONDS,
        COLOUR: index === 5 ? null : `#${(index + 3).toString(16).repeat(6)}`,
      };
    }
  },
};

export const practitionerSessionTable: ClinicTable = {
  catalogue: 'Patients',
  name: 'PractitionerSession',
  columns: [
    identity('SESSIONID'),
    ...recordColumns,
    required('PRACTITIONERID', 'int'),
    required('LOCATIONID', 'int'),
    required('DAYOFWEEK', 'tinyint'),
    required('STARTTIME', 'int'),
    required('ENDTIME', 'int'),
    required('SLOTLENGTH', 'int'),
    required('VALIDFROM', 'date'),
    nullable('VALIDTO', 'date'),
  ],
  primaryKey: ['SESSIONID'],
  indexes: [['PRACTITIONERID', 'DAYOFWEEK']],
  *rows(shape) {
    const reference = dayNumber(shape.referenceDate);
    const common = {
      RECORDSTATUS: 1,
      CREATED: `${dateText(reference - 400)} 09:00:00`,
      SLOTLENGTH: slotSeconds,
      VALIDFROM: dateText(reference - 400),
    };
    for (const [index, session] of sessions.entries()) {
      yield {
        ...common,
        SESSIONID: index + 1,
        UPDATED: index % 2 === 0 ? null : `${shape.referenceDate} 00:00:00`,
        PRACTITIONERID: session.practitionerId,
        LOCATIONID: session.locationId,
        DAYOFWEEK: session.weekday,
        STARTTIME: session.startSeconds,
        ENDTIME: session.endSeconds,
        VALIDTO: index % 4 === 0 ? dateText(reference + 400) : null,
      };
    }
  },
};

export const practitionerLeaveTable: ClinicTable = {
  catalogue: 'Patients',
  name: 'PractitionerLeave',
  columns: [
    identity('LEAVEID'),
    ...recordColumns,
    required('PRACTITIONERID', 'int'),
    required('FIRSTDAY', 'date'),
    required('LASTDAY', 'date'),
    nullable('REASON', 'nvarchar(100)'),
  ],
  primaryKey: ['LEAVEID'],
  indexes: [['PRACTITIONERID']],
  *rows(shape) {
    for (const [index, leave] of leaves(shape).entries()) {
      yield {
        LEAVEID: index + 1,
        RECORDSTATUS: 1,
        CREATED: `${shape.referenceDate} 00:00:00`,
        UPDATED: index % 2 === 0 ? null : `${shape.referenceDate} 00:00:01`,
        PRACTITIONERID: leave.practitionerId,
        FIRSTDAY: dateText(leave.firstDay),
        LASTDAY: dateText(leave.lastDay),
        REASON: index % 3 === 0 ? null : 'Annual leave',
      };
    }
  },
};
