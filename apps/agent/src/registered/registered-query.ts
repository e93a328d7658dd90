/** A registered query as the agent holds it. */
import type { RegisteredRunReport } from '#libs/contracts/registered.js';
import type { ErrorCode } from '#libs/errors/catalogue.js';

/** Changed by renewals only. */
export interface RegisteredDefinition {
  registeredId: string;
  siteId: string;
  integratorId: string;
  keyId: string;
  grantId: string;
  grantSeq: number;
  /** Raw X25519, base64url. */
  resultKey: string;
  /** What the broker that named these terms unpacks. */
  pageEncoding?: 'br';
  revision: number;
  frequencySeconds: number;
  /** By the true time, milliseconds since the epoch. */
  endsAtMs: number;
}

/** Changed by every run. */
export interface RegisteredState {
  /** Number of the last run; 0 before the first. */
  lastRun: number;
  /** When it began, by the true time. */
  lastStartMs?: number;
  /** Runs that failed since the last success. */
  failures: number;
  /** Of the last result. */
  hash?: string;
  /** The last run whose result differed; its rows and their index are kept. 0: none. */
  changedRun: number;
  /** Runs whose deltas are kept, oldest first. */
  deltaRuns: number[];
  /** What the broker has not taken yet, oldest first. */
  pending: RegisteredRunReport[];
  /** Why it will not run again. */
  stopped?: ErrorCode;
}

export interface HeldQuery {
  definition: RegisteredDefinition;
  state: RegisteredState;
  /** Aborts when it was ended here: what runs is stopped and leaves nothing behind. */
  ending: AbortController;
  /** Settles when the last of the writes of its state has: they follow each other. */
  kept: Promise<void>;
}

export const freshState = (): RegisteredState => ({
  lastRun: 0,
  failures: 0,
  changedRun: 0,
  deltaRuns: [],
  pending: [],
});
