import type { SiteReport } from '#libs/contracts/link-messages.js';
import type { ErrorCode } from '#libs/errors/catalogue.js';

export interface DatabaseSighting extends Pick<
  SiteReport,
  'database' | 'sandbox' | 'latencyMs' | 'usualLatencyMs' | 'pmsVersion' | 'practiceName'
> {
  /** When it was last asked, by the clock that only goes forward. */
  probedAtMs?: number;
}

/** Something that went wrong, and when by the clock that only goes forward. */
export interface NotedFailure {
  code: ErrorCode;
  atMs: number;
}

/** What is known of a site's database just now, without asking it. */
export abstract class DatabaseHealth {
  abstract of(siteId: string): DatabaseSighting;

  /** Calls back when a database's state has changed, so that a report can go out at once. */
  abstract onChange(listener: () => void): void;

  /** The last probe that failed since the agent started. */
  abstract get lastFailure(): NotedFailure | undefined;
}
