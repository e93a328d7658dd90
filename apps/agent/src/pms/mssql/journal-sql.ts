/**
 * The T-SQL of the write journal. Every value in it is a hash, a sealed outcome or a number, so it
 * goes into the text as a literal: a batch may begin and end a transaction, a call with parameters may
 * not (SQL Server's error 266).
 */
import type { JournalSettings } from '#apps/agent/src/agent.config.js';
import { journalStates, type JournalState } from '#apps/agent/src/pms/pms-driver.port.js';

export type JournalPlace = Pick<JournalSettings, 'database' | 'schema' | 'table'>;

const bracket = (name: string): string => `[${name.replaceAll(']', ']]')}]`;

export const journalName = ({ database, schema, table }: JournalPlace): string =>
  [database, schema, table].map(bracket).join('.');

const literal = (bytes: Buffer): string => `0x${bytes.toString('hex')}`;
const codeOf = (state: JournalState): number => journalStates.indexOf(state);

const COLUMNS = 'State, RequestHash, ReceivedAt, EndedAt, Outcome';
/** Waits for whoever holds the row, also where readers are shown old versions of rows. */
const LOCKED = 'WITH (UPDLOCK, ROWLOCK)';

export class JournalSql {
  private readonly table: string;

  constructor(place: JournalPlace) {
    this.table = journalName(place);
  }

  /**
   * Announces the write for good, then begins the transaction that holds its row. One row `Claimed`;
   * none when another row of the key stands in the way: then `standing` tells which.
   */
  claim(keyHash: Buffer, requestHash: Buffer): string {
    const { table } = this;
    const [key, request] = [literal(keyHash), literal(requestHash)];
    return `BEGIN TRY
  INSERT INTO ${table} (KeyHash, RequestHash, State, ReceivedAt)
  VALUES (${key}, ${request}, ${codeOf('received')}, SYSUTCDATETIME());
END TRY
BEGIN CATCH
  IF ERROR_NUMBER() NOT IN (2627, 2601) THROW;
END CATCH;
BEGIN TRANSACTION;
UPDATE ${table} SET State = ${codeOf('running')}
OUTPUT inserted.State AS Claimed
WHERE KeyHash = ${key} AND RequestHash = ${request} AND State = ${codeOf('received')};`;
  }

  /** Gives up a claim that found another row, and reads that. */
  standing(keyHash: Buffer): string {
    return `IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION; ${this.find(keyHash, true)}`;
  }

  /** Commits with the outcome. One row: `Kept`, 1 when it is committed, and how many were `Open`. */
  keep(keyHash: Buffer, outcome: Buffer): string {
    return `IF @@TRANCOUNT = 1 AND XACT_STATE() = 1
BEGIN
  ${this.end(keyHash, 'running', 'applied', outcome)}
  IF @@ROWCOUNT = 1
  BEGIN
    COMMIT TRANSACTION;
    SELECT 1 AS Kept, 1 AS [Open];
  END
  ELSE SELECT 0 AS Kept, 1 AS [Open];
END
ELSE SELECT 0 AS Kept, @@TRANCOUNT AS [Open];`;
  }

  /** For a statement that has ended the transaction itself. One row as `keep`. */
  note(keyHash: Buffer, from: JournalState, to: JournalState, outcome: Buffer): string {
    return `IF @@TRANCOUNT = 0
BEGIN
  ${this.end(keyHash, from, to, outcome)}
  SELECT @@ROWCOUNT AS Kept, 0 AS [Open];
END
ELSE SELECT 0 AS Kept, @@TRANCOUNT AS [Open];`;
  }

  private end(keyHash: Buffer, from: JournalState, to: JournalState, outcome: Buffer): string {
    return `UPDATE ${this.table} SET State = ${codeOf(to)}, EndedAt = SYSUTCDATETIME(), Outcome = ${literal(outcome)}
  WHERE KeyHash = ${literal(keyHash)} AND State = ${codeOf(from)};`;
  }

  /** @param waits for a transaction that holds the row; otherwise error 1222 comes at once */
  find(keyHash: Buffer, waits: boolean): string {
    const read = `SELECT ${COLUMNS} FROM ${this.table} ${LOCKED} WHERE KeyHash = ${literal(keyHash)};`;
    return waits ? read : `SET LOCK_TIMEOUT 0; ${read}`;
  }

  /** A few rows at a time, none that anybody holds. */
  purge(olderThanHours: number, mostRows: number): string {
    return `DELETE TOP (${mostRows}) FROM ${this.table} WITH (READPAST, ROWLOCK)
WHERE ReceivedAt < DATEADD(hour, -${olderThanHours}, SYSUTCDATETIME());
SELECT @@ROWCOUNT AS Removed;`;
  }
}
