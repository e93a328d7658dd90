/**
 * How an agent stands, out of what is known of it: exactly one state, and every cause that applies,
 * the gravest first. Pure. The control signal (its link lives) and the data path (its databases
 * answered when asked) are looked at apart: a link alone never reads as healthy.
 */
import type { AgentCause, AgentState } from '#libs/console-api/operator.js';

export interface AgentSignalFacts {
  /** By the registry: what the operator or the broker decided. */
  registry: 'active' | 'quarantined' | 'revoked';
  registryReason: string | null;
  /** Milliseconds since the epoch, all of them; null: never. */
  heardAtMs: number | null;
  leftAtMs: number | null;
  probedAtMs: number | null;
  /** The worst of its sites; null: it has not said. */
  database: 'ok' | 'unavailable' | 'loginRefused' | 'unknown' | null;
  load: 'normal' | 'asyncPaused' | 'backgroundPaused';
  paused: boolean;
  certificateEndsAtMs: number | null;
  clockOffsetMs: number | null;
}

export interface AgentStanding {
  state: AgentState;
  /** Never empty; `healthy` stands alone. */
  causes: [AgentCause, ...AgentCause[]];
}

export const standingLimits = {
  /** Without a word for so long, an agent counts as unreachable. */
  silentMs: 120_000,
  /** A database that was last asked longer ago than this is not known to answer. */
  probeStaleMs: 120_000,
  /** Certificates are renewed at half of their day: so little left means that renewing fails. */
  certificateMs: 6 * 3_600_000,
  clockOffsetMs: 30_000,
} as const;

const causesOfShutOut: readonly string[] = [
  'key-compromised',
  'replaced',
  'left',
  'operator',
  'stale-join',
  'second-live-link',
] satisfies AgentCause[];

export function standingOf(facts: AgentSignalFacts, nowMs: number): AgentStanding {
  const { registry, registryReason, heardAtMs, leftAtMs } = facts;
  if (registry !== 'active') {
    const isKnown = registryReason !== null && causesOfShutOut.includes(registryReason);
    return { state: registry, causes: [isKnown ? (registryReason as AgentCause) : 'operator'] };
  }
  if (heardAtMs === null) return { state: 'offline', causes: ['never-joined'] };
  if (leftAtMs !== null) return { state: 'offline', causes: ['said-goodbye'] };
  if (nowMs - heardAtMs > standingLimits.silentMs) {
    return { state: 'unreachable', causes: ['silent'] };
  }
  const [first, ...rest] = troubles(facts, nowMs);
  if (first === undefined) return { state: 'online', causes: ['healthy'] };
  return { state: 'degraded', causes: [first, ...rest] };
}

function troubles(facts: AgentSignalFacts, nowMs: number): AgentCause[] {
  const { certificateEndsAtMs, clockOffsetMs, load, paused } = facts;
  const endsSoon =
    certificateEndsAtMs !== null && certificateEndsAtMs - nowMs < standingLimits.certificateMs;
  const isSkewed = Math.abs(clockOffsetMs ?? 0) > standingLimits.clockOffsetMs;
  return [
    dataPathTrouble(facts, nowMs),
    endsSoon && ('certificate-expiring' as const),
    isSkewed && ('clock-skewed' as const),
    paused && ('paused' as const),
    load !== 'normal' && ('database-slow' as const),
  ].filter((cause) => cause !== undefined && cause !== false);
}

function dataPathTrouble(
  { database, probedAtMs }: AgentSignalFacts,
  nowMs: number,
): AgentCause | undefined {
  if (database === 'loginRefused') return 'database-login-refused';
  if (database === 'unavailable') return 'database-unavailable';
  if (database !== 'ok' || probedAtMs === null) return 'data-path-unknown';
  return nowMs - probedAtMs > standingLimits.probeStaleMs ? 'probe-stale' : undefined;
}
