/**
 * The one error type that crosses rooms. Callers choose a code and may add facts from the
 * allow-list; they cannot write a message, so nothing private can slip into one.
 */
import { catalogue, type ErrorCode } from '#libs/errors/catalogue.js';

/** Everything an error may say beside its code. No field here may hold patient data. */
export interface ErrorFacts {
  /** Path of the offending input field, e.g. `command.parameters[3].type`. */
  field?: string;
  /** What was wrong with the field, in words made by us, e.g. `must be one of: input, output`. */
  problem?: string;
  limit?: number;
  unit?: string;
  retryAfterMs?: number;
  /** The broker's id of a query that the error speaks of. */
  queryId?: string;
  /** A word from a closed list that narrows the code, e.g. the construct the SQL lexer refused. */
  reason?: string;
  /** SQL Server's error number; the text goes only into the caller's own answer. */
  sqlErrorNumber?: number;
  host?: string;
  /** The incident that the error speaks of. */
  incidentId?: string;
}

export class ConduitError extends Error {
  readonly facts: ErrorFacts;

  constructor(
    readonly code: ErrorCode,
    options: { cause?: unknown; facts?: ErrorFacts } = {},
  ) {
    super(
      catalogue[code].title,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.name = 'ConduitError';
    this.facts = options.facts ?? {};
  }

  get status(): number {
    return catalogue[this.code].status;
  }
}

/** The error itself when it is ours, otherwise INTERNAL with the stranger as its cause. */
export function toConduitError(error: unknown): ConduitError {
  return error instanceof ConduitError ? error : new ConduitError('INTERNAL', { cause: error });
}
