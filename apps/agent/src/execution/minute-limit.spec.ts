import { describe, expect, test } from '@jest/globals';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { FixedClock } from '#libs/kernel/clock.js';
import { MinuteLimit } from '#apps/agent/src/execution/minute-limit.js';

describe('the queries of a grant in a minute', () => {
  test('are counted, refused with the time to wait, and allowed again after it', () => {
    const clock = new FixedClock(1_000_000);
    const limit = new MinuteLimit(clock);
    for (let n = 0; n < 6; n += 1) limit.count('g', 6);
    let refusal: unknown;
    try {
      limit.count('g', 6);
    } catch (error) {
      refusal = error;
    }
    expect((refusal as ConduitError).code).toBe('RATE_LIMITED');
    expect((refusal as ConduitError).facts).toMatchObject({ retryAfterMs: 10_000, limit: 6 });
    limit.count('other', 6);
    clock.advance(10_000);
    limit.count('g', 6);
    expect(() => limit.count('g', 6)).toThrow(ConduitError);
  });

  test('are not limited by a grant that does not say so', () => {
    const limit = new MinuteLimit(new FixedClock(0));
    for (let n = 0; n < 1000; n += 1) limit.count('g', undefined);
  });

  test('survive a clock that is set back', () => {
    const clock = new FixedClock(1_000_000);
    const limit = new MinuteLimit(clock);
    limit.count('g', 1);
    clock.advance(-500_000);
    expect(() => limit.count('g', 1)).toThrow(ConduitError);
    clock.advance(60_000);
    limit.count('g', 1);
  });
});
