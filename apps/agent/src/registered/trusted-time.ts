/**
 * What time it truly is, between two answers of the broker. The broker's time plus what the
 * monotonic clock counted since is the least it can be, for that clock never counts too much. The
 * machine's own clock also knows of a sleep, but somebody may have set it: where it is ahead, that
 * is the most it can be. While the two disagree nothing is decided that only one of them supports,
 * and the broker is asked.
 */
import type { Timeline } from '#apps/agent/src/registered/timeline.js';

export class TrustedTime {
  private anchor: { trueMs: number; wallMs: number; monotonicMs: number };

  /** Until the true time is heard, the machine's own clock is believed. */
  constructor(private readonly timeline: Timeline) {
    this.anchor = this.at(timeline.wallMs());
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

  private at(trueMs: number) {
    const { timeline } = this;
    return { trueMs, wallMs: timeline.wallMs(), monotonicMs: timeline.monotonicMs() };
  }
}
