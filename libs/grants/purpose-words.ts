/**
 * What a purpose is called, for everybody who reads or chooses one: the agent's words before a grant
 * is signed, the broker's and the console's pages. Runs in a browser: it imports types alone.
 */
import type { Purpose } from '#libs/grants/grant.js';

/** HL7 v3 purposes of use, in words that go into a sentence. */
export const purposeWords: Record<Purpose, string> = {
  TREAT: 'treatment of patients',
  HPAYMT: 'billing and payment',
  HOPERAT: 'running of the practice',
  PATADMIN: 'administration of patients, such as appointments',
  PATRQT: 'requests made by patients themselves',
  PUBHLTH: 'public health',
  HRESCH: 'health research',
};

/** The same standing alone, by code. */
export const purposeTexts: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(purposeWords).map(([code, words]) => [
    code,
    words.charAt(0).toUpperCase() + words.slice(1),
  ]),
);

/** Of one code; a code that this version does not know stands as it is. */
export const purposeText = (code: string): string => purposeTexts[code] ?? code;
