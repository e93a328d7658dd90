/**
 * The audit trail in the broker's own database: data-path records wait at most a second and travel
 * up to 1,024 at a time; security acts are stored before they happen. When nothing could be written
 * for five seconds, because the store refuses or because it does not answer, `accepts()` turns false and no query is
 * dispatched until it can. Those seconds are by the machine's own clock, which nobody sets back.
 */
import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { Kysely, type Transaction } from 'kysely';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { insertRecords, notYetStored } from '#apps/broker/src/audit/record-batch.js';
import { EventLog } from '#apps/broker/src/logging/event-log.js';
import type { AuditRecord } from '#libs/audit/audit-record.js';
import { newSalt } from '#libs/audit/record-salt.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';

export const auditLimits = {
  batchRecords: 1_024,
  batchWaitMs: 1_000,
  /** Without a successful write for so long, dispatch stops. */
  stallMs: 5_000,
  retryMs: 500,
  /** Memory's bound; five seconds of a busy node are far below it. Nothing is dispatched at it. */
  waitingRecords: 100_000,
};

type NewRecord = Omit<AuditRecord, 'ts'>;

interface Noted {
  record: NewRecord;
  atMs: number;
}

/** What takes the stored records into the log. */
interface Follower {
  /** False: they wait, and nobody gets them in. */
  keepsUp(): boolean;
  /**
   * Stores them and takes them in at once. @returns false: not now, they have to wait; then they are
   * not stored @throws the store's error; then they may be stored, or not
   */
  store(records: readonly AuditRecord[]): Promise<boolean>;
  /** That many were stored in one go, and wait. */
  stored(records: number): void;
}

@Injectable()
export class StoredAuditTrail extends AuditTrail implements BeforeApplicationShutdown {
  private waiting: Noted[] = [];
  /** The oldest of them, as they are written or tried again: always the same text. */
  private batch: readonly AuditRecord[] = [];
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> | undefined;
  /** When the oldest failure of the present row of failures happened. */
  private failingSinceMs: number | undefined;
  /** When the batch that is being written was given to the store. */
  private writingSinceMs: number | undefined;
  private stalled = false;
  private dropped = 0;
  private follower: Follower | undefined;
  /** A try failed whose answer may have been lost: its records may be stored. */
  private isUncertain = false;

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
    if (this.held >= auditLimits.waitingRecords && isRefusal(record)) {
      this.dropped += 1;
      return;
    }
    this.waiting.push({ record, atMs: this.clock.now() });
    if (this.writing || this.failingSinceMs !== undefined) return;
    if (this.waiting.length >= auditLimits.batchRecords) this.start();
    else this.timer ??= this.startAfter(auditLimits.batchWaitMs);
  }

  override async record(record: NewRecord, within?: Transaction<Database>): Promise<void> {
    try {
      await insertRecords(within ?? this.kysely, [stamped({ record, atMs: this.clock.now() })]);
    } catch (error) {
      throw new ConduitError('AUDIT_UNAVAILABLE', { cause: error });
    }
  }

  override accepts(): boolean {
    if (this.follower && !this.follower.keepsUp()) return false;
    const full = this.held >= auditLimits.waitingRecords;
    const beganMs = this.failingSinceMs ?? this.writingSinceMs;
    if (beganMs === undefined && !full) return true;
    const sinceMs = beganMs === undefined ? 0 : Math.round(performance.now() - beganMs);
    if (sinceMs <= auditLimits.stallMs && !full) return true;
    if (!this.stalled) this.log.write('audit.stalled', { sinceMs, waiting: this.held });
    this.stalled = true;
    return false;
  }

  /** Writes what waits. Rejects only if the last try fails. */
  async flush(): Promise<void> {
    while (this.writing) await this.writing;
    clearTimeout(this.timer);
    this.timer = undefined;
    await this.alone(async () => {
      while (this.held > 0) await this.writeBatch();
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.flush().catch(() => undefined);
    clearTimeout(this.timer);
  }

  private get held(): number {
    return this.batch.length + this.waiting.length;
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
    void this.alone(() => this.drain()).finally(() => {
      if (this.held > 0) {
        const waitMs =
          this.failingSinceMs === undefined ? auditLimits.batchWaitMs : auditLimits.retryMs;
        this.timer ??= this.startAfter(waitMs);
      }
    });
  }

  /** Two that write would write the same batch. */
  private alone(write: () => Promise<void>): Promise<void> {
    const written = write().finally(() => {
      this.writing = undefined;
    });
    this.writing = written.catch(() => undefined);
    return written;
  }

  /** Full batches back to back; a remainder below a batch waits for the clock. */
  private async drain(): Promise<void> {
    do {
      try {
        await this.writeBatch();
      } catch {
        this.failingSinceMs ??= performance.now();
        return;
      }
    } while (this.waiting.length >= auditLimits.batchRecords);
  }

  private async writeBatch(): Promise<void> {
    const more = this.waiting.slice(0, auditLimits.batchRecords - this.batch.length);
    this.waiting = this.waiting.slice(more.length);
    const batch = [...this.batch, ...more.map(stamped)];
    this.batch = batch;
    this.writingSinceMs = performance.now();
    try {
      if (!(await this.intoLog(batch))) await this.intoLine(batch);
    } finally {
      this.writingSinceMs = undefined;
    }
    this.batch = [];
    if (this.stalled || this.dropped > 0) {
      this.log.write('audit.recovered', { written: batch.length, dropped: this.dropped });
      this.dropped = 0;
    }
    this.stalled = false;
    this.failingSinceMs = undefined;
  }

  /** The short way, without a line to wait in. @returns false: it was not gone, or nobody can tell */
  private async intoLog(batch: readonly AuditRecord[]): Promise<boolean> {
    if (!this.follower || this.isUncertain) return false;
    try {
      return await this.follower.store(batch);
    } catch {
      this.isUncertain = true;
      return false;
    }
  }

  private async intoLine(batch: readonly AuditRecord[]): Promise<void> {
    const missing = this.isUncertain ? await notYetStored(this.kysely, batch) : batch;
    this.isUncertain = true;
    await insertRecords(this.kysely, missing);
    this.isUncertain = false;
    this.follower?.stored(missing.length);
  }
}

/** In this order: fields set behind a spread cost a dozen times as much. */
const stamped = ({ record, atMs }: Noted): AuditRecord => ({
  salt: newSalt(),
  ts: new Date(atMs).toISOString(),
  ...record,
});

const isRefusal = ({ type }: NewRecord): boolean => type.endsWith('.refused');
