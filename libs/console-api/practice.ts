/**
 * What the console and the broker say to each other about a practice: its sites, who may do what
 * there, what was done. Types and closed lists only. Times are ISO 8601 UTC; all of it is below
 * `/console/api/practices/:practiceId`.
 */
import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialRequestOptionsJSON,
} from '@simplewebauthn/server';
import type { StepUp } from '#libs/console-api/session.js';
import type { StatementText } from '#libs/console-api/statement.js';

/** A site and how it is, in facts; the page puts them into words. */
export interface PracticeSite {
  siteId: string;
  name: string;
  pmsName: string;
  availability: 'online' | 'offline' | 'unreachable';
  /** Since when, as far as it was noticed. */
  availabilitySince?: string;
  /** What the agent holds back to spare the database server. */
  load: 'normal' | 'asyncPaused' | 'backgroundPaused';
  loadSince?: string;
  lastSeenAt?: string;
  agentVersion?: string;
  catalogues: string[];
}

/** Of one integrator since midnight at the practice. */
export interface TodayCounts {
  reads: number;
  writes: number;
  /** Refused by the permission, by a limit or while paused. */
  refused: number;
  failed: number;
  lastAt?: string;
}

/** `GET ''`: the first page. */
export interface PracticeOverview {
  practiceId: string;
  name: string;
  /** IANA name. */
  timeZone: string;
  /** YYYY-MM-DD by that clock: nobody is alarmed on them when the server is off. In order. */
  closedDays: string[];
  sites: PracticeSite[];
  integrators: ConnectedIntegrator[];
  openRequests: number;
  /** Everything is paused. */
  pause?: Pause;
  /** Passkeys that the practice's server accepts; without one nothing can be approved here. */
  admittedApprovers: number;
}

export interface ConnectedIntegrator {
  integratorId: string;
  name: string;
  pause?: Pause;
  today: TodayCounts;
  permissions: PermissionSummary[];
}

/** At most so many are kept. */
export const MAX_CLOSED_DAYS = 400;

/** `PATCH ''` */
export interface ChangeProfileRequest {
  timeZone: string;
  /** Absent: they stay. */
  closedDays?: string[];
}

/** `POST sites/:siteId/pairing-codes`; `GET` lists those that wait, without the code. */
export interface MadePairingCode {
  /** Shown once. */
  code: string;
  siteId: string;
  siteName: string;
  /** What the integrator types beside the code. */
  pmsName: string;
  pmsSiteId: string;
  expiresAt: string;
}
export interface WaitingPairingCode {
  /** First characters, to tell codes apart. */
  begins: string;
  createdAt: string;
  expiresAt: string;
}

export const requestStates = ['pending', 'approved', 'declined'] as const;
export type RequestState = (typeof requestStates)[number];

/** `GET access-requests` */
export interface AccessRequestSummary {
  accessRequestId: string;
  state: RequestState;
  integratorId: string;
  integratorName: string;
  siteId: string;
  siteName: string;
  createdAt: string;
  decidedAt?: string;
  declineReason?: DeclineReason;
  /** It waits, and the integrator has access there already: this asks for more. */
  isMore?: true;
}

/** Who asks: the integrator's own declarations. What it has not declared is absent. */
export interface IntegratorDeclaration {
  integratorId: string;
  name: string;
  abn?: string;
  contactName?: string;
  contactEmail?: string;
  contactPhone?: string;
  website?: string;
  /** Codes of HL7 v3 purposes of use, and their words. */
  purposes: { code: string; words: string }[];
  /** ISO 3166-1 alpha-2. */
  countries: string[];
  subprocessors: { name: string; country?: string; purpose?: string }[];
  retention?: string;
}

/** A thing that can be permitted, in words. */
export interface ScopeWords {
  scope: string;
  words: string;
  /** It lets data be changed. */
  changes: boolean;
  /** It is wide: raw SQL. */
  isWide: boolean;
}

/** `GET access-requests/:accessRequestId` */
export interface AccessRequest extends AccessRequestSummary {
  /** Another one, when more has been asked for meanwhile. */
  version: string;
  integrator: IntegratorDeclaration;
  asked: {
    scopes: ScopeWords[];
    catalogues: string[];
    purposes: { code: string; words: string }[];
  };
  /** Statements among what is asked, to be read before they are permitted. */
  statements: StatementText[];
  /** Catalogues of the site. */
  catalogues: string[];
  /** What the practice's server allows at most, as it last said; absent: it has not said. */
  ceiling?: CeilingWords;
  /** The permission this integrator has at the site already: approving replaces it. */
  held?: PermissionSummary;
  /** What it may do there at this moment: approving puts the whole in its place. */
  running?: RunningTerms;
}

/** Of the document that is in force. */
export interface RunningTerms {
  grantId: string;
  expires: string;
  scopes: string[];
  catalogues: string[];
  /** Codes. */
  purposes: string[];
  rows?: number;
  hours?: LocalHours;
}

export interface CeilingWords {
  rawSqlReads: boolean;
  rawSqlWrites: boolean;
  procedures: boolean;
  maxDays: number;
  maxRows: number;
  maxPerMinute: number;
}

export const declineReasons = ['unknown', 'not-wanted', 'too-wide', 'other'] as const;
export type DeclineReason = (typeof declineReasons)[number];
/** `POST access-requests/:accessRequestId/decline` */
export interface DeclineRequest {
  reason: DeclineReason;
}

/** By the clock of the site: days 1 (Monday) to 7, `HH:mm`; an end before the start is the next day's. */
export interface LocalHours {
  days: number[];
  from: string;
  to: string;
}

/** What the practice chooses; whatever is absent is filled in modestly. */
export interface PermissionChoices {
  scopes?: string[];
  catalogues?: string[];
  purposes?: string[];
  /** Days from now. */
  days?: number;
  rows?: number;
  perMinute?: number;
  concurrency?: number;
  hours?: LocalHours;
  /** Hours that are in force end. */
  anyHour?: boolean;
  /** Where the database server keeps no journal of writes, they are permitted nevertheless. */
  writesWithoutJournal?: boolean;
}

/**
 * `POST access-requests/:accessRequestId/draft` and `POST grants/:grantId/draft`: a document ready to
 * be read and signed.
 */
export interface DraftedPermission {
  /** Canonical JSON: exactly this text is signed. */
  document: string;
  /** The same in plain words, line by line; nothing that it allows is missing. */
  lines: { label: string; text: string }[];
  /** Challenge: SHA-256("conduit-grant-v1" ‖ document); credentials: this person's admitted passkeys. */
  options: PublicKeyCredentialRequestOptionsJSON;
}
export interface DraftChangeRequest {
  change: 'narrow' | 'renew' | 'revoke';
  choices?: PermissionChoices;
}

/** `POST grants` */
export interface ProposePermissionRequest {
  document: string;
  credential: AuthenticationResponseJSON;
  /** The request that it decides, as it was read. Without it, what waits goes on waiting. */
  answers?: { accessRequestId: string; version: string };
}

/**
 * proposed: signed, not yet confirmed by the practice's server. ending: withdrawn here, where nothing
 * passes any more, and not yet confirmed there.
 */
export const permissionStates = [
  'proposed',
  'active',
  'refused',
  'ending',
  'revoked',
  'expired',
] as const;
export type PermissionState = (typeof permissionStates)[number];

export interface PermissionSummary {
  grantId: string;
  seq: number;
  state: PermissionState;
  integratorId: string;
  integratorName: string;
  sites: { siteId: string; name: string }[];
  /** When this document was signed here or on the server. */
  createdAt: string;
  /** The server's own receipt. */
  confirmedAt?: string;
  /** A word for why the server refused, e.g. `ceiling:maxDays`. */
  refusedReason?: string;
  expires: string;
  scopes: ScopeWords[];
  /** Codes. */
  purposes: string[];
}
/** `GET grants/:grantId` */
export interface Permission extends PermissionSummary {
  lines: { label: string; text: string }[];
  /** Statements that it permits, as far as the integrator submitted them. */
  statements: StatementText[];
  /** Newest first; the first is the one above. */
  history: PermissionSummary[];
  /** Signed on the server itself rather than by a passkey. */
  signedBy: { name: string; kind: 'passkey' | 'server' }[];
}

/** `GET pauses`; `POST pauses` and `POST pauses/resume` with `PauseRequest`. */
export interface Pauses {
  /** All integrators. */
  all?: Pause;
  integrators: (Pause & { integratorId: string })[];
}
export interface Pause {
  since: string;
  byName?: string;
  /** Each server of the practice. */
  servers: PauseAtServer[];
}
/** Conduit lets nothing through from the start of a pause; this is the practice's own server. */
export interface PauseAtServer {
  siteNames: string[];
  isOnline: boolean;
  /** Since when it is in force there; absent: the server has not confirmed it. */
  since?: string;
}
export interface PauseRequest {
  /** Absent: all of them. */
  integratorId?: string;
}

/** `GET approvers` */
export interface Approver {
  passkeyId: string;
  personId: string;
  personName: string;
  passkeyName: string;
  /** To be compared with, and typed on, the practice's server. */
  sixWords: string;
  admitted: { agentId: string; siteNames: string[]; at: string }[];
  isOwn: boolean;
}
export interface Approvers {
  approvers: Approver[];
  /** Servers that can admit: every agent of the practice. */
  servers: { agentId: string; siteNames: string[]; isOnline: boolean }[];
}

/** `GET today`: of each integrator since midnight at the practice. */
export interface Today {
  since: string;
  integrators: IntegratorToday[];
}
export interface IntegratorToday extends TodayCounts {
  integratorId: string;
  name: string;
  /** Immediate, async, registered. */
  kinds: { kind: string; count: number }[];
  purposes: string[];
  durations: { bucket: string; count: number }[];
  sizes: { bucket: string; count: number }[];
  /** Queries that run at the practice's server by a timetable, now. */
  registered: number;
}

/** `GET service`: what whoever looks after the server sees; nothing of records, people or permission. */
export interface Service {
  practiceName: string;
  timeZone: string;
  agents: ServiceAgent[];
  /** Install codes that wait. */
  codes: { codeId: string; createdAt: string; expiresAt: string; siteNames: string[] }[];
  sites: { siteId: string; name: string; pmsType: string; pmsSiteId: string }[];
  pmsTypes: { pmsType: string; name: string }[];
}
export interface ServiceAgent {
  agentId: string;
  state: 'active' | 'quarantined' | 'revoked';
  stateReason?: string;
  availability: 'online' | 'offline' | 'unreachable';
  version?: string;
  lastSeenAt?: string;
  certificateEndsAt?: string;
  sites: Pick<PracticeSite, 'siteId' | 'name' | 'pmsName' | 'load'>[];
  /** When it may be updated; absent: at any time. */
  updateWindow?: UpdateWindowWords;
  /** What the doctor found last; absent: it has never answered. */
  doctor?: { at: string; findings: DoctorFinding[] };
  /** When it was asked last, and how that stands. */
  check?: { askedAt: string; isUnderWay: boolean; problem?: { title: string; remedy: string } };
}
export interface UpdateWindowWords extends LocalHours {
  words: string;
}
/** `PUT service/agents/:agentId/update-window`; without a window: at any time. */
export interface SetUpdateWindowRequest {
  window?: LocalHours;
}
export interface DoctorFinding {
  check: string;
  siteName?: string;
  ok: boolean;
  severity: 'critical' | 'warning';
}
/** `POST service/agents/:agentId/checks` answers 202: what is found is in `GET service` later. */

/** `POST service/install-codes`: action `{type: 'enrolment-code.create', practiceId, sites}`. */
export interface OrderInstallCodeRequest {
  /** With a siteId: a site that moves to another machine or is set up again. */
  sites: { siteId?: string; name: string; pmsType: string; pmsSiteId: string }[];
  stepUp: StepUp;
}
export interface InstallCode {
  /** Shown once. */
  code: string;
  expiresAt: string;
}
/** `GET service/update-windows`: of the servers that are in use. */
export interface UpdateWindows {
  servers: Pick<ServiceAgent, 'agentId' | 'sites' | 'updateWindow'>[];
}
/** `GET service/log-bundle`: acts of the servers out of closed lists; it has no field for anything else. */
export interface LogBundle {
  madeAt: string;
  agents: ServiceAgent[];
  events: { at: string; type: string; agentId?: string; reason?: string; errorCode?: string }[];
}
