/**
 * What each kind of alert is about, out of one agent's row. Pure. A condition has a beginning; for
 * how long it must last, and whether by opening hours, is the rule's.
 */
import { openForMs, type SiteCalendar } from '#apps/broker/src/fleet/opening-hours.js';
import type { FleetRow } from '#apps/broker/src/fleet/fleet-row.js';
import type { AlertKind } from '#libs/console-api/operator.js';

const HOUR_MS = 3_600_000;

export interface AlertTerms {
  kind: AlertKind;
  afterMs: number;
  /** Hours of a certificate, seconds of a clock, queries that wait. */
  threshold: number | null;
  keepsHours: boolean;
}

export interface AlertCondition {
  sinceMs: number;
  /** A word of a closed list, for whoever is told. */
  cause: string;
}

const isAttached = ({ state }: FleetRow): boolean => state === 'online' || state === 'degraded';

const dataPathCauses: readonly string[] = [
  'database-unavailable',
  'database-login-refused',
  'probe-stale',
  'data-path-unknown',
];

type Look = (row: FleetRow, threshold: number, nowMs: number) => number | undefined;

/** Since when; undefined: it is not so. */
const looks: Record<AlertKind, Look> = {
  'agent-unreachable': ({ state, cause, state_since: since }) =>
    (state === 'offline' || state === 'unreachable') && cause !== 'never-joined'
      ? since.getTime()
      : undefined,
  'data-path-failing': (row) => {
    if (!isAttached(row) || !dataPathCauses.includes(row.cause)) return undefined;
    const isAnswer = row.cause.startsWith('database-');
    return ((isAnswer ? row.database_since : null) ?? row.state_since).getTime();
  },
  'certificate-expiring': (row, hours, nowMs) => {
    const beginsMs = (row.certificate_ends_at?.getTime() ?? Infinity) - hours * HOUR_MS;
    return isAttached(row) && beginsMs <= nowMs ? beginsMs : undefined;
  },
  'clock-skewed': (row, seconds, nowMs) =>
    isAttached(row) && Math.abs(Number(row.clock_offset_ms ?? 0)) > seconds * 1_000
      ? nowMs
      : undefined,
  'agent-quarantined': ({ state, state_since: since }) =>
    state === 'quarantined' ? since.getTime() : undefined,
  'queue-growing': ({ registry, waiting, waiting_since: since }, atLeast) =>
    registry === 'active' && waiting >= atLeast && since ? since.getTime() : undefined,
  'revocation-unconfirmed': ({ registry, ending_since: since }) =>
    registry === 'revoked' ? undefined : since?.getTime(),
  'log-contradicted': ({ log_alarm_since: since }) => since?.getTime(),
};

/** Whether the condition is there at all; an open alert stays until it is not. */
export function conditionOf(
  { kind, threshold }: Pick<AlertTerms, 'kind' | 'threshold'>,
  row: FleetRow,
  nowMs: number,
): AlertCondition | undefined {
  const sinceMs = looks[kind](row, threshold ?? 0, nowMs);
  const cause = kind === 'log-contradicted' ? (row.log_alarm ?? row.cause) : row.cause;
  return sinceMs === undefined ? undefined : { sinceMs, cause };
}

/** Whether it has lasted for as long as the rule says, and somebody is there to be missed. */
export function isDue(
  { afterMs, keepsHours }: Pick<AlertTerms, 'afterMs' | 'keepsHours'>,
  { sinceMs }: AlertCondition,
  hours: readonly (SiteCalendar | undefined)[],
  nowMs: number,
): boolean {
  if (nowMs - sinceMs < afterMs) return false;
  if (!keepsHours) return true;
  // Of something that alarms at once it is enough that somebody is there.
  const wantedMs = Math.max(afterMs, 1);
  return openForMs(hours, Math.min(sinceMs, nowMs - wantedMs), nowMs, wantedMs) >= wantedMs;
}
