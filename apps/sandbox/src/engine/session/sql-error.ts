/**
 * SQL Server's errors as this engine raises them: number, class and state with the server's own
 * wording. One table holds every message; nothing else in the engine writes one.
 */

import { errorMessages } from './error-messages.js';

export class SqlError extends Error {
  /** Line of the statement; set by whoever runs it. */
  line = 0;
  procedure: string | undefined;
  /** Raised while a statement is bound: not caught by a TRY in the same batch or procedure. */
  compile = false;
  /** The batch ends here, and so does an open transaction. */
  abortsTransaction = false;
  /** How deep in calls a compile error was raised. */
  depth = 0;

  constructor(
    readonly number: number,
    readonly severity: number,
    readonly state: number,
    message: string,
  ) {
    super(message);
  }
}

/** An error of the table with its placeholders filled in order. */
export function sqlError(number: number, ...values: (string | number)[]): SqlError {
  const [severity, text] = errorMessages[number] ?? [16, 'The statement failed.'];
  let next = 0;
  return new SqlError(
    number,
    severity,
    1,
    text.replace(/%s/g, () => String(values[next++] ?? '')),
  );
}

/** An error found while binding names and types, before the statement runs. */
export function compileError(number: number, ...values: (string | number)[]): SqlError {
  const error = sqlError(number, ...values);
  error.compile = true;
  return error;
}

/** Runs what walks a statement's tree. @throws SqlError 191 where the tree is too deep for the stack. */
export function withinDepth<T>(walk: () => T): T {
  try {
    return walk();
  } catch (error) {
    if (error instanceof RangeError) throw compileError(191);
    throw error;
  }
}
