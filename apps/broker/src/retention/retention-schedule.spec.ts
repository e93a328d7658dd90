/** The table itself, and that docs/retention.md says what it says. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { recordSources } from '#apps/broker/src/retention/due-records.js';
import {
  keptRecords,
  retentionSchedule,
  ruleName,
  sweptRecords,
} from '#apps/broker/src/retention/retention-schedule.js';
import { RETENTION_WAIT_DAYS, retentionKinds } from '#libs/console-api/retention.js';

const document = readFileSync(new URL('../../../../docs/retention.md', import.meta.url), 'utf8');
/** Cells without the padding that the formatter gives them. */
const rows = document
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

const periodOf = (days: number): string =>
  days >= 730 ? `${Math.floor(days / 365.25)} years` : `${days} days`;

describe('the schedule', () => {
  test.each(retentionKinds)('has one rule for %s, with room for its waiting time', (kind) => {
    const { days, longestDays, version, what, basis, from } = retentionSchedule[kind];
    expect(recordSources[kind]).toBeDefined();
    expect(days).toBeGreaterThan(RETENTION_WAIT_DAYS);
    expect(longestDays ?? days + 1).toBeGreaterThan(days);
    expect(Number.isSafeInteger(days) && version >= 1).toBe(true);
    for (const words of [what, basis, from]) expect(words.length).toBeGreaterThan(5);
  });

  test.each(retentionKinds)('is told in the document: %s', (kind) => {
    const { what, days, from, basis, action, version, longestDays } = retentionSchedule[kind];
    const longest = longestDays === undefined ? 'no choice' : `up to ${periodOf(longestDays)}`;
    const does = action === 'destroyed' ? 'destroyed' : 'the name is erased';
    const row = [what, `${periodOf(days)} after ${from}`, does, longest, basis];
    expect(rows).toContainEqual([`\`${ruleName(kind, version)}\``, ...row]);
  });

  test('is told in the document with what goes by itself and what stays, and nothing else', () => {
    const others = [...sweptRecords, ...keptRecords];
    for (const { what, howLong, why } of others) expect(rows).toContainEqual([what, howLong, why]);
    const told = rows.filter(([, howLong]) => others.some((one) => one.howLong === howLong));
    expect(told).toHaveLength(others.length);
    expect(rows.filter(([rule]) => /^`[a-z-]+\/\d+`$/.test(rule ?? ''))).toHaveLength(
      retentionKinds.length,
    );
  });
});
