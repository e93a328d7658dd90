import { expect, test } from '@jest/globals';
import { RefusalLog, refusalLogLimit } from '#apps/agent/src/grants/refusal-log.js';
import { MemoryEventLog } from '#apps/agent/src/logging/event-log.js';
import { FixedClock } from '#libs/kernel/clock.js';

const refused = { code: 'GRANT_INVALID', reason: 'site' } as const;

test('a flood of refused grants is a few lines a minute, and the next line says how many were not said', () => {
  const log = new MemoryEventLog();
  const clock = new FixedClock(0);
  const refusals = new RefusalLog(log, clock);
  for (let n = 0; n < 1_000; n += 1) refusals.write(refused);
  expect(log.lines).toHaveLength(refusalLogLimit.lines);
  expect(log.lines.at(-1)).toEqual({ event: 'grant.refused', fields: refused });

  clock.advance(refusalLogLimit.withinMs - 1);
  refusals.write(refused);
  expect(log.lines).toHaveLength(refusalLogLimit.lines);

  clock.advance(1);
  refusals.write(refused);
  refusals.write(refused);
  const unsaid = 1_001 - refusalLogLimit.lines;
  expect(log.lines.slice(-2)).toEqual([
    { event: 'grant.refused', fields: { ...refused, unsaid } },
    { event: 'grant.refused', fields: refused },
  ]);
});

test('a clock that was set back silences it for no longer than a minute', () => {
  const log = new MemoryEventLog();
  const clock = new FixedClock(Date.parse('2030-01-01T00:00:00Z'));
  const refusals = new RefusalLog(log, clock);
  for (let n = 0; n < 100; n += 1) refusals.write(refused);
  clock.advance(-365 * 86_400_000);
  refusals.write(refused);
  expect(log.lines).toHaveLength(refusalLogLimit.lines + 1);
});
