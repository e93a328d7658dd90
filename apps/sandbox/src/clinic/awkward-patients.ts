/** What makes the awkward patients awkward: the columns in which they differ from an ordinary row. */
import { awkwardPatients } from './awkward.js';
import type { ClinicShape } from './clinic.js';
import { dateText, dateTimeText, dayNumber, yearsBefore } from './days.js';
import type { ClinicRow } from './table.js';

interface Overrides {
  patients: Map<number, ClinicRow>;
  contacts: Map<number, ClinicRow>;
}

const fortyLetters = (start: string): string =>
  (start + 'abcdefghijklmnopqrstuvwxyz'.repeat(2)).slice(0, 40);

const names: Record<number, [firstName: string | null, surname: string]> = {
  [awkwardPatients.twins[0]]: ['Zzara', 'Zzwillings'],
  [awkwardPatients.twins[1]]: ['Zzeno', 'Zzwillings'],
  [awkwardPatients.sameNameOtherBirthDate[0]]: ['Zzjon', 'Zzmith'],
  [awkwardPatients.sameNameOtherBirthDate[1]]: ['Zzjon', 'Zzmith'],
  [awkwardPatients.oneWordName]: [null, 'Zzukarno'],
  [awkwardPatients.apostrophe]: ["Zzd'Arcy", "ZzO'Brien"],
  [awkwardPatients.hyphen]: ['Zzanna-Lee', 'Zzmith-Zzones'],
  [awkwardPatients.diacritics]: ['Zzoë', 'ZzNguyễn-Åström-Žižková'],
  [awkwardPatients.emoji]: ['Zz👩🏽‍⚕️', 'Zz😀ley'],
  [awkwardPatients.rightToLeft]: ['Zzعلياء', 'Zzבן־דוד'],
  [awkwardPatients.longName]: [fortyLetters('Zzmaximilian'), fortyLetters('Zzwolfeschlegel')],
  [awkwardPatients.sharedMobile[0]]: ['Zzparent', 'Zzhare'],
  [awkwardPatients.sharedMobile[1]]: ['Zzchild', 'Zzhare'],
  [awkwardPatients.untrimmedName]: [' Zzblank ', '  Zzpadded  '],
  [awkwardPatients.sqlInName]: ['Zz%_[a-z]', "Zz'); DROP TABLE Patient;--"],
};

function birthDates(shape: ClinicShape): Record<number, string> {
  const born = (years: number, daysAgo = 0): string =>
    dateText(dayNumber(yearsBefore(shape.referenceDate, years)) - daysAgo);
  return {
    [awkwardPatients.twins[0]]: born(30, 11),
    [awkwardPatients.twins[1]]: born(30, 11),
    [awkwardPatients.sameNameOtherBirthDate[0]]: born(44, 3),
    [awkwardPatients.sameNameOtherBirthDate[1]]: born(71, 250),
    [awkwardPatients.minorOf13]: born(13, 90),
    // Fifteen today: the first day on which a rule about fifteen-year-olds applies.
    [awkwardPatients.minorOf15]: born(15),
    // Eighteen tomorrow.
    [awkwardPatients.minorOf17]: born(18, -1),
    [awkwardPatients.sharedMobile[0]]: born(38, 5),
    [awkwardPatients.sharedMobile[1]]: born(9, 5),
    [awkwardPatients.leapDay]: '2004-02-29',
    [awkwardPatients.centenarian]: '1900-01-01',
  };
}

function flags(shape: ClinicShape): Record<number, ClinicRow> {
  const reference = dayNumber(shape.referenceDate);
  const mergedAway = { RECORDSTATUS: 0, STATUSCODE: 2 };
  return {
    [awkwardPatients.deceased]: { STATUSCODE: 3, DATEOFDEATH: dateText(reference - 40) },
    [awkwardPatients.inactive]: { STATUSCODE: 2 },
    [awkwardPatients.mergedPairs[0][0]]: mergedAway,
    [awkwardPatients.mergedPairs[1][0]]: mergedAway,
    [awkwardPatients.denyAccess]: { DENYACCESS: true },
    [awkwardPatients.noReminders]: { NOREMINDERS: true },
    [awkwardPatients.noSms]: { SMSCONSENT: false },
    [awkwardPatients.minorOf15]: { MINORCONSENT: true },
    [awkwardPatients.minorOf17]: { MINORCONSENT: false },
    [awkwardPatients.noMedicare]: { MEDICARENO: null, MEDICARELINE: null, MEDICAREEXPIRY: null },
    [awkwardPatients.allNull]: {
      ...nullsOf(
        'UPDATED TITLE FIRSTNAME MIDDLENAME PREFERREDNAME DOB SEX MEDICARENO MEDICARELINE ' +
          'MEDICAREEXPIRY IHI DVANO PRACTITIONERID LOCATIONID DATEOFDEATH SMSCONSENT MINORCONSENT NOTES',
      ),
    },
    [awkwardPatients.deleted]: { RECORDSTATUS: 0 },
    [awkwardPatients.neverUpdated]: {
      CREATED: dateTimeText(reference - 3_650, 36_000),
      UPDATED: null,
    },
  };
}

function nullsOf(columns: string): ClinicRow {
  return Object.fromEntries(columns.split(' ').map((column) => [column, null]));
}

/** The differing columns of patients and of their contact rows, by InternalID. */
export function awkwardOverrides(shape: ClinicShape): Overrides {
  const patients = new Map<number, ClinicRow>();
  const lay = (id: number, columns: ClinicRow): void => {
    patients.set(id, { ...patients.get(id), ...columns });
  };
  for (const [id, [FIRSTNAME, SURNAME]] of Object.entries(names)) {
    lay(Number(id), { FIRSTNAME, SURNAME });
  }
  for (const [id, DOB] of Object.entries(birthDates(shape))) lay(Number(id), { DOB });
  for (const [id, columns] of Object.entries(flags(shape))) lay(Number(id), columns);

  const shared = { MOBILEPHONE: '0491 570 006' };
  const twinHome = {
    ADDRESS1: '2 Zzemini Street',
    SUBURB: 'Zzelford',
    STATE: 'NSW',
    POSTCODE: '0951',
  };
  const contacts = new Map<number, ClinicRow>([
    [awkwardPatients.twins[0], twinHome],
    [awkwardPatients.twins[1], twinHome],
    [awkwardPatients.sharedMobile[0], shared],
    [awkwardPatients.sharedMobile[1], shared],
    [
      awkwardPatients.allNull,
      nullsOf(
        'UPDATED ADDRESS1 SUBURB STATE POSTCODE HOMEPHONE WORKPHONE MOBILEPHONE EMAIL NEXTOFKIN',
      ),
    ],
  ]);
  return { patients, contacts };
}
