/**
 * What the console and the broker say about incidents: what is suspected, what was frozen, what the records show,
 * what was decided, who is told. Types and closed lists only. Times are ISO 8601 UTC, days YYYY-MM-DD by the
 * incident's zone. No patient and no statement's text has a field; what people type is bounded.
 *
 * Below `/console/api/operator/incidents` (operator-security) and, without what is marked O, below
 * `/console/api/practices/:practiceId/incidents` (practice-owner, who reads the operator's incidents only for
 * their own part, and changes only their own). S: step-up, whose action has `incidentId` and what is named.
 *
 *     GET    ''                            Incidents
 *     POST   ''                         S  OpenIncidentRequest → OpenedIncident; action {type: 'incident.open', title,
 *                                          noticed, awareAt, myHealthRecord, scope, source?, practiceId?}
 *     POST   '/drills'                  O  StartDrillRequest → OpenedIncident; nothing real is touched
 *     GET    '/:incidentId'                Incident
 *     PUT    '/:incidentId/scope'          ChangeScopeRequest
 *     POST   '/:incidentId/notes'          NoteIncidentRequest
 *     PUT    '/:incidentId/my-health-record'  MyHealthRecordRequest
 *     GET    '/:incidentId/freeze-preview?kind&targetId'  FreezePreview
 *     POST   '/:incidentId/freezes'     S  FreezeRequest → {freezeId}; action {type: 'incident.freeze', incidentId,
 *                                          kind, targetId, reach} with the preview's own `reach`
 *     POST   '/:incidentId/freezes/:freezeId/thaw'  S  StepUpRequest → ThawAnswer; action {type: 'incident.thaw',
 *                                          incidentId, freezeId}; the operator's takes two people
 *     POST   '/:incidentId/packs'          no fields → 202 {packId}: it is gathered, ask for it until it is there
 *     GET    '/:incidentId/packs/:packId'  EvidencePack
 *     POST   '/:incidentId/decisions'   S  DecideRequest; action {type: 'incident.decide', incidentId, outcome, grounds,
 *                                          weighed, reasons, packHash?}
 *     POST   '/:incidentId/statements'     WriteStatementRequest → {version}
 *     POST   '/:incidentId/letters'        no fields: drafts a letter for everybody who has none, anew where unsent
 *                                          and unchanged by hand; → {drafted}
 *     PUT    '/:incidentId/letters/:letterId'       WriteLetterRequest
 *     POST   '/:incidentId/letters/:letterId/sent'  SentLetterRequest
 *     POST   '/:incidentId/notified'    S  StepUpRequest; action {type: 'incident.notified', incidentId}
 *     POST   '/:incidentId/close'       S  StepUpRequest; action {type: 'incident.close', incidentId}
 *     POST   '/:incidentId/export/json' S  StepUpRequest → the file, an IncidentFile; action {type: 'incident.export',
 *                                          incidentId, format: 'json'}
 *     POST   '/:incidentId/export/pdf'  S  the same with format 'pdf'
 *
 * Errors beside the usual: 409 INCIDENT_ALREADY_OPEN with `incidentId`, 409 INCIDENT_STATE (not possible as it stands,
 * `reason`), 403 SECOND_PERSON_NEEDED (of a thaw that oneself asked for), 403 INCIDENT_DRILL (a drill freezes nothing).
 */
import type { MismatchKind } from '#libs/audit/reconcile.js';
import type { StepUp } from '#libs/console-api/session.js';

/** From the day on which somebody became aware (Privacy Act 1988, s 26WH); closed days count. */
export const INCIDENT_CLOCK_DAYS = 30;
export const MOST_TITLE_CHARACTERS = 120;
export const MOST_INCIDENT_NOTE_CHARACTERS = 1_000;
export const MOST_REASONS_CHARACTERS = 4_000;
export const MOST_PART_CHARACTERS = 8_000;
export const MOST_LETTER_CHARACTERS = 12_000;
/** Of each kind, in one scope. */
export const MOST_SCOPE_IDS = 50;
/** The longest window that can be looked at. */
export const MOST_WINDOW_DAYS = 400;

/** `assessing` → `eligible` | `not-eligible` → (of eligible ones `notified`) → `closed`. */
export const incidentStates = [
  'assessing',
  'eligible',
  'not-eligible',
  'notified',
  'closed',
] as const;
export type IncidentState = (typeof incidentStates)[number];

/** How it was noticed. */
export const noticedWays = [
  'records-differ',
  'log-alarm',
  'alert',
  'practice-told-us',
  'integrator-told-us',
  'patient-told-us',
  'staff-noticed',
  'somebody-else',
] as const;
export type NoticedWay = (typeof noticedWays)[number];

/** Whether My Health Record data may be involved. With `yes` there is no threshold of harm. */
export const myHealthRecordAnswers = ['unknown', 'no', 'yes'] as const;
export type MyHealthRecordAnswer = (typeof myHealthRecordAnswers)[number];

/**
 * What is looked at: records of the window that fit one id of each list that is not empty. All empty: everything
 * (of a practice: everything of its own).
 */
export interface IncidentScope {
  practices: string[];
  sites: string[];
  agents: string[];
  integrators: string[];
  keys: string[];
  /** The first moment, and the first that does not count any more. */
  from: string;
  to: string;
}

/** What it was opened from: an incident of a reconciliation, or an agent whose log or witness raised an alarm. */
export type IncidentSource =
  | { kind: 'records-differ'; reconciliationIncidentId: string }
  | { kind: 'log-alarm'; agentId: string };

/** `POST ''` */
export interface OpenIncidentRequest {
  title: string;
  /** When somebody first suspected it; not in the future. The clock starts with that day. */
  awareAt: string;
  noticed: NoticedWay;
  myHealthRecord: MyHealthRecordAnswer;
  scope: IncidentScope;
  source?: IncidentSource;
  stepUp: StepUp;
}
export interface OpenedIncident {
  incidentId: string;
}
/** `POST '/drills'`: a made-up incident. The same seed makes the same one. */
export interface StartDrillRequest {
  seed: number;
}

/** `GET ''` */
export interface IncidentSummary {
  incidentId: string;
  title: string;
  /** A drill: made-up records, nothing real is touched. Say so wherever it is shown. */
  drill: boolean;
  /** The practice whose own it is; absent: the operator's. */
  practiceId?: string;
  state: IncidentState;
  awareAt: string;
  openedAt: string;
  /** IANA name: by which days are counted. */
  timeZone: string;
  /** The last day of the assessment. */
  dueOn: string;
  /** Until then; 0 on it, below 0 overdue. What is decided has no clock any more. */
  daysLeft?: number;
  myHealthRecord: MyHealthRecordAnswer;
  /** How much is frozen now. */
  frozen: number;
  closedAt?: string;
}
export interface Incidents {
  /** Those that run out first before the others. */
  open: IncidentSummary[];
  /** Newest first, at most a hundred. */
  closed: IncidentSummary[];
}

/** `GET '/:incidentId'` */
export interface Incident extends IncidentSummary {
  noticed: NoticedWay;
  openedByName?: string;
  scope: IncidentScope;
  source?: IncidentSource;
  /** Whether the reader may change it; a practice only reads the operator's. */
  mayChange: boolean;
  /** Names of what ids stand for, as far as the reader may know them. */
  names: Record<string, string>;
  freezes: Freeze[];
  packs: PackSummary[];
  /** Newest first: the first one counts. */
  decisions: Decision[];
  /** Newest version first. */
  statements: BreachStatement[];
  letters: Letter[];
  /** Oldest first. */
  timeline: TimelineEntry[];
}

/** `PUT '/:incidentId/scope'` */
export interface ChangeScopeRequest {
  scope: IncidentScope;
}
/** `POST '/:incidentId/notes'`: no patients, no health information. */
export interface NoteIncidentRequest {
  text: string;
}
/** `PUT '/:incidentId/my-health-record'` */
export interface MyHealthRecordRequest {
  answer: MyHealthRecordAnswer;
}

export const timelineKinds = [
  'opened',
  'scope-changed',
  'noted',
  'my-health-record',
  'frozen',
  'thaw-asked',
  'thawed',
  'pack-made',
  'decided',
  'statement-written',
  'letters-drafted',
  'letter-changed',
  'letter-sent',
  'reminded',
  'not-reminded',
  'notified',
  'exported',
  'closed',
  'drill-started',
] as const;
export type TimelineKind = (typeof timelineKinds)[number];
export interface TimelineEntry {
  at: string;
  kind: TimelineKind;
  byName?: string;
  /** Of a closed list, an id, a number or a hash: what it was about. */
  word?: string;
  /** Somebody's own words. */
  note?: string;
}

/** What can be frozen. A practice: an integrator for itself, and its sites. */
export const freezeKinds = ['integrator', 'key', 'site', 'agent'] as const;
export type FreezeKind = (typeof freezeKinds)[number];

/** `GET '/:incidentId/freeze-preview'`: whom it hits, before anything is done. */
export interface FreezePreview {
  kind: FreezeKind;
  targetId: string;
  /** Of the target; absent: it has none. */
  name?: string;
  /** A hash of whom it hits: signed with the freeze, so that who confirms has seen this. */
  reach: string;
  /** Where something would stop; sorted by id. */
  practices: { practiceId: string; name: string }[];
  sites: { siteId: string; practiceId: string; name: string }[];
  integrators: { integratorId: string; name: string }[];
  /** API keys and clients that would be refused. */
  keys: number;
  /** Immediate queries of this node that would be cut off. */
  queriesRunning: number;
  /**
   * Async queries that wait at these sites; absent: nobody can say just now. Of software its own; of a key those of its
   * software, with any of its keys; of a site or an agent everybody's.
   */
  queriesWaiting?: number;
  /** Registered queries: of software, those that would miss their turns; else those whose results nobody could fetch. */
  registeredQueries: number;
  /** It is frozen already, by this or another incident. */
  isFrozen: boolean;
  /** What the freeze does and does not stop, one sentence each. */
  words: string[];
}
/** `POST '/:incidentId/freezes'` */
export interface FreezeRequest {
  kind: FreezeKind;
  targetId: string;
  stepUp: StepUp;
}
export interface Freeze {
  freezeId: string;
  kind: FreezeKind;
  targetId: string;
  /** Only for this practice; absent: everywhere. */
  practiceId?: string;
  frozenAt: string;
  byName?: string;
  /** Somebody asked for its end; a second person has to as well. */
  thawAskedAt?: string;
  thawAskedByName?: string;
  /** The reader is who asked. */
  thawIsOwn?: boolean;
  thawedAt?: string;
  thawedByName?: string;
}
/** `asked`: a second officer has to confirm it too. */
export interface ThawAnswer {
  thaw: 'asked' | 'done';
}

/**
 * Where a query is proven. `both`: both logs have it and agree. `brokerOnly`: the broker says it was answered, the
 * practice's log has nothing. `agentOnly`: it ran at the practice, the broker has no record. `differs`: both have
 * it and contradict each other. `standing`: a run of a registered query of which the broker has the registration
 * alone, as of every run that found nothing new. `nothingRan`: the broker gave nothing out, and the practice ran
 * nothing. `notCompared`: the practice's log could not be asked about that time.
 */
export const verdicts = [
  'both',
  'brokerOnly',
  'agentOnly',
  'differs',
  'standing',
  'nothingRan',
  'notCompared',
] as const;
export type Verdict = (typeof verdicts)[number];

/** Queries. A query is one that was asked; a run of a registered one counts as a query. */
export interface PackCounts {
  queries: number;
  /** Given to the practice's server, as the broker's or the practice's record says. */
  dispatched: number;
  /** Run against the database, as either says. */
  executed: number;
  /** Answered in full. */
  answered: number;
  refused: number;
  /** Of those that could change data (nonQuery), how many were executed. */
  writes: number;
  /** By the class of rows or of bytes given, as recorded: `<=100`. Only of those that were answered. */
  rows: Record<string, number>;
  bytes: Record<string, number>;
  verdicts: Record<Verdict, number>;
  /** Records of these queries in the broker's log, and of them those under the pack's checkpoint. */
  brokerRecords: number;
  brokerProven: number;
  /** Records in agents' logs, all of them under a head the agent signed. */
  agentRecords: number;
  /** The first and the last. */
  from?: string;
  to?: string;
}

/** The finest that is counted; everything else are sums of these. */
export interface PackLine {
  practiceId: string;
  siteId: string;
  agentId?: string;
  integratorId: string;
  keyId?: string;
  /** Codes of the permission's purposes, sorted. */
  purposes: string[];
  /** HMAC under a key of the practice's server: says which statements are the same, not what they say. */
  fingerprint?: string;
  /** A procedure's or operation's name, or `statement:<sha256>`, where the permission names it. */
  statementRef?: string;
  counts: PackCounts;
}
export interface PackSum {
  id: string;
  counts: PackCounts;
}
/** Both records are in the reconciliation of that agent. */
export interface PackMismatch {
  kind: MismatchKind;
  queryId: string;
  agentId: string;
  practiceId: string;
  siteId?: string;
  integratorId?: string;
  fields: string[];
  brokerLeaf?: number;
  agentLeaf?: number;
}
/** How far an agent's log was held against the broker's. */
export interface PackAgent {
  agentId: string;
  practiceId: string;
  siteIds: string[];
  /**
   * `compared`: for all of the window. `in-part`: from `comparedFrom`, or up to `comparedTo`. `away`: it could not be asked. `unproven`: what it
   * said is not in its own log.
   */
  state: 'compared' | 'in-part' | 'away' | 'unproven';
  /** Only where it was set up within the window. */
  comparedFrom?: string;
  comparedTo?: string;
  /** The head of its log that its records were proven under. */
  logSize?: number;
  logRoot?: string;
}

export interface PackCut {
  reason: 'too-many-records' | 'too-many-lines' | 'not-read' | 'server-replaced';
  /** Whose part it concerns: nobody else's part says it. */
  practiceId?: string;
  words: string;
}

/** What is hashed. The same records make the same content. */
export interface PackContent {
  format: 'conduit-incident-pack/1';
  incidentId: string;
  drill: boolean;
  scope: IncidentScope;
  /** The head of the broker's log; base64. */
  checkpoint: { size: number; root: string };
  agents: PackAgent[];
  totals: PackCounts;
  practices: PackSum[];
  sites: PackSum[];
  integrators: PackSum[];
  keys: PackSum[];
  /** A query of several purposes counts with each. */
  purposes: PackSum[];
  /** `id` is a fingerprint, or a statementRef where there is no fingerprint; by practice, since keys differ. */
  statements: (PackSum & { practiceId: string })[];
  lines: PackLine[];
  mismatches: PackMismatch[];
  /** Other acts of the window within the scope, by type of record. */
  acts: { type: string; count: number }[];
  /** Present: not everything was counted, and why. Never silently. Without a practice: of the whole. */
  cut?: PackCut[];
}

export interface PackSummary {
  packId: string;
  askedAt: string;
  /** `failed`: ask for another. */
  state: 'making' | 'ready' | 'failed';
  /** Agents that were gathered, of so many. */
  gathered: number;
  agents: number;
  /** SHA-256 of the canonical JSON (RFC 8785) of the content, hex. */
  hash?: string;
  queries?: number;
}
/**
 * `GET '/:incidentId/packs/:packId'`. To a practice that reads an incident of the operator's: only its own part, which
 * has a hash of its own.
 */
export interface EvidencePack extends PackSummary {
  content?: PackContent;
  names: Record<string, string>;
}

/**
 * `my-health-record`: it has to be notified under the My Health Records Act 2012, s 75, whatever the harm. Only with
 * the answer `yes`, and then the only one. `not-eligible` needs the answer `no`.
 */
export const decisionOutcomes = ['eligible', 'not-eligible', 'my-health-record'] as const;
export type DecisionOutcome = (typeof decisionOutcomes)[number];
/** At least one fits the outcome. Privacy Act 1988, ss 26WE and 26WF; My Health Records Act 2012, s 75(1). */
export const decisionGrounds = {
  eligible: ['unauthorised-access', 'unauthorised-disclosure', 'loss'],
  'not-eligible': [
    'no-access-disclosure-or-loss',
    'no-personal-information',
    'serious-harm-not-likely',
    'remedied-before-serious-harm',
  ],
  'my-health-record': [
    'unauthorised-collection-use-or-disclosure',
    'security-or-integrity-compromised',
    'may-have-happened',
  ],
} as const satisfies Record<DecisionOutcome, readonly string[]>;
export type DecisionGround = (typeof decisionGrounds)[DecisionOutcome][number];
/** What was weighed: the matters of s 26WG. */
export const weighedMatters = [
  'kinds-of-information',
  'sensitivity',
  'security-measures',
  'who-obtained-it',
  'likely-intent',
  'nature-of-harm',
  'remedial-action',
] as const;
export type WeighedMatter = (typeof weighedMatters)[number];

/** `POST '/:incidentId/decisions'`: never changed; a later one takes its place and says why. */
export interface DecideRequest {
  outcome: DecisionOutcome;
  grounds: DecisionGround[];
  weighed: WeighedMatter[];
  reasons: string;
  /** Of the pack that was looked at; required where there is one. */
  packHash?: string;
  stepUp: StepUp;
}
export interface Decision {
  decisionId: string;
  at: string;
  byName?: string;
  outcome: DecisionOutcome;
  grounds: DecisionGround[];
  weighed: WeighedMatter[];
  reasons: string;
  packHash?: string;
  myHealthRecord: MyHealthRecordAnswer;
}

/** The four parts of s 26WK(3), in its order. */
export const statementParts = ['identity', 'description', 'kinds', 'steps'] as const;
export type StatementPart = (typeof statementParts)[number];
/** What nobody knows yet stands in texts as `[to be filled: …]`. */
export const GAP = /\[to be filled: [^\]]*\]/g;
export interface BreachStatement {
  version: number;
  at: string;
  /** Absent: drafted from the records. */
  byName?: string;
  parts: Record<StatementPart, string>;
  /** How many gaps are left. */
  gaps: number;
}
/** `POST '/:incidentId/statements'`; without `parts`: drafts one from what is known. */
export interface WriteStatementRequest {
  parts?: Record<StatementPart, string>;
}

/** Patients are told by their practice, which alone knows them. */
export const recipientKinds = ['practice', 'oaic', 'system-operator', 'integrator'] as const;
export type RecipientKind = (typeof recipientKinds)[number];

/** Who has to have a letter before everybody counts as notified, and every letter that there is was sent. */
export function areNotified(
  answer: MyHealthRecordAnswer,
  letters: readonly { recipient: RecipientKind; isSent: boolean }[],
): boolean {
  const regulators: RecipientKind[] = answer === 'yes' ? ['oaic', 'system-operator'] : ['oaic'];
  const has = (wanted: RecipientKind) => letters.some(({ recipient }) => recipient === wanted);
  return regulators.every(has) && letters.every(({ isSent }) => isSent);
}
export const sentWays = ['online-form', 'mail', 'post', 'telephone', 'in-person'] as const;
export type SentWay = (typeof sentWays)[number];
export interface Letter {
  letterId: string;
  recipient: RecipientKind;
  /** Of a practice or an integrator. */
  recipientId?: string;
  recipientName: string;
  subject: string;
  text: string;
  gaps: number;
  /** Changed by hand: not drafted anew. */
  isEdited: boolean;
  sentOn?: string;
  sentHow?: SentWay;
  sentByName?: string;
}
/** `PUT '/:incidentId/letters/:letterId'`; not of one that was sent. */
export interface WriteLetterRequest {
  subject: string;
  text: string;
}
/** `POST '/:incidentId/letters/:letterId/sent'`: the broker sends none itself; gaps have to be filled before. */
export interface SentLetterRequest {
  sentOn: string;
  sentHow: SentWay;
}

/** `POST '/:incidentId/export/json'`: canonical JSON (RFC 8785). The PDF is made of the same. */
export interface IncidentFile {
  format: 'conduit-incident/1';
  exportedAt: string;
  /** In plain words: what the file is, and that patients are told by the practice. */
  words: string[];
  incident: Incident;
  /** The newest that is ready. */
  pack?: EvidencePack;
}
