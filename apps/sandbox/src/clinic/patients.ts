/** Patients and their contact details: ordinary people, with the awkward ones laid over the first forty. */
import { awkwardOverrides } from './awkward-patients.js';
import { lastAwkwardPatient } from './awkward.js';
import { locationCount, practitionerCount, type ClinicShape } from './clinic.js';
import { dateText, dateTimeText, dayNumber } from './days.js';
import { Draw } from './draw.js';
import {
  fakeDvaNumber,
  fakeHealthcareIdentifier,
  fakeLandline,
  fakeMedicare,
  fakeMobile,
} from './fake-identifiers.js';
import { fakeEmail, fakeFirstName, fakeStreet, fakeSuburbs, fakeSurname } from './fake-people.js';
import {
  identity,
  nullable,
  recordColumns,
  required,
  type ClinicRow,
  type ClinicTable,
} from './table.js';

/** STATUSCODE of a patient. */
const patientStatus = { active: 1, inactive: 2, deceased: 3 } as const;

function patientRow(shape: ClinicShape, id: number): ClinicRow {
  const draw = new Draw(shape.seed, 'Patient', id);
  const reference = dayNumber(shape.referenceDate);
  const born = drawBirthDay(draw, reference);
  const created = Math.max(born, reference - draw.whole(30, 3_600));
  const touched = draw.chance(0.6);
  const hasMedicare = draw.chance(0.9);
  const ordinary = id > lastAwkwardPatient;
  const inactive = ordinary && draw.chance(0.06);
  const female = draw.chance(0.52);
  return {
    INTERNALID: id,
    RECORDSTATUS: ordinary && draw.chance(0.01) ? 0 : 1,
    CREATED: dateTimeText(created, draw.whole(28_800, 61_200)),
    UPDATED: touched
      ? dateTimeText(draw.whole(created, reference), draw.whole(28_800, 61_200))
      : null,
    EXTERNALID: uuid(draw),
    TITLE: draw.maybe(0.3, female ? draw.pick(['Ms', 'Mrs', 'Miss']) : 'Mr'),
    SURNAME: fakeSurname(draw),
    FIRSTNAME: fakeFirstName(draw),
    MIDDLENAME: draw.maybe(0.6, fakeFirstName(draw)),
    PREFERREDNAME: draw.maybe(0.85, fakeFirstName(draw)),
    DOB: dateText(born),
    SEX: draw.chance(0.01) ? 'X' : female ? 'F' : 'M',
    MEDICARENO: hasMedicare ? fakeMedicare(draw) : null,
    MEDICARELINE: hasMedicare ? String(draw.whole(1, 5)) : null,
    MEDICAREEXPIRY: hasMedicare ? monthYear(reference + draw.whole(-200, 1_500)) : null,
    IHI: draw.maybe(0.3, fakeHealthcareIdentifier(draw, '800360')),
    DVANO: draw.maybe(0.97, fakeDvaNumber(draw)),
    PRACTITIONERID: draw.maybe(0.1, draw.whole(1, practitionerCount)),
    LOCATIONID: draw.maybe(0.05, draw.whole(1, locationCount)),
    STATUSCODE: inactive ? patientStatus.inactive : patientStatus.active,
    DATEOFDEATH: null,
    DENYACCESS: false,
    NOREMINDERS: ordinary && draw.chance(0.04),
    SMSCONSENT: draw.maybe(0.2, !ordinary || draw.chance(0.85)),
    MINORCONSENT: null,
    BALANCECENTS: draw.chance(0.85) ? 0 : draw.whole(-5_000, 40_000),
    NOTES: draw.maybe(
      0.8,
      `Synthetic patient ${id}; prefers ${draw.pick(['mornings', 'afternoons'])}.`,
    ),
  };
}

/** `MM/YYYY`, as printed on a card. */
function monthYear(day: number): string {
  const date = dateText(day);
  return `${date.slice(5, 7)}/${date.slice(0, 4)}`;
}

function uuid(draw: Draw): string {
  const hex = Array.from({ length: 31 }, () => draw.whole(0, 15).toString(16)).join('');
  const variant = '89ab'[draw.whole(0, 3)];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(12, 15)}-${variant}${hex.slice(15, 18)}-${hex.slice(18, 30)}`;
}

export const patientTable: ClinicTable = {
  catalogue: 'Patients',
  name: 'Patient',
  columns: [
    identity('INTERNALID'),
    ...recordColumns,
    required('EXTERNALID', 'uniqueidentifier'),
    nullable('TITLE', 'char(8)'),
    required('SURNAME', 'nvarchar(40)', { holdsName: true }),
    nullable('FIRSTNAME', 'nvarchar(40)', { holdsName: true }),
    nullable('MIDDLENAME', 'nvarchar(40)', { holdsName: true }),
    nullable('PREFERREDNAME', 'nvarchar(40)', { holdsName: true }),
    nullable('DOB', 'date'),
    nullable('SEX', 'char(1)'),
    nullable('MEDICARENO', 'char(10)'),
    nullable('MEDICARELINE', 'char(1)'),
    nullable('MEDICAREEXPIRY', 'char(7)'),
    nullable('IHI', 'char(16)'),
    nullable('DVANO', 'char(9)'),
    nullable('PRACTITIONERID', 'int'),
    nullable('LOCATIONID', 'int'),
    required('STATUSCODE', 'tinyint', { defaultSql: '1' }),
    nullable('DATEOFDEATH', 'date'),
    required('DENYACCESS', 'bit', { defaultSql: '0' }),
    required('NOREMINDERS', 'bit', { defaultSql: '0' }),
    nullable('SMSCONSENT', 'bit'),
    nullable('MINORCONSENT', 'bit'),
    required('BALANCECENTS', 'int', { defaultSql: '0' }),
    nullable('NOTES', 'nvarchar(max)'),
  ],
  primaryKey: ['INTERNALID'],
  indexes: [['SURNAME', 'DOB'], ['MEDICARENO']],
  *rows(shape) {
    const overrides = awkwardOverrides(shape);
    for (let id = 1; id <= shape.scale; id += 1) {
      yield { ...patientRow(shape, id), ...overrides.patients.get(id) };
    }
  },
};

/** The day number on which an ordinary patient was born, without making the whole row. */
export function birthDay(shape: ClinicShape, id: number): number {
  return drawBirthDay(new Draw(shape.seed, 'Patient', id), dayNumber(shape.referenceDate));
}

/** Must be the first draw of a patient's row, so that birthDay() can repeat it alone. */
function drawBirthDay(draw: Draw, reference: number): number {
  return reference - draw.whole(1, 95 * 365);
}

function contactRow(shape: ClinicShape, id: number): ClinicRow {
  const draw = new Draw(shape.seed, 'PatientContact', id);
  const suburb = draw.pick(fakeSuburbs);
  const firstName = fakeFirstName(draw);
  return {
    INTERNALID: id,
    RECORDSTATUS: 1,
    CREATED: dateTimeText(dayNumber(shape.referenceDate) - draw.whole(30, 3_600), 36_000),
    UPDATED: draw.maybe(0.5, `${shape.referenceDate} 00:00:00`),
    ADDRESS1: draw.maybe(0.02, fakeStreet(draw)),
    SUBURB: draw.maybe(0.02, suburb.name),
    STATE: draw.maybe(0.02, suburb.state),
    POSTCODE: draw.maybe(0.02, suburb.postcode),
    HOMEPHONE: draw.maybe(0.5, fakeLandline(draw)),
    WORKPHONE: draw.maybe(0.8, fakeLandline(draw)),
    MOBILEPHONE: draw.maybe(0.15, fakeMobile(draw)),
    EMAIL: draw.maybe(0.35, fakeEmail(firstName, id)),
    NEXTOFKIN: draw.maybe(0.6, `${fakeFirstName(draw)} ${fakeSurname(draw)}`),
  };
}

export const patientContactTable: ClinicTable = {
  catalogue: 'Patients',
  name: 'PatientContact',
  columns: [
    required('INTERNALID', 'int'),
    ...recordColumns,
    nullable('ADDRESS1', 'nvarchar(60)'),
    nullable('SUBURB', 'nvarchar(40)', { holdsName: true }),
    nullable('STATE', 'char(3)'),
    nullable('POSTCODE', 'char(4)'),
    nullable('HOMEPHONE', 'varchar(20)'),
    nullable('WORKPHONE', 'varchar(20)'),
    nullable('MOBILEPHONE', 'varchar(20)'),
    nullable('EMAIL', 'varchar(100)'),
    nullable('NEXTOFKIN', 'nvarchar(90)', { holdsName: true }),
  ],
  primaryKey: ['INTERNALID'],
  indexes: [['MOBILEPHONE']],
  *rows(shape) {
    const overrides = awkwardOverrides(shape);
    for (let id = 1; id <= shape.scale; id += 1) {
      yield { ...contactRow(shape, id), ...overrides.contacts.get(id) };
    }
  },
};
