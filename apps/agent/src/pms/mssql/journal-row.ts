/** Rows and failures of the write journal, as the rest of the agent understands them. */
import { ConduitError } from '#libs/errors/conduit-error.js';
import { journalStates, type JournalRow } from '#apps/agent/src/pms/pms-driver.port.js';
import { sqlFailure, wasNeverSent } from '#apps/agent/src/pms/mssql/connection-failure.js';
import type { OwnRow } from '#apps/agent/src/pms/mssql/own-batch.js';
import { NeverSentError } from '#apps/agent/src/pms/mssql/statement-run.js';

/** Lock request time out; deadlock victim. */
const SOMEBODY_HOLDS_IT: readonly number[] = [1222, 1205];

export const isHeld = (error: unknown): boolean =>
  SOMEBODY_HOLDS_IT.includes(sqlFailure(error)?.number ?? 0);

/** @throws ConduitError WRITE_JOURNAL_UNAVAILABLE when it is no row of ours */
export function journalRow(row: OwnRow): JournalRow {
  const { State, RequestHash, ReceivedAt, EndedAt, Outcome } = row;
  const state = journalStates[Number(State)];
  if (state === undefined || !Buffer.isBuffer(RequestHash) || !(ReceivedAt instanceof Date))
    throw new ConduitError('WRITE_JOURNAL_UNAVAILABLE');
  return {
    state,
    requestHash: RequestHash,
    receivedAt: ReceivedAt,
    ...(EndedAt instanceof Date && { endedAt: EndedAt }),
    ...(Buffer.isBuffer(Outcome) && { outcome: Outcome }),
  };
}

/** A failure before the statement was sent: nothing of it ran. */
export function claimFailure(error: unknown): Error {
  if (error instanceof ConduitError) return error;
  if (wasNeverSent(error)) return new NeverSentError();
  if (isHeld(error)) return new ConduitError('WRITE_IN_PROGRESS');
  return new ConduitError(
    sqlFailure(error) === undefined ? 'DATABASE_UNAVAILABLE' : 'WRITE_JOURNAL_UNAVAILABLE',
  );
}
