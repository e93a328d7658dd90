/**
 * The seam between Conduit and a practice management system's database: a driver runs one command
 * at a time on a connection of its own choosing, writes the rows into the sink as they come, and
 * leaves nothing behind on the connection for the next caller.
 */
import { ConduitError } from '#libs/errors/conduit-error.js';
import type { CommandType, ExecutionMode, ParameterDto } from '#libs/contracts/command.js';
import type { Tier } from '#apps/agent/src/grants/grant-gate.port.js';
import type { ResultWriter } from '#apps/agent/src/pms/rows/result-writer.js';

export interface PmsCommand {
  /** The catalogue's name as integrators know it. */
  catalogue: string;
  tier: Tier;
  type: CommandType;
  executionMode: ExecutionMode;
  /** Statement text, or the procedure's name. */
  text: string;
  parameters: readonly ParameterDto[];
}

/** What became of a command that reached the database. */
export interface PmsOutcome {
  /** Rows changed; -1 when the database counted none. */
  rowsAffected: number;
  /** Output, inputOutput and returnValue parameters; absent when the command has none. */
  parameters?: ParameterDto[];
  /** Milliseconds from sending the statement to its last row. */
  sqlExecutionMs: number;
  /** Set when the database refused the statement. */
  failure?: SqlFailure;
  /** Nothing ran: this is the answer of an earlier run under the same key. */
  replayed?: true;
}

export interface SqlFailure {
  /** The database's own error number. */
  number: number;
  /** The database's words. They may quote patient data: for the caller's answer only. */
  message: string;
}

/**
 * `received`: announced, and not committed. `running`: committed by the statement itself before it had
 * ended, so nobody knows how far it came. `applied`: committed with its outcome. `withdrawn`: ended
 * after it had rolled everything back itself.
 */
export const journalStates = ['received', 'running', 'applied', 'withdrawn'] as const;
export type JournalState = (typeof journalStates)[number];

/** A write's row in the write journal. */
export interface JournalRow {
  state: JournalState;
  requestHash: Buffer;
  receivedAt: Date;
  endedAt?: Date;
  /** As it was sealed. */
  outcome?: Buffer;
}

/** A write to be run at most once. */
export interface OnceOnly {
  keyHash: Buffer;
  requestHash: Buffer;
  /** Makes what the journal keeps of the answer; called after the last row, before the commit. */
  seal(outcome: PmsOutcome): Buffer;
}

export abstract class PmsDriver {
  /**
   * Runs one command and settles only when nothing of it runs at the database any more, also after
   * an abort. Rows are written into `sink`; the driver waits when the sink asks it to.
   * @throws ConduitError REQUEST_INVALID for a parameter it cannot bind, CATALOGUE_UNKNOWN,
   *   DATABASE_UNAVAILABLE, DATABASE_LOGIN_REFUSED (nothing ran), DATABASE_CONNECTION_LOST (unknown),
   *   or the signal's reason when it was aborted
   */
  abstract run(command: PmsCommand, sink: ResultWriter, signal: AbortSignal): Promise<PmsOutcome>;

  /**
   * Runs a write in one transaction with its row in the write journal: both stay, or neither. When the
   * database refuses the statement everything of it is rolled back.
   * @returns the outcome, or the row of an earlier run under this key: then nothing was run
   * @throws ConduitError as `run`, and WRITE_JOURNAL_MISSING, WRITE_JOURNAL_UNAVAILABLE,
   *   WRITE_IN_PROGRESS (nothing ran); WRITE_TRANSACTION_UNBALANCED (rolled back)
   */
  runOnce(
    _command: PmsCommand,
    _sink: ResultWriter,
    _signal: AbortSignal,
    _once: OnceOnly,
  ): Promise<PmsOutcome | JournalRow> {
    return Promise.reject(new ConduitError('WRITE_JOURNAL_MISSING'));
  }

  /**
   * The journal's row of a write; undefined when there is none, `busy` while a transaction holds it.
   * @throws ConduitError WRITE_JOURNAL_MISSING, WRITE_JOURNAL_UNAVAILABLE, or as `probe`
   */
  findWrite(_keyHash: Buffer): Promise<JournalRow | 'busy' | undefined> {
    return Promise.reject(new ConduitError('WRITE_JOURNAL_MISSING'));
  }

  /**
   * Removes a few of the journal's rows that are older, without waiting for anybody.
   * @returns whether there may be more
   * @throws ConduitError as `findWrite`
   */
  purgeWrites(_olderThanHours: number): Promise<boolean> {
    return Promise.reject(new ConduitError('WRITE_JOURNAL_MISSING'));
  }

  /** Asks the database for nothing at all; milliseconds it took. Throws as `run` does. */
  abstract probe(): Promise<number>;

  /**
   * Whether the database server says of itself that it is the sandbox, which holds nobody's records.
   * Never rejects: in doubt it is a practice's.
   */
  isSandbox(): Promise<boolean> {
    return Promise.resolve(false);
  }

  /**
   * How many sessions of others wait just now for one of ours; undefined when that cannot be seen.
   * Never rejects.
   */
  blockedByOurs(): Promise<number | undefined> {
    return Promise.resolve(undefined);
  }

  /** Ends all connections. */
  abstract close(): Promise<void>;
}
