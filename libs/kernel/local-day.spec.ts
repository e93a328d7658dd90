import { describe, expect, test } from '@jest/globals';
import {
  dateThere,
  momentThereMs,
  startOfDateMs,
  startOfDayMs,
  wallThere,
} from '#libs/kernel/local-day.js';

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

describe('a date of the calendar there', () => {
  const begins = (day: string, zone: string, later = 0) => {
    const ms = startOfDateMs(day, zone, later);
    return ms === undefined ? undefined : new Date(ms).toISOString();
  };

  test.each([
    ['2026-03-04', 'Australia/Sydney', '2026-03-03T13:00:00.000Z'],
    ['2026-03-04', 'Australia/Perth', '2026-03-03T16:00:00.000Z'],
    ['2026-03-04', 'Pacific/Auckland', '2026-03-03T11:00:00.000Z'],
    ['2026-03-04', 'America/Los_Angeles', '2026-03-04T08:00:00.000Z'],
    // The days on which Sydney's clocks change, and those after them.
    ['2026-04-05', 'Australia/Sydney', '2026-04-04T13:00:00.000Z'],
    ['2026-04-06', 'Australia/Sydney', '2026-04-05T14:00:00.000Z'],
    ['2026-10-04', 'Australia/Sydney', '2026-10-03T14:00:00.000Z'],
    ['2026-10-05', 'Australia/Sydney', '2026-10-04T13:00:00.000Z'],
    // Half an hour of summer time.
    ['2026-10-04', 'Australia/Lord_Howe', '2026-10-03T13:30:00.000Z'],
    ['2026-10-05', 'Australia/Lord_Howe', '2026-10-04T13:00:00.000Z'],
    // Clocks went from midnight to one: the day begins at one.
    ['2018-11-04', 'America/Sao_Paulo', '2018-11-04T03:00:00.000Z'],
  ])('%s in %s begins at %s', (day, zone, moment) => {
    expect(begins(day, zone)).toBe(moment);
    expect(dateThere(Date.parse(moment), zone)).toBe(day);
    expect(dateThere(Date.parse(moment) - 1_000, zone)).not.toBe(day);
  });

  test('and the one after it may be 23 or 25 hours later', () => {
    const hours = (day: string) =>
      (startOfDateMs(day, 'Australia/Sydney', 1)! - startOfDateMs(day, 'Australia/Sydney')!) /
      3_600_000;
    expect([hours('2026-04-05'), hours('2026-10-04'), hours('2026-07-01')]).toEqual([25, 23, 24]);
  });

  test('that is none is told', () => {
    for (const no of ['', 'today', '2026-02-30', '2026-13-01', '2026-3-4'])
      expect(begins(no, 'Australia/Sydney')).toBeUndefined();
  });
});

describe('what a clock on the wall shows', () => {
  test.each([
    ['2026-03-04T16:12', 'Australia/Sydney', '2026-03-04T05:12:00.000Z'],
    ['2026-07-04T00:00', 'Australia/Perth', '2026-07-03T16:00:00.000Z'],
    ['2026-04-05T03:30', 'Australia/Sydney', '2026-04-04T17:30:00.000Z'],
  ])('%s in %s is the moment %s, and back', (wall, zone, moment) => {
    const ms = momentThereMs(wall, zone) ?? NaN;
    expect(new Date(ms).toISOString()).toBe(moment);
    expect(wallThere(ms, zone)).toBe(wall);
  });

  test('is no moment where nothing readable is typed', () => {
    for (const none of ['', '2026-13-01T00:00', 'soon'])
      expect(momentThereMs(none, 'Australia/Sydney')).toBeUndefined();
  });
});
