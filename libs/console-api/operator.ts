/**
 * What the console and the broker say to each other about the fleet: how agents are, who is to be
 * told, what staff may do about it. Types and closed lists only. Times are ISO 8601 UTC; all of it
 * is below `/console/api/operator`. Nothing here has room for a payload, a statement or a person of
 * a practice.
 */
import type { StepUp } from '#libs/console-api/session.js';

export const agentStates = [
  'online',
  'degraded',
  'offline',
  'unreachable',
  'quarantined',
  'revoked',
] as const;
export type AgentState = (typeof agentStates)[number];

/** Why an agent is in its state; the first that applies. */
export const agentCauses = [
  'healthy',
  // revoked
  'key-compromised',
  'replaced',
  'left',
  // quarantined, and revoked by staff
  'operator',
  'stale-join',
  'second-live-link',
  // offline and unreachable
  'never-joined',
  'said-goodbye',
  'silent',
  // degraded
  'data-path-unknown',
  'database-login-refused',
  'database-unavailable',
  'probe-stale',
  'certificate-expiring',
  'clock-skewed',
  'paused',
  'database-slow',
] as const;
export type AgentCause = (typeof agentCauses)[number];

export const fleetSorts = [
  'practice',
  'state',
  'heard',
  'databaseMs',
  'linkMs',
  'clockOffset',
  'certificate',
  'waiting',
  'reconnects',
  'version',
] as const;
export type FleetSort = (typeof fleetSorts)[number];

/** What narrows and orders the list; also what a saved view keeps. */
export interface FleetFilter {
  /** Part of a practice's or a site's name, of an id, or of a version. */
  search?: string;
  states?: AgentState[];
  cause?: AgentCause;
  sort?: FleetSort;
  direction?: 'up' | 'down';
}

/** One line of the fleet. */
export interface FleetAgent {
  agentId: string;
  practiceId: string;
  practiceName: string;
  /** Names of its sites. */
  siteNames: string[];
  state: AgentState;
  cause: AgentCause;
  since: string;
  /** The control signal. */
  heardAt?: string;
  linkMs?: number;
  /** The data path: the worst of its sites. */
  database?: 'ok' | 'unavailable' | 'loginRefused' | 'unknown';
  probedAt?: string;
  databaseMs?: number;
  version?: string;
  certificateEndsAt?: string;
  clockOffsetMs?: number;
  waiting: number;
  reconnects: number;
  reconnectsSince?: string;
  lastError?: string;
  lastErrorAt?: string;
  openAlerts: number;
}

/** `GET agents?search&states=a,b&cause&sort&direction&page` */
export interface FleetPage {
  agents: FleetAgent[];
  page: number;
  pageSize: number;
  total: number;
  /** Under the same search, whatever states were asked for. */
  counts: Record<AgentState, number>;
}

/** `GET views`, `POST views`, `DELETE views/:viewId` */
export interface SavedView {
  viewId: string;
  name: string;
  filter: FleetFilter;
}
export type SaveViewRequest = Omit<SavedView, 'viewId'>;

/** A window whose end is before its start runs over midnight. Days are 1 (Monday) to 7. */
export interface OpeningWindow {
  days: number[];
  /** HH:MM */
  from: string;
  to: string;
}
/** `PUT sites/:siteId/hours`; no windows: always open. */
export interface OpeningHours {
  timeZone: string;
  windows: OpeningWindow[];
}

export interface SiteHealth {
  siteId: string;
  name: string;
  pmsType: string;
  database: 'ok' | 'unavailable' | 'loginRefused' | 'unknown';
  probedAt?: string;
  latencyMs?: number;
  usualLatencyMs?: number;
  load: 'normal' | 'asyncPaused' | 'backgroundPaused';
  running: number;
  waiting: number;
  hours?: OpeningHours;
  isOpen: boolean;
}

export const agentEventKinds = [
  'state',
  'joined',
  'left',
  'version',
  'revoked',
  'quarantined',
  'released',
  'diagnosed',
  'log-alarm',
  'agent-log-alarm',
  'records-differ',
  'log-alarm-settled',
] as const;
export type AgentEventKind = (typeof agentEventKinds)[number];

export interface AgentEvent {
  eventId: string;
  at: string;
  kind: AgentEventKind;
  state?: AgentState;
  cause?: string;
  /** Of the operator's staff. */
  by?: string;
}

export interface DiagnosisFinding {
  check: string;
  siteId: string;
  ok: boolean;
  severity: 'critical' | 'warning';
}
/** `POST agents/:agentId/diagnoses` begins one; the agent's page has the last. */
export interface Diagnosis {
  diagnosisId: string;
  askedAt: string;
  endedAt?: string;
  /** It may still be answered. */
  isUnderWay: boolean;
  /** Why there are no findings. */
  error?: { code: string; title: string; remedy: string };
  findings?: DiagnosisFinding[];
}

/** `GET agents/:agentId` */
export interface AgentDetail extends FleetAgent {
  /** All that is wrong, the worst first. */
  causes: AgentCause[];
  joinedAt?: string;
  leftAt?: string;
  reportedAt?: string;
  paused: boolean;
  /** When its practice lets it be updated, in words; absent: at any time. */
  updateWindow?: string;
  error?: { code: string; title: string; remedy: string; whoCanFix: string };
  sites: SiteHealth[];
  alerts: Alert[];
  diagnosis?: Diagnosis;
  waitingRequest?: ActRequest;
}
/** `GET agents/:agentId/events?before` */
export interface AgentEvents {
  events: AgentEvent[];
  next?: string;
}

export const revokeReasons = ['key-compromised', 'replaced', 'left', 'operator'] as const;
export type RevokeReason = (typeof revokeReasons)[number];
export const releaseChoices = ['restoredFromBackup', 'copiedMachine', 'falseAlarm'] as const;
export type ReleaseChoice = (typeof releaseChoices)[number];

/**
 * `GET agents/:agentId/reach`: whom an act against this agent hits. `POST agents/:agentId/quarantine`
 * stops it at once: action `{type: 'agent.quarantine', agentId, siteIds, integratorIds}`, the ids as
 * given here, so that who signs has seen whom it hits; body StepUpRequest.
 */
export interface ActReach {
  sites: { siteId: string; name: string }[];
  integrators: { integratorId: string; name: string; permissions: number }[];
  /** Async queries that wait for its sites; absent: nobody can say just now. */
  queriesWaiting?: number;
  registeredQueries: number;
}

/**
 * `POST agents/:agentId/requests`: a second person decides within the hour. Action `{type: act +
 * '.ask', agentId, decision, siteIds, integratorIds}`.
 */
export interface AskActRequest {
  act: 'agent.revoke' | 'agent.release';
  decision: RevokeReason | ReleaseChoice;
  stepUp: StepUp;
}
/**
 * `GET requests`. `POST requests/:requestId/approve` with action `{type: act + '.approve', requestId,
 * agentId, decision, siteIds, integratorIds}`; `…/decline` and `…/withdraw` need no passkey: they
 * only stop something.
 */
export interface ActRequest {
  requestId: string;
  act: 'agent.revoke' | 'agent.release';
  agentId: string;
  practiceName: string;
  decision: string;
  /** Of the operator's staff. */
  askedBy: string;
  isOwn: boolean;
  askedAt: string;
  expiresAt: string;
  state: 'waiting' | 'done' | 'declined' | 'withdrawn' | 'expired';
  decidedBy?: string;
  decidedAt?: string;
}
export interface ActRequests {
  waiting: ActRequest[];
  /** The last that were decided. */
  decided: ActRequest[];
}

export const alertKinds = [
  'agent-unreachable',
  'data-path-failing',
  'certificate-expiring',
  'clock-skewed',
  'agent-quarantined',
  'queue-growing',
  'revocation-unconfirmed',
  'log-contradicted',
] as const;
export type AlertKind = (typeof alertKinds)[number];

export interface Alert {
  alertId: string;
  kind: AlertKind;
  agentId: string;
  practiceName: string;
  cause: string;
  openedAt: string;
  closedAt?: string;
  times: number;
  /** Notices of it: sent, still to be sent, given up. */
  notices: { sent: number; waiting: number; failed: number };
}
/** `GET alerts?page` */
export interface Alerts {
  open: Alert[];
  openTotal: number;
  closed: Alert[];
}

/** `GET alert-rules`, `PUT alert-rules/:ruleId` with action `{type: 'alert-rule.change', ruleId, …}`. */
export interface AlertRule {
  ruleId: string;
  kind: AlertKind;
  isOn: boolean;
  /** How long it must last. */
  afterSeconds: number;
  /** Hours of a certificate, seconds of a clock, queries that wait. */
  threshold?: number;
  /** Counts only while a site of the agent is open. */
  keepsHours: boolean;
  emails: string[];
  webhookUrl?: string;
  /** What the webhook is signed with; security officers alone see it. */
  webhookSecret?: string;
}
export interface ChangeAlertRuleRequest {
  isOn: boolean;
  afterSeconds: number;
  threshold?: number;
  keepsHours: boolean;
  emails: string[];
  webhookUrl?: string;
  stepUp: StepUp;
}

/** `GET practices?search&page`; `POST practices` takes `{name}` */
export interface PracticeLine {
  practiceId: string;
  name: string;
  sites: number;
  agents: number;
  /** Whether somebody can sign in as its owner. */
  hasOwner: boolean;
  createdAt: string;
}
export interface PracticePage {
  practices: PracticeLine[];
  page: number;
  pageSize: number;
  total: number;
}
/** `GET practices/:practiceId` */
export interface PracticeFile extends PracticeLine {
  siteList: {
    siteId: string;
    name: string;
    pmsType: string;
    pmsSiteId: string;
    status: string;
    agentId?: string;
    state?: AgentState;
    hours?: OpeningHours;
  }[];
  openCodes: { codeId: string; expiresAt: string; siteNames: string[] }[];
  /** Invitations that wait; to whom they went is not told. */
  openInvitations: { invitationId: string; role: string; endsAt: string }[];
}
/** `POST practices/:practiceId/enrolment-codes`: action `{type: 'enrolment-code.create', practiceId, sites}`. */
export interface OrderEnrolmentCodeRequest {
  /** isSandbox: of a new site that stands for no practice; part of the action. */
  sites: {
    siteId?: string;
    name: string;
    pmsType: string;
    pmsSiteId: string;
    isSandbox?: boolean;
  }[];
  stepUp: StepUp;
}
export interface OrderedEnrolmentCode {
  codeId: string;
  /** Shown once. */
  code: string;
  expiresAt: string;
}

/** `GET integrators?search&page`; `POST integrators` with action `{type: 'integrator.register', …}`. */
export interface IntegratorLine {
  integratorId: string;
  name: string;
  abn?: string;
  purposes: string[];
  countries: string[];
  liveKeys: number;
  sites: number;
  hasAdmin: boolean;
  createdAt: string;
}
export interface IntegratorPage {
  integrators: IntegratorLine[];
  page: number;
  pageSize: number;
  total: number;
}
export interface RegisterIntegratorRequest {
  name: string;
  abn?: string;
  contactEmail?: string;
  purposes?: string[];
  countries?: string[];
  stepUp: StepUp;
}

/** Names of the events of `GET live`, a stream of server-sent events. */
export const liveEvents = {
  /** Something about agents changed: `{agentIds}`, empty: many. */
  agents: 'agents',
  alerts: 'alerts',
  requests: 'requests',
  /** The session is over, or the node stops: `{reason}`. */
  end: 'end',
} as const;
