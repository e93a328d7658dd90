/**
 * The journal on disk. Data-path records wait in memory until there are 256 or five seconds have
 * passed; a security act waits for the disk. When the disk refuses, what was noted is kept and tried
 * again each second, and after five seconds `writable` turns false: from then on nothing is run,
 * because what is run could not be shown later. It turns false too while the disk is nearly full, and
 * refusals are bounded, so that whoever sends queries can't fill the practice's disk with records.
 */
import { statfs } from 'node:fs/promises';

import { auditLine, type ExactCounts } from '#libs/audit/audit-line.js';
import type { AuditRecord } from '#libs/audit/audit-record.js';
import { newSalt } from '#libs/audit/record-salt.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import type { Clock } from '#libs/kernel/clock.js';
import { oneByOne } from '#libs/kernel/turns.js';
import type { AgentLog } from '#apps/agent/src/journal/agent-log.js';
import { Journal } from '#apps/agent/src/journal/journal.port.js';
import { RefusalLimit } from '#apps/agent/src/journal/refusal-limit.js';

export const journalTiming = {
  batchRecords: 256,
  batchMs: 5_000,
  retryMs: 1_000,
  graceMs: 5_000,
  /** Records in memory; beyond, refusals are only counted and no query starts. */
  maxWaiting: 10_000,
  /** Bytes of the disk that are left to the practice's other programs. */
  reserveBytes: 268_435_456,
} as const;

/** Where lines go: the agent's log, of which only this is needed here. */
export interface LineStore {
  /** On disk when it resolves. @throws the system's error; then nothing of the lines is kept */
  append(lines: readonly string[]): Promise<void>;
  prune(beforeMs: number): Promise<number>;
  close(): Promise<void>;
}

export class FileJournal extends Journal {
  private waiting: string[] = [];
  private timer: NodeJS.Timeout | undefined;
  private failingSinceMs: number | undefined;
  /** One write after the other, in the order of the calls. */
  private readonly inTurn = oneByOne();
  private closed = false;
  private isNearlyFull = false;
  private readonly refusals = new RefusalLimit();

  /** @param freeBytes room on the disk that the segments are on */
  constructor(
    private readonly segments: LineStore,
    private readonly clock: Clock,
    private readonly freeBytes: () => Promise<number> = async () => Infinity,
  ) {
    super();
  }

  /** @param folder that the log is in */
  static over(log: AgentLog, folder: string, clock: Clock): FileJournal {
    return new FileJournal(log, clock, async () => {
      const { bavail, bsize } = await statfs(folder);
      return bavail * bsize;
    });
  }

  /**
   * False once the disk has refused for longer than the grace, while it is nearly full, and while too
   * much waits: then no query may start.
   */
  get writable(): boolean {
    if (!this.hasRoom) return false;
    return (
      this.failingSinceMs === undefined ||
      this.clock.now() - this.failingSinceMs < journalTiming.graceMs
    );
  }

  private get hasRoom(): boolean {
    return !this.isNearlyFull && this.waiting.length < journalTiming.maxWaiting;
  }

  override note(record: Omit<AuditRecord, 'ts'>, exact?: ExactCounts): void {
    const isRefusal = record.outcome === 'refused';
    if (isRefusal && !this.refusals.keeps(record, this.clock.now(), this.hasRoom))
      return this.wake(journalTiming.batchMs);
    this.waiting.push(this.line(record, exact));
    if (this.waiting.length >= journalTiming.batchRecords && this.failingSinceMs === undefined)
      void this.flush();
    else this.wake(journalTiming.batchMs);
  }

  override async record(record: Omit<AuditRecord, 'ts'>): Promise<void> {
    const line = this.line(record);
    await this.inTurn(async () => {
      try {
        await this.segments.append([line]);
      } catch (cause) {
        throw new ConduitError('JOURNAL_UNAVAILABLE', { cause });
      }
    });
  }

  /** Writes what waits. Resolves when it is on disk or the disk has refused it; never rejects. */
  async flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.sumUp(this.clock.now());
    await this.inTurn(() => this.writeWaiting());
    if (this.refusals.isOwing) this.wake(journalTiming.batchMs);
  }

  private sumUp(nowMs: number): void {
    this.waiting.push(...this.refusals.due(nowMs).map((record) => this.line(record)));
  }

  /**
   * Lets go of whole segments that ended before `beforeMs`.
   * @returns how many; fewer when the disk refuses
   */
  async prune(beforeMs: number): Promise<number> {
    return this.inTurn(() => this.segments.prune(beforeMs)).catch(() => 0);
  }

  async close(): Promise<void> {
    this.sumUp(Infinity);
    await this.flush();
    this.closed = true;
    clearTimeout(this.timer);
    await this.inTurn(() => this.segments.close());
  }

  private async writeWaiting(): Promise<void> {
    await this.lookAtDisk();
    while (this.waiting.length > 0) {
      const batch = this.waiting.slice(0, journalTiming.batchRecords);
      try {
        await this.segments.append(batch);
      } catch {
        this.failingSinceMs ??= this.clock.now();
        this.wake(journalTiming.retryMs);
        return;
      }
      this.failingSinceMs = undefined;
      this.waiting.splice(0, batch.length);
    }
  }

  /** A disk whose room can't be told counts as one with room: the writing itself will tell. */
  private async lookAtDisk(): Promise<void> {
    const free = await this.freeBytes().catch(() => Infinity);
    this.isNearlyFull = free < journalTiming.reserveBytes;
    if (this.isNearlyFull) this.wake(journalTiming.retryMs);
  }

  private wake(afterMs: number): void {
    if (this.closed) return;
    this.timer ??= setTimeout(() => void this.flush(), afterMs).unref();
  }

  private line(record: Omit<AuditRecord, 'ts'>, exact?: ExactCounts): string {
    const ts = new Date(this.clock.now()).toISOString();
    return auditLine({ ts, salt: newSalt(), ...record }, exact);
  }
}
