/**
 * What a practice system keeps beside patients and must never give away: logon secrets, signing
 * keys, and documents from the My Health Record, whose breach rules know no threshold of harm. The
 * integrators' logins are denied these, by column or by table, and tests prove it.
 */
import { practitionerCount } from './clinic.js';
import { Draw } from './draw.js';
import { fakeFirstName } from './fake-people.js';
import { identity, nullable, recordColumns, required, type ClinicTable } from './table.js';

function noise(draw: Draw, bytes: number): Buffer {
  return Buffer.from(Array.from({ length: bytes }, () => draw.whole(0, 255)));
}

/** Letters only: a run of digits could be somebody's number. */
function letters(draw: Draw, count: number): string {
  return Array.from({ length: count }, () => draw.pick([...'abcdefghjkmnpqrstuvwxyz'])).join('');
}

export const systemUserTable: ClinicTable = {
  catalogue: 'Patients',
  name: 'SystemUser',
  columns: [
    identity('USERID'),
    ...recordColumns,
    nullable('PRACTITIONERID', 'int'),
    required('LOGONNAME', 'varchar(40)', { holdsName: true }),
    nullable('LASTLOGON', 'datetime'),
    nullable('PASSWORD', 'varchar(100)'),
    nullable('PKIKEY', 'varbinary(256)'),
  ],
  primaryKey: ['USERID'],
  indexes: [],
  denied: ['PASSWORD', 'PKIKEY'],
  *rows(shape) {
    for (let id = 1; id <= practitionerCount + 3; id += 1) {
      const draw = new Draw(shape.seed, 'SystemUser', id);
      const isPractitioner = id <= practitionerCount;
      yield {
        RECORDSTATUS: 1,
        CREATED: `${shape.referenceDate} 06:00:00`,
        UPDATED: isPractitioner ? null : `${shape.referenceDate} 06:30:00`,
        USERID: id,
        PRACTITIONERID: isPractitioner ? id : null,
        LOGONNAME: `${fakeFirstName(draw)}${id}`,
        LASTLOGON: isPractitioner ? `${shape.referenceDate} 08:30:00` : null,
        PASSWORD: isPractitioner ? `fake-hash-${letters(draw, 32)}` : null,
        PKIKEY: isPractitioner ? noise(draw, 64) : null,
      };
    }
  },
};

export const keyStoreTable: ClinicTable = {
  catalogue: 'Patients',
  name: 'KeyStore',
  columns: [
    identity('KEYID'),
    required('NAME', 'varchar(40)'),
    nullable('PRIVATEKEY', 'varbinary(max)'),
  ],
  primaryKey: ['KEYID'],
  indexes: [],
  denied: 'table',
  *rows(shape) {
    const draw = new Draw(shape.seed, 'KeyStore', 1);
    yield { KEYID: 1, NAME: 'fake site certificate', PRIVATEKEY: noise(draw, 512) };
    yield { KEYID: 2, NAME: 'fake key, removed', PRIVATEKEY: null };
  },
};

export const myHealthRecordTable: ClinicTable = {
  catalogue: 'Patients',
  name: 'MyHealthRecordDocument',
  columns: [
    identity('MHRDOCUMENTID'),
    ...recordColumns,
    required('INTERNALID', 'int'),
    required('DOCUMENTTYPE', 'varchar(40)'),
    nullable('BODY', 'nvarchar(max)'),
  ],
  primaryKey: ['MHRDOCUMENTID'],
  indexes: [['INTERNALID']],
  denied: 'table',
  *rows(shape) {
    for (let id = 1; id <= 50; id += 1) {
      const draw = new Draw(shape.seed, 'MyHealthRecordDocument', id);
      yield {
        RECORDSTATUS: 1,
        CREATED: `${shape.referenceDate} 05:00:00`,
        UPDATED: id % 2 === 0 ? `${shape.referenceDate} 05:30:00` : null,
        MHRDOCUMENTID: id,
        INTERNALID: draw.whole(41, shape.scale),
        DOCUMENTTYPE: draw.pick(['Shared Health Summary', 'Event Summary', 'Discharge Summary']),
        BODY: id === 1 ? null : `Synthetic document ${id}.`,
      };
    }
  },
};
