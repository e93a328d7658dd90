/**
 * Counts wrong tries in a sliding hour, for each integrator and for all together: a wrong pairing
 * code names no row beyond its prefix, so the limit must also sit on who tries. One node's memory;
 * the lock on the code itself is in the database.
 */
import type { Clock } from '#libs/kernel/clock.js';

export const wrongTryLimits = { windowMs: 3_600_000, perIntegrator: 20, altogether: 500 } as const;

export class WrongTries {
  private tries: { integratorId: string; atMs: number }[] = [];

  constructor(private readonly clock: Clock) {}

  count(integratorId: string): void {
    this.tries.push({ integratorId, atMs: this.clock.now() });
  }

  /** Milliseconds until the integrator may try again; 0: now. */
  waitMs(integratorId: string): number {
    const nowMs = this.clock.now();
    this.tries = this.tries.filter(({ atMs }) => nowMs - atMs < wrongTryLimits.windowMs);
    const own = this.tries.filter((wrong) => wrong.integratorId === integratorId);
    const full =
      own.length >= wrongTryLimits.perIntegrator
        ? own
        : this.tries.length >= wrongTryLimits.altogether
          ? this.tries
          : undefined;
    const oldest = full?.[0];
    return oldest ? oldest.atMs + wrongTryLimits.windowMs - nowMs : 0;
  }
}
