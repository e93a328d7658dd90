/**
 * Eighteen months of appointments: the past well filled, the future thinning out so that there is
 * always a free slot to book. Lunch is a block: an appointment of InternalID 0.
 */
import { awkwardAppointmentRows } from './awkward-appointments.js';
import { lastAwkwardPatient } from './awkward.js';
import {
  appointmentDaysAhead,
  appointmentDaysBack,
  practitionerCount,
  type ClinicShape,
} from './clinic.js';
import { dateText, dateTimeText, dayNumber, weekday } from './days.js';
import { Draw } from './draw.js';
import {
  appointmentTypes,
  leaves,
  lunch,
  sessions,
  slotSeconds,
  type Leave,
  type Session,
} from './sessions.js';
import {
  identity,
  nullable,
  recordColumns,
  required,
  type ClinicRow,
  type ClinicTable,
} from './table.js';

/** STATUS of an appointment. */
const appointmentStatus = {
  block: 0,
  booked: 1,
  arrived: 2,
  withPractitioner: 3,
  done: 4,
  didNotAttend: 5,
} as const;

const reasons = ['Check-up', 'Results', 'Script', 'Immunisation', 'Care plan review', 'Wound care'];

export const appointmentTable: ClinicTable = {
  catalogue: 'Patients',
  name: 'Appointment',
  columns: [
    identity('APPOINTMENTID'),
    ...recordColumns,
    required('INTERNALID', 'int'),
    required('PRACTITIONERID', 'int'),
    required('LOCATIONID', 'int'),
    required('APPOINTMENTDATE', 'date'),
    required('APPOINTMENTTIME', 'int'),
    required('APPOINTMENTLENGTH', 'int'),
    nullable('APPOINTMENTTYPEID', 'int'),
    required('STATUS', 'tinyint', { defaultSql: '1' }),
    nullable('ARRIVALTIME', 'int'),
    nullable('GROUPID', 'int'),
    nullable('REASON', 'nvarchar(200)'),
    required('URGENT', 'bit', { defaultSql: '0' }),
  ],
  primaryKey: ['APPOINTMENTID'],
  indexes: [['PRACTITIONERID', 'APPOINTMENTDATE'], ['INTERNALID'], ['APPOINTMENTDATE']],
  *rows(shape) {
    let id = 0;
    for (const row of awkwardAppointmentRows(shape)) yield { ...row, APPOINTMENTID: (id += 1) };
    const reference = dayNumber(shape.referenceDate);
    const away = leaves(shape);
    for (let ahead = -appointmentDaysBack; ahead < appointmentDaysAhead; ahead += 1) {
      for (const diary of openDiaries(reference + ahead, away)) {
        for (const row of dayRows(shape, diary)) yield { ...row, APPOINTMENTID: (id += 1) };
      }
    }
  },
};

interface Diary {
  day: number;
  practitionerId: number;
  sessions: Session[];
}

/** The practitioners who work that day, with their sessions. */
function* openDiaries(day: number, away: Leave[]): Iterable<Diary> {
  for (let practitionerId = 1; practitionerId <= practitionerCount; practitionerId += 1) {
    const onLeave = away.some(
      (leave) =>
        leave.practitionerId === practitionerId && leave.firstDay <= day && day <= leave.lastDay,
    );
    if (onLeave) continue;
    const open = sessions.filter(
      (session) => session.practitionerId === practitionerId && session.weekday === weekday(day),
    );
    if (open.length > 0) yield { day, practitionerId, sessions: open };
  }
}

/** How likely a slot is taken: enough for six visits a patient and year, less and less in the future. */
function density(shape: ClinicShape, ahead: number): number {
  const slotsBehind = 68_000;
  const full = Math.min(0.75, Math.max(0.02, (shape.scale * 6) / slotsBehind));
  return ahead <= 0 ? full : full * Math.max(0.1, 1 - ahead / 60);
}

function* dayRows(shape: ClinicShape, diary: Diary): Iterable<ClinicRow> {
  const { day, practitionerId } = diary;
  const ahead = day - dayNumber(shape.referenceDate);
  const draw = new Draw(shape.seed, 'Appointment', day * 100 + practitionerId);
  const taken = density(shape, ahead);
  const start = Math.min(...diary.sessions.map((session) => session.startSeconds));
  const end = Math.max(...diary.sessions.map((session) => session.endSeconds));
  for (let time = start; time < end; time += slotSeconds) {
    const session = diary.sessions.find(
      ({ startSeconds, endSeconds }) => startSeconds <= time && time < endSeconds,
    );
    if (!session) continue;
    const place = { diary, locationId: session.locationId, time, ahead };
    if (time >= lunch.start && time < lunch.end) {
      if (time === lunch.start) yield blockRow(draw, place);
    } else if (draw.chance(taken)) {
      const nextIsLunch = time + slotSeconds === lunch.start;
      const fits = time + 2 * slotSeconds <= session.endSeconds && !nextIsLunch;
      const long = fits && draw.chance(0.15);
      yield visitRow(shape, draw, place, long);
      if (long) time += slotSeconds;
    }
  }
}

interface Place {
  diary: Diary;
  locationId: number;
  time: number;
  /** Days from the reference date, negative in the past. */
  ahead: number;
}

function blockRow(draw: Draw, { diary, locationId, time, ahead }: Place): ClinicRow {
  return {
    RECORDSTATUS: 1,
    CREATED: dateTimeText(diary.day - 30 - Math.max(0, ahead), draw.whole(28_800, 61_200)),
    UPDATED: null,
    INTERNALID: 0,
    PRACTITIONERID: diary.practitionerId,
    LOCATIONID: locationId,
    APPOINTMENTDATE: dateText(diary.day),
    APPOINTMENTTIME: time,
    APPOINTMENTLENGTH: lunch.end - lunch.start,
    APPOINTMENTTYPEID: null,
    STATUS: appointmentStatus.block,
    ARRIVALTIME: null,
    GROUPID: null,
    REASON: 'Lunch',
    URGENT: false,
  };
}

function visitRow(shape: ClinicShape, draw: Draw, place: Place, long: boolean): ClinicRow {
  const { diary, time, ahead } = place;
  const past = ahead < 0;
  const cancelled = draw.chance(0.03);
  const attended = past && !cancelled && draw.chance(0.95);
  const status = attended ? appointmentStatus.done : appointmentStatus.didNotAttend;
  const created = diary.day - draw.whole(1, 28) - Math.max(0, ahead);
  return {
    RECORDSTATUS: cancelled ? 0 : 1,
    CREATED: dateTimeText(created, draw.whole(28_800, 61_200)),
    UPDATED: past
      ? dateTimeText(diary.day, Math.min(86_399, time + 1_200))
      : cancelled
        ? dateTimeText(created, 61_500)
        : null,
    INTERNALID: draw.whole(lastAwkwardPatient + 1, shape.scale),
    PRACTITIONERID: diary.practitionerId,
    LOCATIONID: place.locationId,
    APPOINTMENTDATE: dateText(diary.day),
    APPOINTMENTTIME: time,
    APPOINTMENTLENGTH: long ? 2 * slotSeconds : slotSeconds,
    APPOINTMENTTYPEID: long ? appointmentTypes.long : draw.pick([1, 1, 1, 4, 5]),
    STATUS: past && !cancelled ? status : appointmentStatus.booked,
    ARRIVALTIME: attended ? time - draw.whole(0, 900) : null,
    GROUPID: null,
    REASON: draw.maybe(0.5, draw.pick(reasons)),
    URGENT: draw.chance(0.05),
  };
}
