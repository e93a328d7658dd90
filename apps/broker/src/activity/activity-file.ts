/**
 * Activity as a file: CSV, NDJSON, or a FHIR AuditEvent a line. A cell of CSV (RFC 4180) that a spreadsheet would take for a formula is led by
 * an apostrophe: names come from outside (OWASP, CSV injection).
 */
import { auditEvent } from '#apps/broker/src/activity/audit-event.js';
import type { Act } from '#apps/broker/src/activity/read-activity.js';
import {
  destroyedWords,
  FILE_ENDS_EARLY,
  type ActivityEntry,
  type ActivityFormat,
  type DestroyedActs,
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

/** What a file says in its last line: that it is full, or that older records are gone. */
type LastWord = 'incomplete' | 'destroyed';

/** OperationOutcome is what FHIR puts among resources to say something of them all. */
const fhirEnd = (kind: LastWord, diagnostics: string): object => ({
  resourceType: 'OperationOutcome',
  issue: [
    kind === 'incomplete'
      ? { severity: 'warning', code: 'incomplete', diagnostics }
      : { severity: 'information', code: 'informational', diagnostics },
  ],
});

interface FileForm {
  contentType: string;
  extension: string;
  head: string;
  text(act: Act, log: string): string;
  last(kind: LastWord, words: string): string;
}

export const fileForms: Record<ActivityFormat, FileForm> = {
  csv: {
    contentType: 'text/csv; charset=utf-8',
    extension: 'csv',
    head: csvHead,
    text: csvOf,
    last: (_, words) => line(columns.map(([name]) => (name === 'what happened' ? words : ''))),
  },
  ndjson: {
    contentType: 'application/x-ndjson',
    extension: 'ndjson',
    head: '',
    text: ndjsonOf,
    last: (kind, words) => json({ [kind]: words }),
  },
  fhir: {
    contentType: 'application/fhir+ndjson',
    extension: 'fhir.ndjson',
    head: '',
    text: (act, log) => json(auditEvent(act, log)),
    last: (kind, words) => json(fhirEnd(kind, words)),
  },
};

/**
 * The file, piece by piece, as it is asked for.
 * @param log name of the log that the records are of
 * @param gone what was destroyed of the time that is asked for
 */
export async function* fileText(
  format: ActivityFormat,
  acts: AsyncGenerator<Act[], boolean, void>,
  log: string,
  gone?: DestroyedActs,
): AsyncGenerator<string, void, void> {
  const { head, text, last } = fileForms[format];
  if (head) yield head;
  try {
    for (;;) {
      const { value, done } = await acts.next();
      if (done) {
        if (value) yield last('incomplete', FILE_ENDS_EARLY);
        else if (gone) yield last('destroyed', destroyedWords(gone));
        return;
      }
      yield value.map((act) => text(act, log)).join('');
    }
  } finally {
    await acts.return(false);
  }
}
