/**
 * Queries a minute for each grant. It is kept here, where all of a site's queries arrive whichever
 * broker node took them, so the practice's limit holds exactly.
 */
import { ConduitError } from '#libs/errors/conduit-error.js';
import type { Clock } from '#libs/kernel/clock.js';

const MINUTE_MS = 60_000;

interface Allowance {
  tokens: number;
  atMs: number;
}

export class MinuteLimit {
  private readonly allowances = new Map<string, Allowance>();

  constructor(private readonly clock: Clock) {}

  /**
   * Counts one query. The allowance refills evenly and is never more than one minute's worth.
   * @throws ConduitError RATE_LIMITED with the milliseconds until the next one is allowed
   */
  count(grantId: string, perMinute: number | undefined): void {
    if (perMinute === undefined) return;
    const nowMs = this.clock.now();
    const before = this.allowances.get(grantId) ?? { tokens: perMinute, atMs: nowMs };
    // A clock that was set back must not refill, nor hold the allowance for ever.
    const passedMs = Math.max(0, nowMs - before.atMs);
    const tokens = Math.min(perMinute, before.tokens + (passedMs * perMinute) / MINUTE_MS);
    const isAllowed = tokens >= 1;
    this.allowances.set(grantId, { tokens: isAllowed ? tokens - 1 : tokens, atMs: nowMs });
    if (isAllowed) return;
    const retryAfterMs = Math.ceil(((1 - tokens) * MINUTE_MS) / Math.max(1, perMinute));
    throw new ConduitError('RATE_LIMITED', {
      facts: { retryAfterMs, limit: perMinute, unit: 'queries per minute' },
    });
  }
}
