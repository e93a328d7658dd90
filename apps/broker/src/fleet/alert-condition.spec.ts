import { describe, expect, test } from '@jest/globals';
import { conditionOf, isDue } from '#apps/broker/src/fleet/alert-condition.js';
import type { FleetRow } from '#apps/broker/src/fleet/fleet-row.js';
import { isOpenAt, openForMs } from '#apps/broker/src/fleet/opening-hours.js';
import type { AlertKind, OpeningHours } from '#libs/console-api/operator.js';

const MINUTE = 60_000;
const at = (moment: string): number => Date.parse(moment);

/** Weekdays eight to six in Sydney, where clocks went back on Sunday 5 April 2026 and forward on 4 October. */
const clinic: OpeningHours = {
  timeZone: 'Australia/Sydney',
  windows: [{ days: [1, 2, 3, 4, 5], from: '08:00', to: '18:00' }],
};
/** Runs over midnight, and over both changes of the clock. */
const night: OpeningHours = {
  timeZone: 'Australia/Sydney',
  windows: [{ days: [6, 7], from: '22:00', to: '06:00' }],
};

const row = (facts: Partial<FleetRow>): FleetRow =>
  ({
    registry: 'active',
    state: 'online',
    cause: 'healthy',
    state_since: new Date(at('2026-05-04T00:00:00Z')),
    database: 'ok',
    database_since: null,
    certificate_ends_at: null,
    clock_offset_ms: null,
    waiting: 0,
    waiting_since: null,
    ...facts,
  }) as FleetRow;

const NOW = at('2026-05-04T01:00:00Z');
const look = (kind: AlertKind, facts: Partial<FleetRow>, threshold: number | null = null) =>
  conditionOf({ kind, threshold }, row(facts), NOW);

describe('the condition of an alert', () => {
  test('that an agent is away holds for who was there once, until it is back', () => {
    expect(look('agent-unreachable', { state: 'unreachable', cause: 'silent' })).toMatchObject({
      cause: 'silent',
      sinceMs: at('2026-05-04T00:00:00Z'),
    });
    expect(look('agent-unreachable', { state: 'offline', cause: 'said-goodbye' })).toBeDefined();
    expect(look('agent-unreachable', { state: 'offline', cause: 'never-joined' })).toBeUndefined();
    for (const state of ['online', 'degraded', 'quarantined', 'revoked'] as const) {
      expect(look('agent-unreachable', { state })).toBeUndefined();
    }
  });

  test('that a database does not answer counts from its first failure, and only while the link lives', () => {
    const failing = { state: 'degraded', cause: 'database-unavailable' } as const;
    const since = new Date(at('2026-05-03T22:00:00Z'));
    expect(look('data-path-failing', { ...failing, database_since: since })?.sinceMs).toBe(+since);
    expect(look('data-path-failing', { state: 'degraded', cause: 'probe-stale' })).toBeDefined();
    expect(look('data-path-failing', { state: 'degraded', cause: 'paused' })).toBeUndefined();
    expect(look('data-path-failing', { ...failing, state: 'unreachable' })).toBeUndefined();
  });

  test('of certificates, clocks, queues and quarantines holds beyond its threshold', () => {
    const ends = (hours: number) => ({ certificate_ends_at: new Date(NOW + hours * 60 * MINUTE) });
    expect(look('certificate-expiring', ends(5.9), 6)).toBeDefined();
    expect(look('certificate-expiring', ends(6.1), 6)).toBeUndefined();
    expect(look('clock-skewed', { clock_offset_ms: '-30001' }, 30)).toBeDefined();
    expect(look('clock-skewed', { clock_offset_ms: '30000' }, 30)).toBeUndefined();
    const since = new Date(NOW - MINUTE);
    expect(look('queue-growing', { waiting: 20, waiting_since: since }, 20)?.sinceMs).toBe(+since);
    expect(look('queue-growing', { waiting: 19, waiting_since: since }, 20)).toBeUndefined();
    expect(look('agent-quarantined', { state: 'quarantined' })).toBeDefined();
    expect(look('agent-quarantined', {})).toBeUndefined();
  });
});

describe('the condition that an end of access is not confirmed', () => {
  const since = new Date(NOW - MINUTE);

  test('lasts from the oldest that waits on, and none of an agent that was revoked', () => {
    const isMissing = (facts: Partial<FleetRow>) => look('revocation-unconfirmed', facts);
    expect(isMissing({ ending_since: since })?.sinceMs).toBe(+since);
    expect(isMissing({ ending_since: null })).toBeUndefined();
    expect(isMissing({ ending_since: since, registry: 'revoked' })).toBeUndefined();
  });
});

describe('opening hours', () => {
  test('follow the wall clock of the site over both changes of the clock', () => {
    // Eight in the morning is 21:00 UTC of the day before in summer, 22:00 in winter.
    expect(isOpenAt([clinic], at('2026-04-01T21:00:00Z'))).toBe(true);
    expect(isOpenAt([clinic], at('2026-04-05T21:30:00Z'))).toBe(false);
    expect(isOpenAt([clinic], at('2026-04-05T22:00:00Z'))).toBe(true);
    expect(isOpenAt([clinic], at('2026-10-04T20:59:00Z'))).toBe(false);
    expect(isOpenAt([clinic], at('2026-10-04T21:00:00Z'))).toBe(true);
    // A public servant's Saturday.
    expect(isOpenAt([clinic], at('2026-05-02T02:00:00Z'))).toBe(false);
  });

  test('count the hour that comes twice twice, and the one that is left out not at all', () => {
    const hours = (from: string, to: string) =>
      openForMs([night], at(from), at(to), Infinity) / (60 * MINUTE);
    // Saturday 22:00 (UTC+11) to Sunday 05:59 (UTC+10): nine hours, all but a minute.
    expect(hours('2026-04-04T08:00:00Z', '2026-04-04T19:59:00Z')).toBeCloseTo(8.98, 1);
    // Saturday 22:00 (UTC+10) to Sunday 05:59 (UTC+11): seven.
    expect(hours('2026-10-03T08:00:00Z', '2026-10-03T18:59:00Z')).toBeCloseTo(6.98, 1);
  });

  test('of several sites are open while one is; a site without hours always is', () => {
    const sunday = at('2026-05-03T02:00:00Z');
    expect(isOpenAt([clinic], sunday)).toBe(false);
    expect(isOpenAt([clinic, undefined], sunday)).toBe(true);
    expect(isOpenAt([clinic, { ...clinic, windows: [] }], sunday)).toBe(true);
    expect(isOpenAt([], sunday)).toBe(true);
  });
});

describe('a rule that keeps hours', () => {
  const terms = { afterMs: 10 * MINUTE, keepsHours: true };
  const due = (since: string, now: string, hours: (OpeningHours | undefined)[] = [clinic]) =>
    isDue(terms, { sinceMs: at(since), cause: 'silent' }, hours, at(now));

  test('does not take a clinic that shuts down at night for an outage', () => {
    const shutDown = '2026-05-04T08:05:00Z'; // Monday 18:05
    expect(due(shutDown, '2026-05-04T12:00:00Z')).toBe(false);
    expect(due(shutDown, '2026-05-04T21:59:00Z')).toBe(false);
    // It opens at eight: ten minutes later somebody is told.
    expect(due(shutDown, '2026-05-04T22:09:00Z')).toBe(false);
    expect(due(shutDown, '2026-05-04T22:10:00Z')).toBe(true);
  });

  test('counts from the trouble where that begins while it is open', () => {
    const noon = '2026-05-04T02:00:00Z';
    expect(due(noon, '2026-05-04T02:09:59Z')).toBe(false);
    expect(due(noon, '2026-05-04T02:10:00Z')).toBe(true);
    expect(due(noon, '2026-05-04T07:59:00Z')).toBe(true);
    // Six in the evening: nobody is there to be told any more.
    expect(due(noon, '2026-05-04T08:00:00Z')).toBe(false);
    expect(due(noon, '2026-05-04T09:00:00Z')).toBe(false);
    expect(due(noon, '2026-05-04T09:00:00Z', [undefined])).toBe(true);
  });

  test('that alarms at once does so in the hours, and waits for them outside', () => {
    const atOnce = { afterMs: 0, keepsHours: true };
    const condition = { sinceMs: NOW, cause: 'clock-skewed' };
    expect(isDue(atOnce, condition, [clinic], NOW)).toBe(true);
    const night9pm = at('2026-05-04T11:00:00Z');
    expect(isDue(atOnce, { ...condition, sinceMs: night9pm }, [clinic], night9pm)).toBe(false);
  });
});

describe('a closed day', () => {
  const days = { timeZone: 'Australia/Sydney', windows: [], closedDays: ['2027-01-26'] };

  test('is closed from midnight to midnight by the practice’s clock, with hours and without', () => {
    const hours = { ...days, windows: [{ days: [2], from: '08:00', to: '18:00' }] };
    for (const [moment, isOpen, isOpenWithHours] of [
      ['2027-01-25T12:59:00Z', true, false],
      ['2027-01-25T13:00:00Z', false, false],
      ['2027-01-26T00:00:00Z', false, false],
      ['2027-01-26T12:59:00Z', false, false],
      ['2027-01-26T13:00:00Z', true, false],
      ['2027-02-02T00:00:00Z', true, true],
    ] as const) {
      expect([moment, isOpenAt([days], at(moment))]).toEqual([moment, isOpen]);
      expect([moment, isOpenAt([hours], at(moment))]).toEqual([moment, isOpenWithHours]);
    }
  });

  test('is no outage, and what goes on after it counts from the next morning', () => {
    const since = at('2027-01-26T00:00:00Z');
    expect(openForMs([days], since, at('2027-01-26T06:00:00Z'), 10 * MINUTE)).toBe(0);
    expect(openForMs([days], since, at('2027-01-26T13:05:00Z'), 10 * MINUTE)).toBe(5 * MINUTE);
  });
});
