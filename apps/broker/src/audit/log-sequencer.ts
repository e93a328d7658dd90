/**
 * Keeps the log up with the records: looks every half second, and as soon as 256 were stored here.
 * Every node does; the store lets one at a time work. When records wait and the log has not moved for
 * five seconds, by anybody, nothing more is dispatched until it does.
 */
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { LogUnfit } from '#apps/broker/src/audit/log-head.js';
import { SequenceRecords } from '#apps/broker/src/audit/sequence-records.js';
import { StoredAuditTrail } from '#apps/broker/src/audit/audit-trail.postgres.js';
import { EventLog } from '#apps/broker/src/logging/event-log.js';
import { coalesce } from '#libs/kernel/coalesce.js';

export const sequencerLimits = {
  lookMs: 500,
  /** Stored by this node: then it does not wait for the clock. */
  records: 256,
  stallMs: 5_000,
};

@Injectable()
export class LogSequencer implements OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private stored = 0;
  private lastSize = -1;
  /** By the machine's own clock, which nobody sets back. */
  private stuckSinceMs: number | undefined;
  /** Since when a look has found something waiting and got nothing in: the store may not answer. */
  private tryingSinceMs: number | undefined;
  private told = false;

  constructor(
    private readonly step: SequenceRecords,
    private readonly trail: StoredAuditTrail,
    private readonly log: EventLog,
  ) {}

  start(): void {
    this.trail.follow({
      keepsUp: () => this.keepsUp(),
      store: (records) => this.step.store(records),
      stored: (records) => this.noteStored(records),
    });
    this.timer = setInterval(() => void this.look(), sequencerLimits.lookMs).unref();
  }

  /** After the trail has stored its last records. */
  async onApplicationShutdown(): Promise<void> {
    if (!this.timer) return;
    clearInterval(this.timer);
    await this.look();
  }

  /** False while records wait and nobody gets them into the log. */
  keepsUp(): boolean {
    const sinceMs = this.stuckSinceMs ?? this.tryingSinceMs;
    return sinceMs === undefined || performance.now() - sinceMs <= sequencerLimits.stallMs;
  }

  /** Sequences all that waits. Never rejects; a look that begins after the call has ended when it resolves. */
  readonly look = coalesce(async () => {
    this.stored = 0;
    // A store that is away altogether is the trail's to notice: it has the records meanwhile.
    const isWaiting = await this.step.anyWaiting().catch(() => undefined);
    if (isWaiting === undefined) return;
    this.tryingSinceMs = performance.now();
    try {
      const size = await this.advance();
      if (size !== undefined && size === this.lastSize) this.noteStuck('idle');
      else this.noteMoved(size);
    } catch (error) {
      this.noteStuck(error instanceof LogUnfit ? error.reason : 'unavailable', this.tryingSinceMs);
    } finally {
      this.tryingSinceMs = undefined;
    }
  });

  /** @returns undefined: nothing is left waiting; else the size of the log, which another node continues */
  private async advance(): Promise<number | undefined> {
    for (;;) {
      const step = await this.step.execute();
      if (step.state === 'advanced') this.noteMoved(step.size);
      else return step.state === 'elsewhere' ? this.step.size() : undefined;
    }
  }

  private noteStored(records: number): void {
    this.stored += records;
    if (this.stored >= sequencerLimits.records) void this.look();
  }

  private noteMoved(size: number | undefined): void {
    if (size !== undefined) this.lastSize = size;
    this.stuckSinceMs = undefined;
    this.tryingSinceMs &&= performance.now();
    if (this.told) this.log.write('audit-log.recovered', { size: this.lastSize });
    this.told = false;
  }

  private noteStuck(
    reason: 'idle' | 'unavailable' | LogUnfit['reason'],
    sinceMachineMs = performance.now(),
  ): void {
    this.stuckSinceMs ??= sinceMachineMs;
    const sinceMs = Math.round(performance.now() - this.stuckSinceMs);
    if (this.told || sinceMs <= sequencerLimits.stallMs) return;
    this.log.write('audit-log.stalled', { reason, sinceMs });
    this.told = true;
  }
}
