/**
 * Activity as a file. A cell of CSV (RFC 4180) that a spreadsheet would take for a formula is led by
 * an apostrophe: names come from outside (OWASP, CSV injection).
 */
import type { ActivityEntry } from '#libs/console-api/practice.js';

const columns = [
  ['time', (entry) => entry.at],
  ['what happened', (entry) => entry.words],
  ['kind', (entry) => entry.kind],
  ['integrator', (entry) => entry.integratorName],
  ['site', (entry) => entry.siteName],
  ['who', (entry) => entry.who],
  ['purpose', (entry) => entry.purpose],
  ['outcome', (entry) => entry.outcome],
  ['duration (ms)', (entry) => entry.duration],
  ['rows', (entry) => entry.rows],
  ['size (bytes)', (entry) => entry.size],
  ['request', (entry) => entry.requestId],
] as const satisfies readonly (readonly [string, (entry: ActivityEntry) => string | undefined])[];

const STARTS_A_FORMULA = /^[=+\-@\t\r\n|%]/;

export function csvCell(value: string): string {
  const isFormula = STARTS_A_FORMULA.test(value.trimStart()) || STARTS_A_FORMULA.test(value);
  return `"${(isFormula ? `'${value}` : value).replaceAll('"', '""')}"`;
}

/** With a byte order mark: without it Excel takes UTF-8 for something else. */
export function activityCsv(entries: readonly ActivityEntry[]): string {
  const line = (cells: readonly string[]) => `${cells.map(csvCell).join(',')}\r\n`;
  const head = line(columns.map(([name]) => name));
  return `\uFEFF${head}${entries.map((entry) => line(columns.map(([, read]) => read(entry) ?? ''))).join('')}`;
}

export const activityJson = (entries: readonly ActivityEntry[]): string =>
  `${JSON.stringify(
    entries.map(({ seq: _, ...entry }) => entry),
    undefined,
    1,
  )}\n`;
