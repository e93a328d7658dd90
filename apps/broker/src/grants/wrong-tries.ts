/**
 * Counts wrong tries in a sliding hour, for each integrator and for all together: a wrong pairing
 * code names no row beyond its prefix, so the limit must also sit on who tries. A try counts as
 * wrong from its beginning, so that many at once are no more than one after the other. One node's
 * memory; the lock on the code itself is in the database.
 */
import type { Clock } from '#libs/kernel/clock.js';

export const wrongTryLimits = {
  windowMs: 3_600_000,
  perIntegrator: 20,
  /** Beyond it everybody's tries are slowed, and nobody's are refused. */
  altogether: 500,
  pauseMs: 1_000,
} as const;

export class WrongTries {
  /** Times, oldest first; at most `perIntegrator` each. */
  private readonly byIntegrator = new Map<string, number[]>();

  constructor(private readonly clock: Clock) {}

  /** Counts a try. @returns milliseconds until the integrator may try again; 0: now, and it counts */
  begin(integratorId: string): number {
    const nowMs = this.clock.now();
    this.forget(nowMs);
    const own = this.byIntegrator.get(integratorId) ?? [];
    const [oldestMs] = own;
    if (oldestMs !== undefined && own.length >= wrongTryLimits.perIntegrator) {
      return oldestMs + wrongTryLimits.windowMs - nowMs;
    }
    this.byIntegrator.set(integratorId, [...own, nowMs]);
    return 0;
  }

  /** It was not wrong after all. */
  takeBack(integratorId: string): void {
    this.byIntegrator.get(integratorId)?.pop();
  }

  /** Of all integrators, in the last hour. */
  altogether(): number {
    this.forget(this.clock.now());
    return [...this.byIntegrator.values()].reduce((sum, own) => sum + own.length, 0);
  }

  private forget(nowMs: number): void {
    for (const [integratorId, times] of this.byIntegrator) {
      const recent = times.filter((atMs) => nowMs - atMs < wrongTryLimits.windowMs);
      if (recent.length > 0) this.byIntegrator.set(integratorId, recent);
      else this.byIntegrator.delete(integratorId);
    }
  }
}
