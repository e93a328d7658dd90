/**
 * What was done, as the console shows it: to a practice what happened there, to an integrator what it
 * did itself, to the operator's security officer what the operator's people did. Types and closed
 * lists only. Times are ISO 8601 UTC. Below each of `/console/api/practices/:practiceId`,
 * `/console/api/integrators/:integratorId` and `/console/api/operator`.
 */
import type { StepUp } from '#libs/console-api/session.js';

export const activityKinds = ['records', 'permission', 'server', 'keys', 'people'] as const;
export type ActivityKind = (typeof activityKinds)[number];
export const activityOutcomes = ['successful', 'refused', 'failed', 'cancelled', 'lost'] as const;
export type ActivityOutcome = (typeof activityOutcomes)[number];
/** A table; the same as data; each act as an HL7 FHIR R4 AuditEvent, one a line. */
export const activityFormats = ['csv', 'ndjson', 'fhir'] as const;
export type ActivityFormat = (typeof activityFormats)[number];

export interface ActivityFilter {
  kind?: ActivityKind;
  integratorId?: string;
  siteId?: string;
  purpose?: string;
  outcome?: ActivityOutcome;
  /** The first moment that counts, and the first that does not any more. */
  from?: string;
  to?: string;
}

/** `GET activity?…&before=<next>` */
export interface ActivityPage {
  entries: ActivityEntry[];
  /** To be sent as `before`; absent: nothing older. */
  next?: string;
  /** The page is not full, yet older acts were not looked at: it was searched back to this moment. */
  searchedTo?: string;
  /** On the last page: of the time that was asked for, records that the retention schedule destroyed. */
  destroyed?: DestroyedActs;
}

export interface DestroyedActs {
  records: number;
  /** Of the newest of them. */
  to: string;
}

/** One sentence; in files too. */
export const destroyedWords = ({ records, to }: DestroyedActs): string =>
  `Destroyed by the retention schedule: ${records.toLocaleString('en-AU')} ${records === 1 ? 'record' : 'records'} up to ${to.slice(0, 10)}. The log keeps the place of each.`;

export interface ActivityEntry {
  seq: string;
  at: string;
  kind: ActivityKind;
  /** One sentence. */
  words: string;
  integratorName?: string;
  siteName?: string;
  /** Who did it: one of the reader's own people by name, or which house somebody belongs to. */
  who?: string;
  /** What its permission is for, in words. */
  purpose?: string;
  outcome?: ActivityOutcome;
  /** Classes, e.g. `<=100`: no exact size is recorded anywhere. */
  duration?: string;
  rows?: string;
  size?: string;
  /** To be quoted when asking for help. */
  requestId?: string;
}

/**
 * `POST activity/export`: action `{type: 'activity.export', practiceId | integratorId | neither,
 * format, filter}`. The answer is the file itself, newest first, as long as it needs to be.
 */
export interface ExportActivityRequest {
  format: ActivityFormat;
  filter: ActivityFilter;
  stepUp: StepUp;
}

/** The last words of a file that reached its bound before the last act. */
export const FILE_ENDS_EARLY =
  'This file is full: it holds the newest entries. Choose an earlier end for the rest.';
