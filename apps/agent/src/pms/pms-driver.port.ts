/**
 * The seam between Conduit and a practice management system's database: a driver runs one command
 * at a time on a connection of its own choosing, writes the rows into the sink as they come, and
 * leaves nothing behind on the connection for the next caller.
 */
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
}

export interface SqlFailure {
  /** The database's own error number. */
  number: number;
  /** The database's words. They may quote patient data: for the caller's answer only. */
  message: string;
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

  /** Asks the database for nothing at all; milliseconds it took. Throws as `run` does. */
  abstract probe(): Promise<number>;

  /** Ends all connections. */
  abstract close(): Promise<void>;
}
