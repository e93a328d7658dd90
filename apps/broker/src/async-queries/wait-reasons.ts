/** What a refusal by the agent means for a query that may wait: why, and when to ask again. */
import type { WaitReason } from '#apps/broker/src/async-queries/query-record.js';
import type { ErrorCode } from '#libs/errors/catalogue.js';
import type { ConduitError } from '#libs/errors/conduit-error.js';

export interface Wait {
  reason: WaitReason;
  /** Milliseconds in which this site is asked nothing. */
  restMs: number;
}

/** In all of them nothing was run. */
const waits: Partial<Record<ErrorCode, Wait>> = {
  CONCURRENCY_LIMITED: { reason: 'agentBusy', restMs: 500 },
  QUEUE_EXPIRED: { reason: 'agentBusy', restMs: 100 },
  LINK_REFUSED: { reason: 'agentBusy', restMs: 1_000 },
  RATE_LIMITED: { reason: 'rateLimited', restMs: 2_000 },
  WRITE_IN_PROGRESS: { reason: 'agentBusy', restMs: 2_000 },
  JOURNAL_UNAVAILABLE: { reason: 'agentBusy', restMs: 5_000 },
  DATABASE_UNAVAILABLE: { reason: 'databaseUnavailable', restMs: 5_000 },
  DATABASE_LOGIN_REFUSED: { reason: 'databaseUnavailable', restMs: 10_000 },
  SITE_PAUSED: { reason: 'sitePaused', restMs: 5_000 },
  SITE_OFFLINE: { reason: 'siteOffline', restMs: 1_000 },
  SITE_UNREACHABLE: { reason: 'siteUnreachable', restMs: 1_000 },
  GRANT_OUTSIDE_HOURS: { reason: 'outsideHours', restMs: 30_000 },
};

/** Undefined for what waiting does not change. */
export function waitAfter(error: ConduitError): Wait | undefined {
  const wait = waits[error.code];
  if (!wait) return undefined;
  const reason = error.facts.reason === 'loadBrake' ? 'loadBrake' : wait.reason;
  const restMs = Math.min(Math.max(wait.restMs, error.facts.retryAfterMs ?? 0), 60_000);
  return { reason, restMs };
}
