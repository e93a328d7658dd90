/**
 * The patients, appointments, results and documents that break software, each at a fixed id, the
 * same in every clinic whatever its seed and scale. The rest of the rows are ordinary on purpose.
 */

/** Patients by InternalID. Dates of birth of the minors hang on the reference date. */
export const awkwardPatients = {
  /** Same surname, same birth date, same address; other first names. */
  twins: [1, 2],
  /** Same first name and surname, other birth dates. */
  sameNameOtherBirthDate: [3, 4],
  /** No first name at all. */
  oneWordName: 5,
  apostrophe: 6,
  hyphen: 7,
  diacritics: 8,
  /** An emoji outside the basic plane, with a skin tone and a joiner. */
  emoji: 9,
  rightToLeft: 10,
  /** First name and surname of 40 characters each, the width of the columns. */
  longName: 11,
  deceased: 12,
  inactive: 13,
  /** [merged away, kept]; the first is no live row and stands in MergeLog. */
  mergedPairs: [
    [14, 15],
    [16, 17],
  ],
  denyAccess: 18,
  noReminders: 19,
  noSms: 20,
  minorOf13: 21,
  minorOf15: 22,
  minorOf17: 23,
  /** A parent and a child on one mobile number. */
  sharedMobile: [24, 25],
  noMedicare: 26,
  /** Has results and documents marked confidential beside ordinary ones. */
  confidentialResults: 27,
  /** NULL in every nullable column, contact row included. */
  allNull: 28,
  /** RECORDSTATUS 0: deleted, still in the table. */
  deleted: 29,
  /** CREATED long ago and never UPDATED: found by COALESCE(UPDATED, CREATED) only. */
  neverUpdated: 30,
  /** Born on 29 February. */
  leapDay: 31,
  /** Born in 1900, older than a two-digit year can say. */
  centenarian: 32,
  /** Blanks before and after the name, as typed at the front desk. */
  untrimmedName: 33,
  /** A name that is SQL, if it is ever pasted into a statement. */
  sqlInName: 34,
} as const;

/** Ids up to this one are awkward or kept free of chance. */
export const lastAwkwardPatient = 40;

/** Appointments by AppointmentID. */
export const awkwardAppointments = {
  /** Three patients, one practitioner, one time, one GROUPID. */
  group: [1, 2, 3],
  /**
   * On the next day that the clocks change: before the change, in the hour that in October does
   * not exist and in April comes twice, and after it.
   */
  daylightSaving: [4, 5, 6],
  /** InternalID 0: no patient, the practitioner is just not free. */
  block: 7,
  /** Ends at midnight: start + length = 86,400. */
  untilMidnight: 8,
  /** RECORDSTATUS 0: cancelled. */
  cancelled: 9,
  /** NULL in every nullable column. */
  allNull: 10,
} as const;

/** Results by ResultID. */
export const awkwardResults = { confidential: 1, ordinaryOfSamePatient: 2, allNull: 3 } as const;

/** Documents by DocumentID. */
export const awkwardDocuments = {
  /** 5 MiB. */
  largest: 1,
  confidential: 2,
  /** CONTENT of no bytes, which is not NULL. */
  empty: 3,
  /** CONTENT is NULL, and so is every other nullable column. */
  allNull: 4,
  /** All 256 byte values in order. */
  everyByte: 5,
} as const;

/** The practitioner (by id) with two overlapping sessions on one weekday, at two locations. */
export const overlappingSessions = { practitionerId: 3, weekday: 1 } as const;

/** A practitioner (by id) on leave on the reference date and the six days after it. */
export const practitionerOnLeave = 12;
