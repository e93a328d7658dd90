import { describe, expect, test } from '@jest/globals';
import { startOfDayMs } from '#apps/broker/src/practice-desk/start-of-day.js';

const at = (now: string, zone: string): string =>
  new Date(startOfDayMs(Date.parse(now), zone)).toISOString();

describe('the day at a practice begins', () => {
  test.each([
    ['2026-03-04T05:00:00.000Z', 'Australia/Sydney', '2026-03-03T13:00:00.000Z'],
    ['2026-03-04T12:59:59.999Z', 'Australia/Sydney', '2026-03-03T13:00:00.000Z'],
    ['2026-03-04T13:00:00.000Z', 'Australia/Sydney', '2026-03-04T13:00:00.000Z'],
    ['2026-07-04T05:00:00.000Z', 'Australia/Darwin', '2026-07-03T14:30:00.000Z'],
    ['2026-07-04T05:00:00.000Z', 'Australia/Perth', '2026-07-03T16:00:00.000Z'],
  ])('of %s in %s at %s', (now, zone, begins) => {
    expect(at(now, zone)).toBe(begins);
  });

  test('at its own midnight on the days when clocks change', () => {
    // Sydney leaves summer time on 2026-04-05 at 03:00, and takes it up on 2026-10-04 at 02:00.
    expect(at('2026-04-05T05:00:00.000Z', 'Australia/Sydney')).toBe('2026-04-04T13:00:00.000Z');
    expect(at('2026-10-04T05:00:00.000Z', 'Australia/Sydney')).toBe('2026-10-03T14:00:00.000Z');
  });
});
