/** The practice, its locations, practitioners and users, and the secrets that no integrator may read. */
import { locationCount, practitionerCount, type ClinicShape } from './clinic.js';
import { dateTimeText, dayNumber } from './days.js';
import { Draw } from './draw.js';
import {
  fakeAbn,
  fakeHealthcareIdentifier,
  fakeLandline,
  fakePrescriberNumber,
  fakeProviderNumber,
} from './fake-identifiers.js';
import { fakeFirstName, fakeStreet, fakeSuburbs, fakeSurname } from './fake-people.js';
import { identity, nullable, recordColumns, required, type ClinicTable } from './table.js';

/** RECORDSTATUS, CREATED and UPDATED of a row that has been there for years. */
function settled(shape: ClinicShape) {
  const opened = dayNumber(shape.referenceDate) - 3_000;
  return { RECORDSTATUS: 1, CREATED: dateTimeText(opened, 32_400), UPDATED: null };
}

export const practiceTable: ClinicTable = {
  catalogue: 'Patients',
  name: 'Practice',
  columns: [
    identity('PRACTICEID'),
    required('PMSSITEID', 'varchar(20)'),
    required('NAME', 'nvarchar(80)', { holdsName: true }),
    nullable('ABN', 'char(11)'),
    nullable('HPIO', 'char(16)'),
    required('SCHEMAVERSION', 'varchar(20)'),
  ],
  primaryKey: ['PRACTICEID'],
  indexes: [],
  *rows(shape) {
    const draw = new Draw(shape.seed, 'Practice', 1);
    const common = { SCHEMAVERSION: '1.0.0' };
    yield {
      ...common,
      PRACTICEID: 1,
      PMSSITEID: 'SYN-0001',
      NAME: 'Zzinnia Family Practice',
      ABN: fakeAbn(draw),
      HPIO: fakeHealthcareIdentifier(draw, '800362'),
    };
    yield {
      ...common,
      PRACTICEID: 2,
      PMSSITEID: 'SYN-0002',
      NAME: 'Zzilch',
      ABN: null,
      HPIO: null,
    };
  },
};

export const locationTable: ClinicTable = {
  catalogue: 'Patients',
  name: 'Location',
  columns: [
    identity('LOCATIONID'),
    ...recordColumns,
    required('NAME', 'char(40)', { holdsName: true }),
    required('ADDRESS1', 'nvarchar(60)'),
    required('SUBURB', 'nvarchar(40)', { holdsName: true }),
    required('STATE', 'char(3)'),
    required('POSTCODE', 'char(4)'),
    required('PHONE', 'varchar(20)'),
    nullable('FAX', 'varchar(20)'),
    required('TIMEZONE', 'varchar(40)'),
  ],
  primaryKey: ['LOCATIONID'],
  indexes: [],
  *rows(shape) {
    for (let id = 1; id <= locationCount; id += 1) {
      const draw = new Draw(shape.seed, 'Location', id);
      const suburb = fakeSuburbs[id - 1]!;
      yield {
        ...settled(shape),
        LOCATIONID: id,
        NAME: `Zzinnia ${suburb.name}`,
        ADDRESS1: fakeStreet(draw),
        SUBURB: suburb.name,
        STATE: suburb.state,
        POSTCODE: suburb.postcode,
        PHONE: fakeLandline(draw),
        FAX: id === 1 ? fakeLandline(draw) : null,
        TIMEZONE: suburb.state === 'VIC' ? 'Australia/Melbourne' : 'Australia/Sydney',
        UPDATED: id === 1 ? `${shape.referenceDate} 00:00:00` : null,
      };
    }
  },
};

export const practitionerTable: ClinicTable = {
  catalogue: 'Patients',
  name: 'Practitioner',
  columns: [
    identity('PRACTITIONERID'),
    ...recordColumns,
    nullable('TITLE', 'char(8)'),
    required('SURNAME', 'nvarchar(40)', { holdsName: true }),
    required('FIRSTNAME', 'nvarchar(40)', { holdsName: true }),
    nullable('PRESCRIBERNO', 'char(8)'),
    nullable('HPII', 'char(16)'),
    nullable('ROOM', 'nvarchar(20)'),
    required('BOOKABLE', 'bit'),
  ],
  primaryKey: ['PRACTITIONERID'],
  indexes: [],
  *rows(shape) {
    for (let id = 1; id <= practitionerCount; id += 1) {
      const draw = new Draw(shape.seed, 'Practitioner', id);
      // The last two are a nurse and an allied health professional: no prescriber number.
      const prescribes = id <= practitionerCount - 2;
      yield {
        ...settled(shape),
        PRACTITIONERID: id,
        TITLE: prescribes ? 'Dr' : null,
        SURNAME: fakeSurname(draw),
        FIRSTNAME: fakeFirstName(draw),
        PRESCRIBERNO: prescribes ? fakePrescriberNumber(draw) : null,
        HPII: prescribes ? fakeHealthcareIdentifier(draw, '800361') : null,
        ROOM: id % 4 === 0 ? null : `Room ${id}`,
        BOOKABLE: true,
        UPDATED: id % 3 === 0 ? `${shape.referenceDate} 07:00:00` : null,
      };
    }
  },
};

/** A practitioner has one provider number at each location. */
export const practitionerLocationTable: ClinicTable = {
  catalogue: 'Patients',
  name: 'PractitionerLocation',
  columns: [
    required('PRACTITIONERID', 'int'),
    required('LOCATIONID', 'int'),
    nullable('PROVIDERNO', 'char(10)'),
  ],
  primaryKey: ['PRACTITIONERID', 'LOCATIONID'],
  indexes: [],
  *rows(shape) {
    for (let id = 1; id <= practitionerCount; id += 1) {
      for (let locationId = 1; locationId <= locationCount; locationId += 1) {
        const draw = new Draw(shape.seed, 'PractitionerLocation', id * 10 + locationId);
        const PROVIDERNO = id === practitionerCount ? null : fakeProviderNumber(draw);
        yield { PRACTITIONERID: id, LOCATIONID: locationId, PROVIDERNO };
      }
    }
  },
};
