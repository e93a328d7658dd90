/** The `Reference` catalogue: vaccines, medicines, fee items and postcodes, all made up. */
import { Draw } from './draw.js';
import { fakeSuburbs } from './fake-people.js';
import { identity, nullable, required, type ClinicTable } from './table.js';

export const vaccineNames = 'Zzinflu Zzetanus Zzeasles Zzolio Zzoster Zzovid Zzeningo Zzeumo'.split(
  ' ',
);

export const vaccineTable: ClinicTable = {
  catalogue: 'Reference',
  name: 'Vaccine',
  columns: [
    identity('VACCINEID'),
    required('NAME', 'nvarchar(60)', { holdsName: true }),
    nullable('CODE', 'char(6)'),
    required('ISACTIVE', 'bit'),
  ],
  primaryKey: ['VACCINEID'],
  indexes: [],
  *rows() {
    for (const [index, NAME] of vaccineNames.entries()) {
      const CODE = index === 7 ? null : `ZZ${NAME.slice(2, 4).toUpperCase()}`;
      yield { VACCINEID: index + 1, NAME, CODE, ISACTIVE: index !== 3 };
    }
  },
};

const stems = 'amo beta cefa dora elo fura gali hexa ibo keto lora meto napro oxa peni'.split(' ');
const tails = 'xin lol pril statin zole micin mab'.split(' ');

export const medicineTable: ClinicTable = {
  catalogue: 'Reference',
  name: 'Medicine',
  columns: [
    identity('MEDICINEID'),
    required('NAME', 'nvarchar(60)', { holdsName: true }),
    required('STRENGTH', 'varchar(20)'),
    nullable('FORM', 'char(12)'),
    required('PACKSIZE', 'smallint'),
    nullable('PRICECENTS', 'int'),
  ],
  primaryKey: ['MEDICINEID'],
  indexes: [['NAME']],
  *rows(shape) {
    let id = 0;
    for (const stem of stems) {
      for (const tail of tails) {
        const draw = new Draw(shape.seed, 'Medicine', (id += 1));
        yield {
          MEDICINEID: id,
          NAME: `Zz${stem}${tail}`,
          STRENGTH: `${draw.pick([5, 10, 20, 250, 500])} mg`,
          FORM: draw.maybe(0.1, draw.pick(['tablet', 'capsule', 'cream'])),
          PACKSIZE: draw.pick([10, 20, 28, 30, 100]),
          PRICECENTS: draw.maybe(0.1, draw.whole(400, 9_000)),
        };
      }
    }
  },
};

/** Made-up items: real item numbers have no letters in front. */
export const feeItems = [
  ['ZZ03', 'Brief attendance', 1_900],
  ['ZZ23', 'Standard attendance', 4_200],
  ['ZZ36', 'Long attendance', 8_100],
  ['ZZ44', 'Prolonged attendance', 11_900],
  ['ZZ91', 'Telehealth attendance', 4_100],
] as const;

export const feeItemTable: ClinicTable = {
  catalogue: 'Reference',
  name: 'FeeItem',
  columns: [
    identity('FEEITEMID'),
    required('ITEMNO', 'char(8)'),
    required('DESCRIPTION', 'nvarchar(100)'),
    required('FEECENTS', 'int'),
    nullable('ENDDATE', 'date'),
  ],
  primaryKey: ['FEEITEMID'],
  indexes: [],
  *rows() {
    for (const [index, [ITEMNO, DESCRIPTION, FEECENTS]] of feeItems.entries()) {
      const ENDDATE = index === 3 ? '2099-06-30' : null;
      yield { FEEITEMID: index + 1, ITEMNO, DESCRIPTION, FEECENTS, ENDDATE };
    }
  },
};

export const postcodeTable: ClinicTable = {
  catalogue: 'Reference',
  name: 'Postcode',
  columns: [
    required('POSTCODE', 'char(4)'),
    required('SUBURB', 'nvarchar(40)', { holdsName: true }),
    required('STATE', 'char(3)'),
  ],
  primaryKey: ['POSTCODE', 'SUBURB'],
  indexes: [],
  *rows() {
    for (const { postcode, name, state } of fakeSuburbs) {
      yield { POSTCODE: postcode, SUBURB: name, STATE: state };
    }
  },
};
