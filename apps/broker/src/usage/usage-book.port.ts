/** What integrators used: a sum for each site, day, kind and outcome; never a single query. */
import type { CommandDto } from '#libs/contracts/command.js';
import type { QueryLane } from '#libs/contracts/link-messages.js';
import type { UsageOutcome } from '#libs/db/schema.js';

/** One query, or one run of a registered one, that ended. */
export interface Use {
  integratorId: string;
  siteId: string;
  kind: QueryLane;
  /** `write`: it may have changed something. */
  access: 'read' | 'write';
  outcome: UsageOutcome;
  /** Octets of the request as the caller sent it; 0 where it was counted before. */
  requestBytes: number;
  /** Octets of the result's JSON text. */
  resultBytes: number;
  /** Milliseconds from the call to the end. */
  durationMs: number;
  /** Milliseconds at the practice's database. */
  sqlMs: number;
}

export abstract class UsageBook {
  /** Counts it: never throws, never waits. Call it once for each end. */
  abstract note(use: Use): void;
}

/** A statement that only reads by its kind; whether it truly does is decided elsewhere. */
export function accessOf({ executionMode, type }: CommandDto): Use['access'] {
  return executionMode === 'nonQuery' || type === 'storedProcedure' ? 'write' : 'read';
}
