/** What drafts are made of: what is known of an incident, in ids, names and counts. */
import {
  GAP,
  type BreachStatement,
  type IncidentScope,
  type MyHealthRecordAnswer,
  type PackContent,
} from '#libs/console-api/incidents.js';

export interface IncidentFacts {
  title: string;
  drill: boolean;
  /** YYYY-MM-DD by the incident's zone. */
  awareOn: string;
  dueOn: string;
  timeZone: string;
  myHealthRecord: MyHealthRecordAnswer;
  scope: IncidentScope;
  /** Of the scope’s keys, by id: whose they are. */
  keyOwners: Readonly<Record<string, string>>;
  /** The newest that is ready; of a practice's own incident, its own. */
  pack?: Pick<PackContent, 'totals' | 'practices' | 'integrators' | 'purposes' | 'agents'>;
  packHash?: string;
  /** The newest version. */
  statement?: Pick<BreachStatement, 'parts'>;
  /** Of practices, integrators and sites, by id. */
  names: Readonly<Record<string, string>>;
  /** What is frozen now. */
  frozen: readonly FrozenFact[];
}

export interface FrozenFact {
  words: string;
  /** Whose site or server it is, or whose own freeze; absent: no practice's alone. */
  practiceId?: string;
  /** Whose software or key. */
  integratorId?: string;
}

export const gap = (what: string): string => `[to be filled: ${what}]`;

export const gapsIn = (text: string): number => text.match(GAP)?.length ?? 0;

export const nameOf = ({ names }: Pick<IncidentFacts, 'names'>, id: string): string =>
  names[id] ?? id;

/** “A, B and C” */
export const listed = (names: readonly string[]): string =>
  names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;

/** Of a date without a time, “23 November 2026”. @param date YYYY-MM-DD */
export const dayInWords = (date: string): string =>
  new Intl.DateTimeFormat('en-AU', { dateStyle: 'long', timeZone: 'UTC' }).format(new Date(date));

/** From the first to the last query that was counted, else the scope's window; by the incident's zone, which is named. */
export function spanOf({
  pack,
  scope,
  timeZone,
}: Pick<IncidentFacts, 'pack' | 'scope' | 'timeZone'>): string {
  const format = new Intl.DateTimeFormat('en-AU', {
    ...{ day: 'numeric', month: 'long', year: 'numeric' },
    ...{ hour: 'numeric', minute: '2-digit', timeZoneName: 'short', timeZone },
  });
  const minute = (moment: string): string => format.format(new Date(moment));
  return `between ${minute(pack?.totals.from ?? scope.from)} and ${minute(pack?.totals.to ?? scope.to)}`;
}

/** Above everything that a drill writes. */
export const DRILL_LINE = 'THIS IS A DRILL. Nothing of this happened; send it to nobody.';
