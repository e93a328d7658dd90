/**
 * The proof that the clinic is fake: looks at every value of every row with the strict checks of
 * the real world and names each that passes. Whole values are checked as every kind of identifier;
 * inside longer text, runs of digits and mail addresses are.
 */
import {
  isRealAbn,
  isRealDvaNumber,
  isRealEmail,
  isRealHealthcareIdentifier,
  isRealMedicare,
  isRealPhone,
  isRealPrescriberNumber,
  isRealProviderNumber,
} from './identifiers.js';
import type { ClinicRow, ClinicTable } from './table.js';

export interface Violation {
  table: string;
  column: string;
  kind: string;
  value: string;
}

const digitChecks: [kind: string, check: (text: string) => boolean][] = [
  ['Medicare number', isRealMedicare],
  ['healthcare identifier', isRealHealthcareIdentifier],
  ['prescriber number', isRealPrescriberNumber],
  ['ABN', isRealAbn],
  ['phone number', isRealPhone],
];

const wholeChecks: typeof digitChecks = [
  ...digitChecks,
  ['provider number', isRealProviderNumber],
  ['DVA number', isRealDvaNumber],
];

function kindsIn(text: string): string[] {
  const kinds = wholeChecks.filter(([, check]) => check(text)).map(([kind]) => kind);
  if (isRealEmail(text)) kinds.push('e-mail address');
  if (text.length > 7) {
    for (const run of text.match(/\+?\d[\d ()-]{5,}\d/g) ?? []) {
      if (run === text) continue;
      kinds.push(...digitChecks.filter(([, check]) => check(run)).map(([kind]) => kind));
    }
  }
  return kinds;
}

/** Text inside a document's bytes; scans are noise and hold none. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (Buffer.isBuffer(value) && value.length < 20_000) return value.toString('latin1');
  return undefined;
}

/** Values of one row that could be somebody's. */
export function realValues(table: ClinicTable, row: ClinicRow): Violation[] {
  const violations: Violation[] = [];
  for (const column of table.columns) {
    const text = textOf(row[column.name]);
    // A GUID is drawn, identifies nothing, and its hex digits may form any number.
    if (text === undefined || column.type === 'uniqueidentifier') continue;
    const kinds = kindsIn(text);
    if (column.holdsName && !text.trim().startsWith('Zz')) kinds.push('name');
    for (const kind of kinds) {
      violations.push({ table: table.name, column: column.name, kind, value: text });
    }
  }
  return violations;
}
