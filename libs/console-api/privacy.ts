/**
 * What the console and the broker say about a practice's privacy desk: requests of people for access to
 * what is held about them and for its correction, and complaints. Nobody is named: a request carries the
 * practice's own reference. Days are YYYY-MM-DD by the practice's clock; all of it is below
 * `/console/api/practices/:practiceId/privacy-requests`.
 */

/** Australian Privacy Principles 12 and 13, and complaints about how information was handled. */
export const privacyKinds = ['access', 'correction', 'complaint'] as const;
export type PrivacyKind = (typeof privacyKinds)[number];

/** From the day on which it came; days on which the practice is closed count. */
export const PRIVACY_CLOCK_DAYS = 30;
/** How long ago it may have come when it is entered. */
export const MOST_DAYS_BACK = 365;
export const MOST_REFERENCE_CHARACTERS = 24;
export const MOST_NOTE_CHARACTERS = 500;

/** How the practice made sure that it answers the right person. No number of any document is kept. */
const identityWays = [
  'known-in-person',
  'photo-identity',
  'details-on-file',
  'authority-shown',
] as const;
export const identityFindings = [...identityWays, 'not-established'] as const;
export type IdentityFinding = (typeof identityFindings)[number];

export const privacyOutcomes = {
  access: ['given', 'given-in-part', 'refused', 'taken-back'],
  correction: ['corrected', 'refused', 'taken-back'],
  complaint: ['resolved', 'not-upheld', 'taken-back'],
} as const satisfies Record<PrivacyKind, readonly string[]>;
export type PrivacyOutcome = (typeof privacyOutcomes)[PrivacyKind][number];

/** Outcomes that need a ground. */
export const refusingOutcomes: readonly PrivacyOutcome[] = [
  'given-in-part',
  'refused',
  'not-upheld',
];
/** Outcomes that need to know who asks. */
export const disclosingOutcomes: readonly PrivacyOutcome[] = [
  'given',
  'given-in-part',
  'corrected',
];

/** For access those of APP 12.3, in its order; the last two say that there is nothing to give, or to nobody. */
export const privacyGrounds = {
  access: [
    'serious-threat',
    'privacy-of-others',
    'frivolous-or-vexatious',
    'legal-proceedings',
    'negotiations',
    'unlawful-to-give',
    'required-to-refuse',
    'unlawful-activity',
    'enforcement',
    'commercially-sensitive',
    'not-held',
    'identity-not-established',
  ],
  correction: ['information-is-right', 'not-held', 'identity-not-established'],
  complaint: ['handled-rightly', 'not-about-us', 'not-enough-known'],
} as const satisfies Record<PrivacyKind, readonly string[]>;
export type PrivacyGround = (typeof privacyGrounds)[PrivacyKind][number];

export const privacySteps = [
  'registered',
  'identity',
  'routed',
  'noted',
  'ended',
  'reopened',
] as const;
export type PrivacyStepKind = (typeof privacySteps)[number];

/** `GET ''` */
export interface PrivacyRequestSummary {
  requestId: string;
  kind: PrivacyKind;
  reference: string;
  receivedOn: string;
  /** The last day of the clock. */
  dueOn: string;
  /** Today until then; below 0: overdue. */
  daysLeft: number;
  /** Absent: not looked at. */
  identity?: IdentityFinding;
  /** Absent: the practice answers it itself. */
  routedTo?: { integratorId: string; name: string };
  /** Absent: open. */
  outcome?: PrivacyOutcome;
  grounds?: PrivacyGround[];
  endedAt?: string;
}
export interface PrivacyRequests {
  /** Those that run out first before the others. */
  open: PrivacyRequestSummary[];
  /** Newest first, so many at most. */
  ended: PrivacyRequestSummary[];
}
export const MOST_ENDED_SHOWN = 100;

/** `GET /:requestId` */
export interface PrivacyRequest extends PrivacyRequestSummary {
  /** Oldest first. */
  steps: PrivacyStep[];
}
export interface PrivacyStep {
  at: string;
  kind: PrivacyStepKind;
  byName?: string;
  /** A word of a list above, or an integrator's name. */
  word?: string;
  grounds?: PrivacyGround[];
  note?: string;
}

/** `POST ''` */
export interface RegisterPrivacyRequest {
  kind: PrivacyKind;
  /** A number of the practice's own; not the person's name. */
  reference: string;
  receivedOn: string;
}
export interface RegisteredPrivacyRequest {
  requestId: string;
}
/** `POST /:requestId/identity` */
export interface PrivacyIdentityRequest {
  finding: IdentityFinding;
}
/** `POST /:requestId/route` */
export interface RoutePrivacyRequest {
  /** Absent: the practice itself. */
  integratorId?: string;
}
export interface RoutedPrivacyRequest {
  /** Administrators of the integrator that were told by mail. */
  told: number;
}
/** `POST /:requestId/notes` */
export interface NotePrivacyRequest {
  text: string;
}
/** `POST /:requestId/end`; `POST /:requestId/reopen` has no fields. */
export interface EndPrivacyRequest {
  outcome: PrivacyOutcome;
  grounds?: PrivacyGround[];
}
