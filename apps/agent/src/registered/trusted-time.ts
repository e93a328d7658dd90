/**
 * What time it truly is, between two answers of the broker. The broker's time plus what the
 * monotonic clock counted since is the least it can be, for that clock never counts too much. The
 * machine's own clock also knows of a sleep, but somebody may have set it: where it is ahead, that
 * is the most it can be. While the two disagree nothing is decided that only one of them supports,
 * and the broker is asked.
 */
import type { Timeline } from '#apps/agent/src/registered/timeline.js';

/** Clocks drift; less than this apart they agree. */
const AGREEMENT_MS = 2_000;

export class TrustedTime {
  private anchor: { trueMs: number; wallMs: number; monotonicMs: number };

  /** @param skewMs this machine's clock minus the true time, as it was last known */
  constructor(
    private readonly timeline: Timeline,
    skewMs = 0,
  ) {
    this.anchor = this.at(timeline.wallMs() - skewMs);
  }

  /** The true time has been heard, just now. */
  learn(trueMs: number): void {
    this.anchor = this.at(trueMs);
  }

  /** It is at least so late: milliseconds since the epoch. */
  earliestMs(): number {
    return this.anchor.trueMs + (this.timeline.monotonicMs() - this.anchor.monotonicMs);
  }

  /** It may be so late. */
  latestMs(): number {
    const byWall = this.anchor.trueMs + (this.timeline.wallMs() - this.anchor.wallMs);
    return Math.max(this.earliestMs(), byWall);
  }

  /** The machine slept, or its clock was set. */
  get isInDoubt(): boolean {
    return this.latestMs() - this.earliestMs() > AGREEMENT_MS;
  }

  /** This machine's clock minus the true time when it was last heard. */
  get skewMs(): number {
    return this.anchor.wallMs - this.anchor.trueMs;
  }

  private at(trueMs: number) {
    const { timeline } = this;
    return { trueMs, wallMs: timeline.wallMs(), monotonicMs: timeline.monotonicMs() };
  }
}
