/** What a refusal by the agent means for a query that may wait: why, whom it stops, for how long. */
import type { WaitReason } from '#apps/broker/src/async-queries/query-record.js';
import type { ErrorCode } from '#libs/errors/catalogue.js';
import type { ConduitError } from '#libs/errors/conduit-error.js';

export interface Wait {
  reason: WaitReason;
  /** Whose queries rest meanwhile: all of the site, or the integrator's own there. */
  of: 'site' | 'integrator';
  restMs: number;
}

const MAX_REST_MS = 60_000;

/** In all of them nothing was run, but for the one that was stopped, which runs again as one that was cut does. */
const waits: Partial<Record<ErrorCode, Wait>> = {
  CONCURRENCY_LIMITED: { reason: 'agentBusy', of: 'integrator', restMs: 500 },
  QUEUE_EXPIRED: { reason: 'agentBusy', of: 'integrator', restMs: 100 },
  WRITE_IN_PROGRESS: { reason: 'agentBusy', of: 'integrator', restMs: 2_000 },
  RATE_LIMITED: { reason: 'rateLimited', of: 'integrator', restMs: 2_000 },
  GRANT_OUTSIDE_HOURS: { reason: 'outsideHours', of: 'integrator', restMs: 30_000 },
  LINK_REFUSED: { reason: 'agentBusy', of: 'site', restMs: 1_000 },
  JOURNAL_UNAVAILABLE: { reason: 'agentBusy', of: 'site', restMs: 5_000 },
  DATABASE_UNAVAILABLE: { reason: 'databaseUnavailable', of: 'site', restMs: 5_000 },
  DATABASE_LOGIN_REFUSED: { reason: 'databaseUnavailable', of: 'site', restMs: 10_000 },
  SITE_PAUSED: { reason: 'sitePaused', of: 'site', restMs: 5_000 },
  GRANT_PAUSED: { reason: 'accessPaused', of: 'integrator', restMs: 3_000 },
  ACCESS_FROZEN: { reason: 'accessPaused', of: 'integrator', restMs: 3_000 },
  QUERY_STOPPED: { reason: 'accessPaused', of: 'integrator', restMs: 3_000 },
  SITE_OFFLINE: { reason: 'siteOffline', of: 'site', restMs: 1_000 },
  SITE_UNREACHABLE: { reason: 'siteUnreachable', of: 'site', restMs: 1_000 },
};

/** Undefined for what waiting does not change. */
export function waitAfter({ code, facts }: ConduitError): Wait | undefined {
  const wait = waits[code];
  if (!wait) return undefined;
  const restMs = Math.min(Math.max(wait.restMs, facts.retryAfterMs ?? 0), MAX_REST_MS);
  if (facts.reason === 'loadBrake') return { reason: 'loadBrake', of: 'site', restMs };
  return { ...wait, restMs };
}
