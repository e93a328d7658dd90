import { describe, expect, test } from '@jest/globals';
import {
  activityCsv,
  activityJson,
  csvCell,
} from '#apps/broker/src/practice-desk/activity-file.js';
import type { ActivityEntry } from '#libs/console-api/practice.js';

const entry = (changes: Partial<ActivityEntry> = {}): ActivityEntry => ({
  seq: '1',
  at: '2026-03-04T05:06:07.000Z',
  kind: 'records',
  words: 'Zz Software read data.',
  ...changes,
});

describe('a cell of CSV', () => {
  test.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', ' =1', '|calc', '%x', '\u00a0=1'])(
    'that a spreadsheet would run is text: %j',
    (value) => {
      expect(csvCell(value)).toBe(`"'${value}"`);
    },
  );

  test('keeps quotes, commas and line ends within it', () => {
    expect(csvCell('a "b", c\nd')).toBe('"a ""b"", c\nd"');
    expect(csvCell("O'Brien-Þór 🦘")).toBe('"O\'Brien-Þór 🦘"');
  });
});

test('a file has a line for each entry and a heading', () => {
  const csv = activityCsv([entry(), entry({ integratorName: '=HYPERLINK("x")' })]);
  const lines = csv.slice(1).trimEnd().split('\r\n');
  expect(csv.charCodeAt(0)).toBe(0xfeff);
  expect(lines).toHaveLength(3);
  expect(lines[2]).toContain(`"'=HYPERLINK(""x"")"`);
});

test('JSON holds the same without numbers that mean nothing outside', () => {
  expect(JSON.parse(activityJson([entry()]))).toEqual([
    { at: '2026-03-04T05:06:07.000Z', kind: 'records', words: 'Zz Software read data.' },
  ]);
});
