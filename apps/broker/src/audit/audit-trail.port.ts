/** The broker's append-only record of acts. */
import type { Transaction } from 'kysely';
import type { AuditRecord } from '#libs/audit/audit-record.js';
import type { Database } from '#libs/db/schema.js';

export abstract class AuditTrail {
  /** Data-path records: buffered, written in batches within five seconds. Never blocks the caller. */
  abstract note(record: Omit<AuditRecord, 'ts'>): void;

  /**
   * Security acts: resolves when the record is stored, rejects when it cannot be; then the act must
   * not happen.
   * @param within the transaction that makes the change: record and change are stored together or
   * not at all. The embedded database has one session, so inside a transaction it must be given.
   */
  abstract record(record: Omit<AuditRecord, 'ts'>, within?: Transaction<Database>): Promise<void>;

  /** False while records cannot be stored: then nothing new may be run. */
  accepts(): boolean {
    return true;
  }
}
