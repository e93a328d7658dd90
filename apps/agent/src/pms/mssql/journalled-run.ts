/**
 * One write and its row in the write journal, in one transaction: announced for good, then row,
 * statement and outcome are committed together or not at all. Two round trips more than the statement
 * alone. When the connection is lost at the commit, the row itself says what became of it.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from 'tedious';
import type { ErrorCode } from '#libs/errors/catalogue.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import type {
  JournalRow,
  JournalState,
  OnceOnly,
  PmsOutcome,
} from '#apps/agent/src/pms/pms-driver.port.js';
import { connectionLost } from '#apps/agent/src/pms/mssql/connection-failure.js';
import { claimFailure, journalRow } from '#apps/agent/src/pms/mssql/journal-row.js';
import type { JournalSql } from '#apps/agent/src/pms/mssql/journal-sql.js';
import { ask, type OwnRow } from '#apps/agent/src/pms/mssql/own-batch.js';
import type { StatementRun, TransactionEvent } from '#apps/agent/src/pms/mssql/statement-run.js';
import { inside } from '#apps/agent/src/pms/mssql/tedious-seam.js';

/** How long the row is asked for after the connection was lost at the commit. */
const SETTLE_MS = 10_000;
const ASK_AGAIN_MS = 250;
/** Beyond the lock timeout: what a batch of ours may take on a busy server. */
const OWN_BATCH_MS = 15_000;

export interface JournalledOrder {
  connection: Connection;
  statement: StatementRun;
  once: OnceOnly;
  sql: JournalSql;
  lockTimeoutMs: number;
  /** Reads the row on another connection, waiting for whoever holds it. */
  find(): Promise<JournalRow | 'busy' | undefined>;
}

export class JournalledRun {
  constructor(private readonly order: JournalledOrder) {}

  /** @returns and throws as PmsDriver.runOnce; NeverSentError when the connection was already dead */
  async execute(signal: AbortSignal): Promise<PmsOutcome | JournalRow> {
    const { statement } = this.order;
    const standing = await this.claim();
    if (standing !== undefined) return standing;
    try {
      signal.throwIfAborted();
      const outcome = await statement.execute(signal);
      if (outcome.failure !== undefined && !this.isOwnRollback()) {
        await this.undo();
        return outcome;
      }
      const { failure: _mismatch, ...ended } = outcome;
      return await this.keep(ended);
    } catch (error) {
      await this.undo();
      throw error;
    }
  }

  /**
   * A statement that ended the transaction itself is told of it by SQL Server, with an error that
   * would not be there without our transaction around it.
   */
  private isOwnRollback(): boolean {
    const { transactions, failedByCountAlone } = this.order.statement;
    return failedByCountAlone && transactions.length > 0 && transactions[0] !== 'begun';
  }

  /** @returns the row that stands in the way; undefined when the transaction is ours */
  private async claim(): Promise<JournalRow | undefined> {
    const { sql, once } = this.order;
    try {
      const [claimed] = await this.ask(sql.claim(once.keyHash, once.requestHash));
      if (claimed !== undefined) return undefined;
      const [row] = await this.ask(sql.standing(once.keyHash));
      if (row === undefined) throw new ConduitError('WRITE_JOURNAL_UNAVAILABLE');
      return journalRow(row);
    } catch (error) {
      throw claimFailure(error);
    }
  }

  private async keep(outcome: PmsOutcome): Promise<PmsOutcome> {
    const { once, sql, statement } = this.order;
    const sealed = once.seal(outcome);
    const taken = takenOver(statement.transactions);
    const batch = taken
      ? sql.note(once.keyHash, taken.from, taken.to, sealed)
      : sql.keep(once.keyHash, sealed);
    let row: OwnRow | undefined;
    try {
      [row] = await this.ask(batch);
    } catch {
      return this.settle(outcome, 'DATABASE_UNAVAILABLE');
    }
    // No row: the statement left the session in a state in which nothing is executed.
    if (row === undefined) return this.settle(outcome, 'WRITE_TRANSACTION_UNBALANCED');
    if (row['Kept'] === 1) return outcome;
    const isOpen = Number(row['Open']) > (taken ? 0 : 1);
    if (isOpen) throw new ConduitError('WRITE_TRANSACTION_UNBALANCED');
    // What a statement committed or rolled back itself stands, noted or not.
    if (taken) return outcome;
    throw new ConduitError('WRITE_JOURNAL_UNAVAILABLE');
  }

  /**
   * Whoever commits holds the row until it is done: who can read it knows the end.
   * @param undone what it was when all of it was rolled back
   */
  private async settle(outcome: PmsOutcome, undone: ErrorCode): Promise<PmsOutcome> {
    this.order.connection.close();
    const endMs = performance.now() + SETTLE_MS;
    for (;;) {
      const row = await this.order.find().catch(() => 'away' as const);
      if (typeof row === 'object') {
        if (row.state === 'applied') return outcome;
        throw row.state === 'received' ? new ConduitError(undone) : connectionLost();
      }
      if (performance.now() > endMs) throw connectionLost();
      await delay(ASK_AGAIN_MS);
    }
  }

  /** Never rejects: when the rollback cannot be asked for, the connection goes, and it with it. */
  private async undo(): Promise<void> {
    const { connection } = this.order;
    if (inside(connection).state.name !== 'LoggedIn' || !inside(connection).inTransaction) return;
    await this.ask('IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION').catch(() => connection.close());
  }

  private ask(sql: string): Promise<OwnRow[]> {
    return ask(this.order.connection, sql, this.order.lockTimeoutMs * 2 + OWN_BATCH_MS);
  }
}

/** What a statement made of its row that ended the transaction itself; undefined when it did not. */
function takenOver(
  events: readonly TransactionEvent[],
): { from: JournalState; to: JournalState } | undefined {
  const [first] = events;
  if (first === undefined || first === 'begun') return undefined;
  if (first === 'committed') return { from: 'running', to: 'applied' };
  return { from: 'received', to: events.includes('committed') ? 'applied' : 'withdrawn' };
}
