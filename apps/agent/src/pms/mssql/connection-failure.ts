/** What tedious and the pool report, as codes of ours. Their words never leave here. */
import { ConduitError, type ErrorFacts } from '#libs/errors/conduit-error.js';
import type { SqlFailure } from '#apps/agent/src/pms/pms-driver.port.js';

interface DriverError {
  code?: string;
  number?: number;
  message?: string;
  originalError?: unknown;
  errors?: unknown[];
}

const asDriverError = (error: unknown): DriverError =>
  typeof error === 'object' && error !== null ? (error as DriverError) : {};

/** A failure to get a connection: nothing was run. */
export function connectionFailure(error: unknown): ConduitError {
  if (error instanceof ConduitError) return error;
  const { code } = asDriverError(error);
  return new ConduitError(code === 'ELOGIN' ? 'DATABASE_LOGIN_REFUSED' : 'DATABASE_UNAVAILABLE');
}

/**
 * The database's own refusal of a statement, or undefined when the error is the connection's. With
 * several messages the first counts: the later ones follow from it.
 */
export function sqlFailure(error: unknown): SqlFailure | undefined {
  const errors = (asDriverError(error).errors ?? [error]).map(asDriverError);
  // The number of open transactions is what an earlier error has changed, whichever is told first.
  const told = errors.find((each) => each.number !== COUNT_MISMATCH) ?? errors[0];
  const { code, number, message } = told ?? {};
  if (code !== 'EREQUEST' && code !== 'UNKNOWN') return undefined;
  return { number: number ?? 0, message: message ?? '' };
}

const COUNT_MISMATCH = 266;

/** Whether it only says that fewer or more transactions are open than before. */
export function isCountMismatch(error: unknown): boolean {
  const errors = asDriverError(error).errors ?? [error];
  return errors.every((each) => asDriverError(each).number === COUNT_MISMATCH);
}

/** Nothing was sent: the pooled connection had died unnoticed. */
export const wasNeverSent = (error: unknown): boolean =>
  asDriverError(error).code === 'EINVALIDSTATE';

/** A connection that broke while a statement ran. @param facts allow-listed */
export const connectionLost = (facts: ErrorFacts = {}): ConduitError =>
  new ConduitError('DATABASE_CONNECTION_LOST', { facts });
