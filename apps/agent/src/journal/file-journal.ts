/**
 * The journal on disk. Data-path records wait in memory until there are 1,024 or five seconds have
 * passed; a security act waits for the disk. When the disk refuses, what was noted is kept and tried
 * again each second, and after five seconds `writable` turns false: from then on nothing is run,
 * because what is run could not be shown later. It turns false too while the disk is nearly full, and
 * refusals are bounded, so that whoever sends queries can't fill the practice's disk with records.
 */
import { statfs } from 'node:fs/promises';

import { wellFormed } from '#libs/audit/audit-leaf.js';
import { auditLine, type ExactCounts } from '#libs/audit/audit-line.js';
import type { AuditRecord } from '#libs/audit/audit-record.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import type { Clock } from '#libs/kernel/clock.js';
import { mapInSteps } from '#libs/kernel/in-steps.js';
import { oneByOne } from '#libs/kernel/turns.js';
import type { AgentLog } from '#apps/agent/src/journal/agent-log.js';
import { Journal } from '#apps/agent/src/journal/journal.port.js';
import { RefusalLimit } from '#apps/agent/src/journal/refusal-limit.js';

export const journalTiming = {
  batchRecords: 1_024,
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

/** What becomes a line when it is written: a batch of them is made at a third of the cost of as many single ones. */
interface Noted {
  record: Omit<AuditRecord, 'ts'>;
  exact?: ExactCounts | undefined;
  atMs: number;
}

export class FileJournal extends Journal {
  private waiting: Noted[] = [];
  private timer: NodeJS.Timeout | undefined;
  /** Full batches are being written. */
  private isDraining = false;
  /** By the machine's own clock, which nobody sets back; so are the others. */
  private failingSinceMs: number | undefined;
  /** When the batch that is being written was given to the disk. */
  private writingSinceMs: number | undefined;
  /** One write after the other, in the order of the calls. */
  private readonly inTurn = oneByOne();
  private closed = false;
  private isNearlyFull = false;
  private lookedAtMs = -Infinity;
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
   * False once the disk has refused, or has not answered, for longer than the grace, while it is nearly full, and while too
   * much waits: then no query may start.
   */
  get writable(): boolean {
    if (!this.hasRoom) return false;
    const beganMs = this.failingSinceMs ?? this.writingSinceMs;
    return beganMs === undefined || performance.now() - beganMs < journalTiming.graceMs;
  }

  private get hasRoom(): boolean {
    return !this.isNearlyFull && this.waiting.length < journalTiming.maxWaiting;
  }

  override note(record: Omit<AuditRecord, 'ts'>, exact?: ExactCounts): void {
    const isRefusal = record.outcome === 'refused';
    if (isRefusal && !this.refusals.keeps(record, this.clock.now(), this.hasRoom))
      return this.wake(journalTiming.batchMs);
    this.waiting.push({ record, exact, atMs: this.clock.now() });
    const isFull = this.waiting.length >= journalTiming.batchRecords;
    if (isFull && this.failingSinceMs === undefined) this.drain();
    else this.wake(journalTiming.batchMs);
  }

  override async record(record: Omit<AuditRecord, 'ts'>): Promise<void> {
    const line = lineOf({ record, atMs: this.clock.now() });
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
    await this.inTurn(async () => {
      await this.lookAtDisk();
      await this.writeWaiting(1);
    });
    if (this.refusals.isOwing) this.wake(journalTiming.batchMs);
  }

  private sumUp(nowMs: number): void {
    const atMs = this.clock.now();
    this.waiting.push(...this.refusals.due(nowMs).map((record) => ({ record, atMs })));
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

  /** Full batches, back to back; what comes meanwhile, short of a batch, waits for the time. */
  private drain(): void {
    if (this.isDraining) return;
    this.isDraining = true;
    void this.inTurn(async () => {
      if (performance.now() - this.lookedAtMs >= journalTiming.retryMs) await this.lookAtDisk();
      await this.writeWaiting(journalTiming.batchRecords);
    }).finally(() => {
      this.isDraining = false;
      if (this.waiting.length > 0) this.wake(journalTiming.batchMs);
    });
  }

  /** @param least leaves fewer than these where they are */
  private async writeWaiting(least: number): Promise<void> {
    while (this.waiting.length >= least) {
      const batch = this.waiting.slice(0, journalTiming.batchRecords);
      this.writingSinceMs = performance.now();
      try {
        await this.segments.append(await mapInSteps(batch, lineOf));
      } catch {
        this.failingSinceMs ??= performance.now();
        clearTimeout(this.timer);
        this.timer = undefined;
        this.wake(journalTiming.retryMs);
        return;
      } finally {
        this.writingSinceMs = undefined;
      }
      this.failingSinceMs = undefined;
      this.waiting = this.waiting.slice(batch.length);
    }
  }

  /** A disk whose room can't be told counts as one with room: the writing itself will tell. */
  private async lookAtDisk(): Promise<void> {
    const free = await this.freeBytes().catch(() => Infinity);
    this.lookedAtMs = performance.now();
    this.isNearlyFull = free < journalTiming.reserveBytes;
    if (this.isNearlyFull) this.wake(journalTiming.retryMs);
  }

  private wake(afterMs: number): void {
    if (this.closed) return;
    this.timer ??= setTimeout(() => void this.flush(), afterMs).unref();
  }
}

/** What ran is written down whatever its ids hold: nobody but whoever sent them has the say in that. */
function lineOf({ record, exact, atMs }: Noted): string {
  const ts = new Date(atMs).toISOString();
  try {
    return auditLine(record, ts, exact);
  } catch {
    return auditLine(wellFormed(record), ts, exact);
  }
}
