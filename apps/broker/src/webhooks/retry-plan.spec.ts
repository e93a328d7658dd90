import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  maxTries,
  readRetryAfter,
  waitBeforeNextTry,
} from '#apps/broker/src/webhooks/retry-plan.js';

const failed = (statusCode?: number, retryAfterMs?: number) => ({
  error: 'status-refused' as const,
  durationMs: 1,
  ...(statusCode !== undefined && { statusCode }),
  ...(retryAfterMs !== undefined && { retryAfterMs }),
});

describe('the wait before the next try', () => {
  test('is drawn between five seconds and three times the last wait', () => {
    expect(waitBeforeNextTry(failed(500), 1, 0, () => 0.9)).toBe(5_000);
    expect(waitBeforeNextTry(failed(500), 2, 5_000, () => 0)).toBe(5_000);
    expect(waitBeforeNextTry(failed(500), 2, 5_000, () => 1)).toBe(15_000);
    expect(waitBeforeNextTry(failed(500), 2, 5_000, () => 0.5)).toBe(10_000);
  });

  test('is never longer than ninety minutes, whatever the receiver asks for', () => {
    expect(waitBeforeNextTry(failed(503), 9, 90 * 60_000, () => 1)).toBe(90 * 60_000);
    expect(waitBeforeNextTry(failed(429, 7 * 86_400_000), 1, 0)).toBe(90 * 60_000);
  });

  test('is as long as the receiver asks for', () => {
    expect(waitBeforeNextTry(failed(429, 60_000), 1, 0)).toBe(60_000);
    expect(waitBeforeNextTry(failed(503, 1), 1, 0)).toBe(5_000);
  });

  test.each([400, 401, 403, 404, 405, 409, 410, 422, 451])('does not exist after %i', (status) =>
    expect(waitBeforeNextTry(failed(status), 1, 0)).toBeUndefined(),
  );
  test.each([undefined, 101, 301, 408, 429, 500, 502, 503, 504])('exists after %s', (status) =>
    expect(waitBeforeNextTry(failed(status), 1, 0)).toBeGreaterThanOrEqual(5_000),
  );
  test('does not exist after the tenth try', () => {
    expect(waitBeforeNextTry(failed(500), maxTries - 1, 5_000)).toBeDefined();
    expect(waitBeforeNextTry(failed(500), maxTries, 5_000)).toBeUndefined();
  });

  test('stays within its bounds whatever happened before', () => {
    fc.assert(
      fc.property(
        fc.nat(10_000_000),
        fc.nat(),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (last, asked, drawn) => {
          const wait = waitBeforeNextTry(failed(429, asked), 1, last, () => drawn) as number;
          expect(wait).toBeGreaterThanOrEqual(5_000);
          expect(wait).toBeLessThanOrEqual(90 * 60_000);
        },
      ),
    );
  });
});

test('Retry-After is read as seconds or as a date, and nothing else', () => {
  const nowMs = Date.parse('2026-03-04T00:00:00Z');
  expect(readRetryAfter('120', nowMs)).toBe(120_000);
  expect(readRetryAfter('Wed, 04 Mar 2026 00:01:00 GMT', nowMs)).toBe(60_000);
  expect(readRetryAfter('Wed, 04 Mar 2020 00:01:00 GMT', nowMs)).toBe(0);
  for (const odd of [undefined, '', 'soon', '-5', '1e99', '9'.repeat(40)]) {
    expect(readRetryAfter(odd, nowMs)).toBeUndefined();
  }
});
