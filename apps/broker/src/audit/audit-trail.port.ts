/** The broker's append-only record of acts. */
import type { AuditRecord } from '#libs/audit/audit-record.js';

export abstract class AuditTrail {
  /** Data-path records: buffered, written in batches within five seconds. Never blocks the caller. */
  abstract note(record: Omit<AuditRecord, 'ts'>): void;

  /** Security acts: resolves when the record is stored, rejects when it cannot be; then the act must not happen. */
  abstract record(record: Omit<AuditRecord, 'ts'>): Promise<void>;
}
