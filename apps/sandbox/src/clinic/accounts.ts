/** Money (in cents), reminders and the log of merged patients. */
import { awkwardPatients, lastAwkwardPatient } from './awkward.js';
import { practitionerCount, type ClinicShape } from './clinic.js';
import { dateText, dateTimeText, dayNumber } from './days.js';
import { Draw } from './draw.js';
import { feeItems } from './reference.js';
import {
  identity,
  nullable,
  recordColumns,
  required,
  type ClinicRow,
  type ClinicTable,
} from './table.js';

const invoiceCount = (shape: ClinicShape): number => Math.round(shape.scale * 1.5);

/** The items of one invoice: one or two, as indexes into the fee list. */
function invoiceItems(shape: ClinicShape, id: number): number[] {
  const draw = new Draw(shape.seed, 'InvoiceLine', id);
  const first = draw.whole(0, feeItems.length - 1);
  return draw.chance(0.3) ? [first, draw.whole(0, feeItems.length - 1)] : [first];
}

function invoiceRow(shape: ClinicShape, id: number): ClinicRow {
  const draw = new Draw(shape.seed, 'Invoice', id);
  const day = dayNumber(shape.referenceDate) - draw.whole(0, 700);
  const total = invoiceItems(shape, id).reduce((sum, item) => sum + feeItems[item]![2], 0);
  const paid = draw.chance(0.9);
  return {
    INVOICEID: id,
    RECORDSTATUS: draw.chance(0.01) ? 0 : 1,
    CREATED: dateTimeText(day, draw.whole(28_800, 61_200)),
    UPDATED: paid ? dateTimeText(day, 61_300) : null,
    INTERNALID: draw.whole(lastAwkwardPatient + 1, shape.scale),
    PRACTITIONERID: draw.whole(1, practitionerCount),
    INVOICEDATE: dateText(day),
    TOTALCENTS: total,
    PAIDCENTS: paid ? total : 0,
    PAIDDATE: paid ? dateText(day) : null,
    BILLTO: draw.maybe(0.1, draw.pick(['Patient', 'Medicare', 'DVA'])),
  };
}

export const invoiceTable: ClinicTable = {
  catalogue: 'Patients',
  name: 'Invoice',
  columns: [
    identity('INVOICEID'),
    ...recordColumns,
    required('INTERNALID', 'int'),
    required('PRACTITIONERID', 'int'),
    required('INVOICEDATE', 'date'),
    required('TOTALCENTS', 'int'),
    required('PAIDCENTS', 'int'),
    nullable('PAIDDATE', 'date'),
    nullable('BILLTO', 'char(10)'),
  ],
  primaryKey: ['INVOICEID'],
  indexes: [['INTERNALID'], ['INVOICEDATE']],
  *rows(shape) {
    for (let id = 1; id <= invoiceCount(shape); id += 1) yield invoiceRow(shape, id);
  },
};

export const invoiceLineTable: ClinicTable = {
  catalogue: 'Patients',
  name: 'InvoiceLine',
  columns: [
    identity('INVOICELINEID'),
    required('INVOICEID', 'int'),
    required('FEEITEMID', 'int'),
    required('AMOUNTCENTS', 'int'),
    nullable('NOTE', 'nvarchar(100)'),
  ],
  primaryKey: ['INVOICELINEID'],
  indexes: [['INVOICEID']],
  *rows(shape) {
    let id = 0;
    for (let invoiceId = 1; invoiceId <= invoiceCount(shape); invoiceId += 1) {
      for (const [index, item] of invoiceItems(shape, invoiceId).entries()) {
        yield {
          INVOICELINEID: (id += 1),
          INVOICEID: invoiceId,
          FEEITEMID: item + 1,
          AMOUNTCENTS: feeItems[item]![2],
          NOTE: index === 0 ? null : 'Additional item',
        };
      }
    }
  },
};

export const reminderTable: ClinicTable = {
  catalogue: 'Patients',
  name: 'Reminder',
  columns: [
    identity('REMINDERID'),
    ...recordColumns,
    required('INTERNALID', 'int'),
    required('REASON', 'char(40)'),
    required('DUEDATE', 'date'),
    nullable('SENTDATE', 'date'),
    nullable('SENTBY', 'char(8)'),
  ],
  primaryKey: ['REMINDERID'],
  indexes: [['INTERNALID'], ['DUEDATE']],
  *rows(shape) {
    const reference = dayNumber(shape.referenceDate);
    for (let id = 1; id <= Math.round(shape.scale * 0.8); id += 1) {
      const draw = new Draw(shape.seed, 'Reminder', id);
      const due = reference + draw.whole(-400, 400);
      const sent = due < reference && draw.chance(0.9);
      yield {
        REMINDERID: id,
        RECORDSTATUS: 1,
        CREATED: dateTimeText(Math.min(due, reference) - draw.whole(30, 300), 36_000),
        UPDATED: sent ? dateTimeText(due, 36_000) : null,
        INTERNALID:
          id === 1 ? awkwardPatients.noReminders : draw.whole(lastAwkwardPatient + 1, shape.scale),
        REASON: draw.pick(['Influenza vaccination', 'Skin check', 'Blood pressure', 'Care plan']),
        DUEDATE: dateText(due),
        SENTDATE: sent ? dateText(due) : null,
        SENTBY: sent ? draw.pick(['SMS', 'Letter', 'Email']) : null,
      };
    }
  },
};

export const mergeLogTable: ClinicTable = {
  catalogue: 'Patients',
  name: 'MergeLog',
  columns: [
    identity('MERGEID'),
    required('FROMINTERNALID', 'int'),
    required('TOINTERNALID', 'int'),
    required('MERGED', 'datetime'),
    nullable('MERGEDBY', 'int'),
  ],
  primaryKey: ['MERGEID'],
  indexes: [['FROMINTERNALID']],
  *rows(shape) {
    const reference = dayNumber(shape.referenceDate);
    for (const [index, [from, to]] of awkwardPatients.mergedPairs.entries()) {
      yield {
        MERGEID: index + 1,
        FROMINTERNALID: from,
        TOINTERNALID: to,
        MERGED: dateTimeText(reference - 10 * (index + 1), 43_200),
        MERGEDBY: index === 0 ? 13 : null,
      };
    }
  },
};
