/**
 * The agent's own decision about every request. Everything it decides on is signed by the practice
 * and was verified here; what the broker says about permission counts for nothing.
 */
import type { Grant } from '#libs/grants/grant.js';
import type { ErrorCode } from '#libs/errors/catalogue.js';

/** Least rights first; picks the database login a statement runs under. */
export type Tier = 'read' | 'write';

export interface QueryToAuthorise {
  siteId: string;
  integratorId: string;
  grantId: string;
  grantSeq: number;
  catalogue: string;
  commandType: 'text' | 'storedProcedure';
  executionMode: 'reader' | 'nonQuery' | 'scalar';
  /** Statement text, or the procedure's name. */
  text: string;
}

export type GrantDecision =
  | { allowed: true; grant: Grant; tier: Tier; scope: string }
  | {
      allowed: false;
      code: ErrorCode;
      reason?: string;
      /** When the same would be allowed again, milliseconds from now. */
      retryAfterMs?: number;
    };

export type WithdrawalListener = (grantId: string, code: ErrorCode) => void;

export abstract class GrantGate {
  /** In memory; no I/O. Includes expiry, hours, pause, local ceiling and, for `sql:read`, the lexer's verdict. */
  abstract decide(query: QueryToAuthorise): GrantDecision;

  /** Queries a minute under the grant; undefined when it is unknown or names no limit. No I/O. */
  abstract minuteLimitOf(grantId: string): number | undefined;

  /** Whether the grant allows anything now, whatever the hour. In memory; no I/O. */
  abstract isInForce(grantId: string): boolean;

  /**
   * Calls back when a grant stops allowing (revoked, replaced, expired, paused), to cancel what runs
   * under it, with what that ends with. Never a code that says that nothing was run.
   */
  abstract onWithdrawn(listener: WithdrawalListener): void;
}
