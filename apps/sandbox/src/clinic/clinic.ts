/**
 * The pretend clinic: what is in it, not where it runs. Everything is a pure function of a shape
 * (seed, reference date, scale): the same shape gives the same rows, row for row, on any machine.
 * Rows come out of generators one at a time, so a clinic of half a million patients needs no more
 * memory than one of two hundred. Every person, number, address and phone in it is fake by
 * construction; fake-scan.ts proves it.
 */

/** The two databases of the clinic; `Patients` is the one a login starts in. */
export const clinicCatalogues = ['Patients', 'Reference'] as const;
export type ClinicCatalogue = (typeof clinicCatalogues)[number];

export interface ClinicShape {
  /** Any text; two clinics of different seeds share nothing but the awkward patients' oddities. */
  seed: string;
  /** The clinic's today, `YYYY-MM-DD`, local wall clock. All other dates hang on it. */
  referenceDate: string;
  /** Number of patients, `minScale` to `maxScale`. */
  scale: number;
}

export const defaultSeed = 'conduit';
export const defaultScale = 5_000;
/** Below this the awkward patients would not all fit. */
export const minScale = 100;
export const maxScale = 500_000;

export const practitionerCount = 12;
export const locationCount = 3;

/** Appointments reach this many days back and ahead: 18 months together. */
export const appointmentDaysBack = 365;
export const appointmentDaysAhead = 183;
