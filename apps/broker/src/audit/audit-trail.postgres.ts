/**
 * The audit trail in the broker's own database: data-path records wait at most a second and travel
 * up to 256 at a time; security acts are stored before they happen. When nothing could be written
 * for five seconds, `accepts()` turns false and no query is dispatched until it can.
 */
import { randomBytes } from 'node:crypto';
import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { Kysely, sql, type Transaction } from 'kysely';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { EventLog } from '#apps/broker/src/logging/event-log.js';
import { auditLeaf } from '#libs/audit/audit-leaf.js';
import type { AuditRecord } from '#libs/audit/audit-record.js';
import { leafHash } from '#libs/audit/tree-hash.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';

export const auditLimits = {
  batchRecords: 256,
  batchWaitMs: 1_000,
  /** Without a successful write for so long, dispatch stops. */
  stallMs: 5_000,
  retryMs: 500,
  /** Memory's bound; five seconds of a busy node are far below it. Nothing is dispatched at it. */
  waitingRecords: 100_000,
};

type NewRecord = Omit<AuditRecord, 'ts'>;

/** What takes the stored records into the log. */
interface Follower {
  /** False: they wait, and nobody gets them in. */
  keepsUp(): boolean;
  /** That many were stored in one go. */
  stored(records: number): void;
}

const SALT_BYTES = 16;

@Injectable()
export class StoredAuditTrail extends AuditTrail implements BeforeApplicationShutdown {
  private waiting: AuditRecord[] = [];
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> | undefined;
  /** When the oldest failure of the present row of failures happened. */
  private failingSince: number | undefined;
  private stalled = false;
  private dropped = 0;
  private follower: Follower | undefined;

  constructor(
    private readonly kysely: Kysely<Database>,
    private readonly clock: Clock,
    private readonly log: EventLog,
  ) {
    super();
  }

  follow(follower: Follower): void {
    this.follower = follower;
  }

  override note(record: NewRecord): void {
    // What was dispatched is always kept: `accepts` bounds it. Refusals go on while the store is
    // away, so beyond the bound they are only counted.
    if (this.waiting.length >= auditLimits.waitingRecords && isRefusal(record)) {
      this.dropped += 1;
      return;
    }
    this.waiting.push(this.stamp(record));
    if (this.writing || this.failingSince !== undefined) return;
    if (this.waiting.length >= auditLimits.batchRecords) this.start();
    else this.timer ??= this.startAfter(auditLimits.batchWaitMs);
  }

  override async record(record: NewRecord, within?: Transaction<Database>): Promise<void> {
    try {
      await insert(within ?? this.kysely, [this.stamp(record)]);
    } catch (error) {
      throw new ConduitError('AUDIT_UNAVAILABLE', { cause: error });
    }
  }

  override accepts(): boolean {
    if (this.follower && !this.follower.keepsUp()) return false;
    const full = this.waiting.length >= auditLimits.waitingRecords;
    if (this.failingSince === undefined && !full) return true;
    const sinceMs = this.clock.now() - (this.failingSince ?? this.clock.now());
    if (sinceMs <= auditLimits.stallMs && !full) return true;
    if (!this.stalled) this.log.write('audit.stalled', { sinceMs, waiting: this.waiting.length });
    this.stalled = true;
    return false;
  }

  /** Writes what waits. Rejects only if the last try fails. */
  async flush(): Promise<void> {
    await this.writing;
    clearTimeout(this.timer);
    this.timer = undefined;
    while (this.waiting.length > 0) await this.writeBatch();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.flush().catch(() => undefined);
    clearTimeout(this.timer);
  }

  private stamp(record: NewRecord): AuditRecord {
    const salt = randomBytes(SALT_BYTES).toString('base64url');
    return { ...record, salt, ts: new Date(this.clock.now()).toISOString() };
  }

  private startAfter(ms: number): NodeJS.Timeout {
    const timer = setTimeout(() => this.start(), ms);
    timer.unref();
    return timer;
  }

  private start(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.writing) return;
    this.writing = this.drain().finally(() => {
      this.writing = undefined;
      if (this.waiting.length > 0) {
        const waitMs =
          this.failingSince === undefined ? auditLimits.batchWaitMs : auditLimits.retryMs;
        this.timer ??= this.startAfter(waitMs);
      }
    });
  }

  /** Full batches back to back; a remainder below a batch waits for the clock. */
  private async drain(): Promise<void> {
    do {
      try {
        await this.writeBatch();
      } catch {
        this.failingSince ??= this.clock.now();
        return;
      }
    } while (this.waiting.length >= auditLimits.batchRecords);
  }

  private async writeBatch(): Promise<void> {
    const batch = this.waiting.slice(0, auditLimits.batchRecords);
    await insert(this.kysely, batch);
    this.waiting = this.waiting.slice(batch.length);
    this.follower?.stored(batch.length);
    if (this.stalled || this.dropped > 0) {
      this.log.write('audit.recovered', { written: batch.length, dropped: this.dropped });
      this.dropped = 0;
    }
    this.stalled = false;
    this.failingSince = undefined;
  }
}

const isRefusal = ({ type }: NewRecord): boolean =>
  type === 'key.refused' || type === 'query.refused';

/** One statement and one parameter for the whole batch, in order. */
async function insert(database: Kysely<Database>, records: readonly AuditRecord[]): Promise<void> {
  const rows = records.map((record) => {
    const leaf = auditLeaf(record);
    return [record.ts, record.practice ?? null, leaf, leafHash(Buffer.from(leaf)).toString('hex')];
  });
  await sql`
    insert into audit_records (recorded_at, practice_id, record, leaf_hash)
    select (r ->> 0)::timestamptz, r ->> 1, r ->> 2, decode(r ->> 3, 'hex')
    from json_array_elements(${JSON.stringify(rows)}::json) with ordinality as batch (r, n)
    order by n`.execute(database);
}
