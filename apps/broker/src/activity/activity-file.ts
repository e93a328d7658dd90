/**
 * Activity as a file: CSV, NDJSON, or a FHIR AuditEvent a line. A cell of CSV (RFC 4180) that a spreadsheet would take for a formula is led by
 * an apostrophe: names come from outside (OWASP, CSV injection).
 */
import { auditEvent } from '#apps/broker/src/activity/audit-event.js';
import type { Act } from '#apps/broker/src/activity/read-activity.js';
import {
  FILE_ENDS_EARLY,
  type ActivityEntry,
  type ActivityFormat,
} from '#libs/console-api/activity.js';

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

const line = (cells: readonly string[]): string => `${cells.map(csvCell).join(',')}\r\n`;

/** With a byte order mark: without it Excel takes UTF-8 for something else. */
const csvHead = `\uFEFF${line(columns.map(([name]) => name))}`;

const csvOf = ({ entry }: Act): string => line(columns.map(([, read]) => read(entry) ?? ''));

const json = (value: object): string => `${JSON.stringify(value)}\n`;

/** Without the number of the record, which means nothing outside. */
const ndjsonOf = ({ entry: { seq: _, ...entry } }: Act): string => json(entry);

/** OperationOutcome is what FHIR puts among resources to say that there are more. */
const fhirEnd = {
  resourceType: 'OperationOutcome',
  issue: [{ severity: 'warning', code: 'incomplete', diagnostics: FILE_ENDS_EARLY }],
};

interface FileForm {
  contentType: string;
  extension: string;
  head: string;
  text(act: Act, log: string): string;
  /** In place of what found no more room. */
  end: string;
}

export const fileForms: Record<ActivityFormat, FileForm> = {
  csv: {
    contentType: 'text/csv; charset=utf-8',
    extension: 'csv',
    head: csvHead,
    text: csvOf,
    end: line(columns.map(([name]) => (name === 'what happened' ? FILE_ENDS_EARLY : ''))),
  },
  ndjson: {
    contentType: 'application/x-ndjson',
    extension: 'ndjson',
    head: '',
    text: ndjsonOf,
    end: json({ incomplete: FILE_ENDS_EARLY }),
  },
  fhir: {
    contentType: 'application/fhir+ndjson',
    extension: 'fhir.ndjson',
    head: '',
    text: (act, log) => json(auditEvent(act, log)),
    end: json(fhirEnd),
  },
};

/**
 * The file, piece by piece, as it is asked for.
 * @param log name of the log that the records are of
 */
export async function* fileText(
  format: ActivityFormat,
  acts: AsyncGenerator<Act[], boolean, void>,
  log: string,
): AsyncGenerator<string, void, void> {
  const { head, text, end } = fileForms[format];
  if (head) yield head;
  try {
    for (;;) {
      const { value, done } = await acts.next();
      if (done) {
        if (value) yield end;
        return;
      }
      yield value.map((act) => text(act, log)).join('');
    }
  } finally {
    await acts.return(false);
  }
}
