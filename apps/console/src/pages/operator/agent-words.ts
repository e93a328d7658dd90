/** States, causes and alerts in words for staff; the colour only repeats them. */
import type {
  AgentCause,
  AgentEventKind,
  AgentState,
  AlertKind,
} from '#libs/console-api/operator.js';
import type { Tone } from '#apps/console/src/ui/notice.js';

export const stateWords: Record<AgentState, string> = {
  online: 'Online',
  degraded: 'Degraded',
  offline: 'Offline',
  unreachable: 'Unreachable',
  quarantined: 'Quarantined',
  revoked: 'Revoked',
};

export const stateTones: Record<AgentState, Tone> = {
  online: 'good',
  degraded: 'warning',
  offline: 'plain',
  unreachable: 'bad',
  quarantined: 'bad',
  revoked: 'plain',
};

export const causeWords: Record<AgentCause, string> = {
  healthy: 'Link and database answer',
  'key-compromised': 'Its key is in other hands',
  replaced: 'Replaced by another agent',
  left: 'The practice has left',
  operator: 'Stopped by staff',
  'stale-join': 'An old copy of it joined',
  'second-live-link': 'Two machines with one identity',
  'never-joined': 'Has never connected',
  'said-goodbye': 'Shut down in order',
  silent: 'Not heard for two minutes',
  'data-path-unknown': 'Has not said whether its database answers',
  'database-login-refused': 'The database refuses its login',
  'database-unavailable': 'The database does not answer',
  'probe-stale': 'The database was not asked lately',
  'certificate-expiring': 'Its certificate is about to end',
  'clock-skewed': 'Its clock is wrong',
  paused: 'Paused on the practice’s server',
  'database-slow': 'The database is busy; work that can wait does',
};

export const wordOfCause = (cause: string): string =>
  causeWords[cause as AgentCause] ?? cause.replaceAll('-', ' ');

export const databaseWords = {
  ok: 'Answers',
  unavailable: 'Does not answer',
  loginRefused: 'Refuses the login',
  unknown: 'Not known yet',
} as const;

export const alertWords: Record<AlertKind, string> = {
  'agent-unreachable': 'Agent away',
  'data-path-failing': 'Database not answering',
  'certificate-expiring': 'Certificate about to end',
  'clock-skewed': 'Clock wrong',
  'agent-quarantined': 'Quarantined',
  'queue-growing': 'Queries pile up',
  'revocation-unconfirmed': 'End of access not confirmed',
  'log-contradicted': 'Audit logs contradict each other',
};

export const eventWords: Record<AgentEventKind, string> = {
  state: 'Now',
  joined: 'Connected',
  left: 'Disconnected',
  version: 'Runs version',
  revoked: 'Revoked',
  quarantined: 'Quarantined',
  released: 'Released',
  diagnosed: 'Doctor asked',
  'log-alarm': 'Witness: the audit log contradicts itself',
  'agent-log-alarm': 'Its own log contradicts itself',
  'records-differ': 'Its records and ours do not agree',
  'log-alarm-settled': 'Alarm of the logs settled',
};

const decisionWords: Record<string, string> = {
  'key-compromised': 'Its key is in other hands',
  replaced: 'Replaced by another agent',
  left: 'The practice has left',
  operator: 'Another reason',
  restoredFromBackup: 'The machine was restored from a backup',
  copiedMachine: 'The machine was copied: revoke for good',
  falseAlarm: 'A false alarm',
  fork: 'two heads that no log can have both',
  'roll-back': 'shorter than it was',
  'other-log': 'another key or name',
};
export const wordOfDecision = (decision: string): string => decisionWords[decision] ?? decision;

const steps = [
  [86_400_000, 'day'],
  [3_600_000, 'hour'],
  [60_000, 'minute'],
  [1_000, 'second'],
] as const;
const relative = new Intl.RelativeTimeFormat('en-AU', { numeric: 'auto' });

/** @param moment ISO 8601; e.g. `3 minutes ago`, `in 5 hours` */
export function fromNow(moment: string, nowMs = Date.now()): string {
  const ms = Date.parse(moment) - nowMs;
  const [size, unit] = steps.find(([at]) => Math.abs(ms) >= at) ?? ([1_000, 'second'] as const);
  return relative.format(Math.round(ms / size), unit);
}

/** Milliseconds for people: `3 ms`, `1.4 s`. */
export const duration = (ms: number): string =>
  ms < 1_000 ? `${ms} ms` : `${(ms / 1_000).toFixed(1)} s`;
