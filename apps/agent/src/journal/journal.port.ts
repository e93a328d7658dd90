/** The agent's own append-only record of what it executed and refused, kept on the practice's server. */
import type { ExactCounts } from '#libs/audit/audit-line.js';
import type { AuditRecord } from '#libs/audit/audit-record.js';

export abstract class Journal {
  /**
   * Data-path records: buffered, on disk within five seconds.
   * @param exact stays on this server: the record has only a hash of it
   */
  abstract note(record: Omit<AuditRecord, 'ts'>, exact?: ExactCounts): void;

  /** Security acts: resolves when on disk (fsync), rejects otherwise; then the act must not happen. */
  abstract record(record: Omit<AuditRecord, 'ts'>): Promise<void>;
}
