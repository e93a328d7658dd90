/** What is written about patients: results, documents, immunisations. */
import {
  awkwardDocuments,
  awkwardPatients,
  awkwardResults,
  lastAwkwardPatient,
} from './awkward.js';
import { practitionerCount, type ClinicShape } from './clinic.js';
import { dateText, dateTimeText, dayNumber } from './days.js';
import { Draw } from './draw.js';
import { birthDay } from './patients.js';
import { vaccineNames } from './reference.js';
import {
  identity,
  nullable,
  recordColumns,
  required,
  type ClinicRow,
  type ClinicTable,
} from './table.js';

/** Days are drawn between birth and the reference date, at most six years back. */
function dayOfCare(shape: ClinicShape, draw: Draw, patientId: number): number {
  const reference = dayNumber(shape.referenceDate);
  return draw.whole(Math.max(birthDay(shape, patientId), reference - 2_190), reference - 1);
}

const ordinaryPatient = (shape: ClinicShape, draw: Draw): number =>
  draw.whole(lastAwkwardPatient + 1, shape.scale);

const tests = [
  ['HbA1c', '%', 4, 12],
  ['Haemoglobin', 'g/L', 90, 180],
  ['Ferritin', 'ug/L', 5, 500],
  ['Potassium', 'mmol/L', 2, 7],
  ['TSH', 'mIU/L', 0, 12],
] as const;

function resultRow(shape: ClinicShape, id: number): ClinicRow {
  const draw = new Draw(shape.seed, 'Result', id);
  const patientId = ordinaryPatient(shape, draw);
  const [name, unit, low, high] = draw.pick(tests);
  const day = dayOfCare(shape, draw, patientId);
  const value = (low + draw.unit() * (high - low)).toFixed(4);
  return {
    RESULTID: id,
    RECORDSTATUS: 1,
    CREATED: dateTimeText(day + 1, draw.whole(0, 86_399)),
    UPDATED: draw.maybe(0.7, `${dateText(day + 1)} 23:59:59`),
    INTERNALID: patientId,
    PRACTITIONERID: draw.maybe(0.1, draw.whole(1, practitionerCount)),
    TESTNAME: name,
    LABNUMBER: draw.maybe(0.05, `ZZ-${id}`),
    COLLECTED: `${dateTimeText(day, draw.whole(25_200, 61_200))}.${draw.digits(3)}`,
    VALUE: draw.maybe(0.05, value),
    UNITS: draw.maybe(0.05, unit),
    ABNORMAL: draw.maybe(0.05, draw.chance(0.2)),
    CONFIDENTIAL: draw.chance(0.02),
    CHECKEDBY: draw.maybe(0.2, draw.whole(1, practitionerCount)),
    BODY: draw.maybe(0.1, `${name}: ${value} ${unit}\r\nSynthetic result, not a measurement.`),
  };
}

const resultNulls = {
  UPDATED: null,
  PRACTITIONERID: null,
  LABNUMBER: null,
  COLLECTED: null,
  VALUE: null,
  UNITS: null,
  ABNORMAL: null,
  CHECKEDBY: null,
  BODY: null,
};

export const resultTable: ClinicTable = {
  catalogue: 'Patients',
  name: 'Result',
  columns: [
    identity('RESULTID'),
    ...recordColumns,
    required('INTERNALID', 'int'),
    nullable('PRACTITIONERID', 'int'),
    required('TESTNAME', 'nvarchar(80)'),
    nullable('LABNUMBER', 'varchar(20)'),
    nullable('COLLECTED', 'datetime2(3)'),
    nullable('VALUE', 'decimal(12,4)'),
    nullable('UNITS', 'nvarchar(20)'),
    nullable('ABNORMAL', 'bit'),
    required('CONFIDENTIAL', 'bit'),
    nullable('CHECKEDBY', 'int'),
    nullable('BODY', 'nvarchar(max)'),
  ],
  primaryKey: ['RESULTID'],
  indexes: [['INTERNALID']],
  *rows(shape) {
    const owner = { INTERNALID: awkwardPatients.confidentialResults };
    const awkward: Record<number, ClinicRow> = {
      [awkwardResults.confidential]: { ...owner, CONFIDENTIAL: true },
      [awkwardResults.ordinaryOfSamePatient]: { ...owner, CONFIDENTIAL: false },
      [awkwardResults.allNull]: { INTERNALID: awkwardPatients.allNull, ...resultNulls },
    };
    for (let id = 1; id <= shape.scale * 2; id += 1) {
      yield { ...resultRow(shape, id), ...awkward[id] };
    }
  },
};

const mebibyte = 1_048_576;

/** Bytes of CONTENT: a few big ones at the start, then one scan in two hundred, the rest letters. */
function documentBytes(draw: Draw, id: number): Buffer {
  const large = { [awkwardDocuments.largest]: 5, 6: 2, 7: 1 }[id];
  if (large !== undefined) return noise(draw, large * mebibyte);
  if (id % 200 === 0) return noise(draw, draw.whole(50_000, 250_000));
  const line = `Synthetic letter ${id}. Nothing in it is about anybody.\r\n`;
  return Buffer.from(line.repeat(draw.whole(5, 80)));
}

/** One drawn block, repeated with a counter: incompressible enough and quick to make. */
function noise(draw: Draw, bytes: number): Buffer {
  const block = Buffer.alloc(65_536);
  for (let at = 0; at < block.length; at += 4) block.writeUInt32LE(draw.whole(0, 0xffffffff), at);
  const content = Buffer.alloc(bytes);
  for (let at = 0; at < bytes; at += block.length) {
    block.writeUInt32LE(at, 0);
    block.copy(content, at, 0, Math.min(block.length, bytes - at));
  }
  return content;
}

function documentRow(shape: ClinicShape, id: number): ClinicRow {
  const draw = new Draw(shape.seed, 'Document', id);
  const content = documentBytes(draw, id);
  const scanned = content.length > 20_000;
  const patientId = ordinaryPatient(shape, draw);
  const day = dayOfCare(shape, draw, patientId);
  return {
    DOCUMENTID: id,
    RECORDSTATUS: 1,
    CREATED: dateTimeText(day, draw.whole(28_800, 61_200)),
    UPDATED: draw.maybe(0.8, `${shape.referenceDate} 00:00:00`),
    INTERNALID: patientId,
    DESCRIPTION: draw.maybe(0.1, scanned ? 'Scan' : 'Letter'),
    FILENAME: draw.maybe(0.1, scanned ? `scan-${id}.tif` : `letter-${id}.txt`),
    MIMETYPE: draw.maybe(0.1, scanned ? 'image/tiff' : 'text/plain'),
    CONFIDENTIAL: draw.chance(0.02),
    SIZEBYTES: content.length,
    CONTENT: content,
  };
}

function withContent(content: Buffer): ClinicRow {
  return { CONTENT: content, SIZEBYTES: content.length };
}

export const documentTable: ClinicTable = {
  catalogue: 'Patients',
  name: 'Document',
  columns: [
    identity('DOCUMENTID'),
    ...recordColumns,
    required('INTERNALID', 'int'),
    nullable('DESCRIPTION', 'nvarchar(100)'),
    nullable('FILENAME', 'nvarchar(100)'),
    nullable('MIMETYPE', 'varchar(60)'),
    required('CONFIDENTIAL', 'bit'),
    nullable('SIZEBYTES', 'int'),
    nullable('CONTENT', 'varbinary(max)'),
  ],
  primaryKey: ['DOCUMENTID'],
  indexes: [['INTERNALID']],
  *rows(shape) {
    const nulls = { UPDATED: null, DESCRIPTION: null, FILENAME: null, MIMETYPE: null };
    const awkward: Record<number, ClinicRow> = {
      [awkwardDocuments.confidential]: {
        INTERNALID: awkwardPatients.confidentialResults,
        CONFIDENTIAL: true,
      },
      [awkwardDocuments.empty]: withContent(Buffer.alloc(0)),
      [awkwardDocuments.allNull]: {
        INTERNALID: awkwardPatients.allNull,
        ...nulls,
        SIZEBYTES: null,
        CONTENT: null,
      },
      [awkwardDocuments.everyByte]: withContent(Buffer.from([...Array(256).keys()])),
    };
    const count = Math.max(20, Math.round(shape.scale * 0.4));
    for (let id = 1; id <= count; id += 1) yield { ...documentRow(shape, id), ...awkward[id] };
  },
};

export const immunisationTable: ClinicTable = {
  catalogue: 'Patients',
  name: 'Immunisation',
  columns: [
    identity('IMMUNISATIONID'),
    ...recordColumns,
    required('INTERNALID', 'int'),
    required('VACCINEID', 'int'),
    required('GIVENDATE', 'date'),
    nullable('DOSE', 'tinyint'),
    nullable('BATCHNO', 'varchar(20)'),
    nullable('SITE', 'char(20)'),
    nullable('PRACTITIONERID', 'int'),
  ],
  primaryKey: ['IMMUNISATIONID'],
  indexes: [['INTERNALID']],
  *rows(shape) {
    for (let id = 1; id <= Math.round(shape.scale * 1.5); id += 1) {
      const draw = new Draw(shape.seed, 'Immunisation', id);
      const patientId = ordinaryPatient(shape, draw);
      const day = dayOfCare(shape, draw, patientId);
      yield {
        IMMUNISATIONID: id,
        RECORDSTATUS: 1,
        CREATED: dateTimeText(day, draw.whole(28_800, 61_200)),
        UPDATED: draw.maybe(0.9, `${shape.referenceDate} 00:00:00`),
        INTERNALID: patientId,
        VACCINEID: draw.whole(1, vaccineNames.length),
        GIVENDATE: dateText(day),
        DOSE: draw.maybe(0.1, draw.whole(1, 4)),
        BATCHNO: draw.maybe(0.1, `ZZB${draw.digits(4)}`),
        SITE: draw.maybe(0.1, draw.pick(['Left deltoid', 'Right deltoid', 'Thigh'])),
        PRACTITIONERID: draw.maybe(0.1, draw.whole(1, practitionerCount)),
      };
    }
  },
};
