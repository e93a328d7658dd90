import { describe, expect, test } from '@jest/globals';
import { csvCell, fileText } from '#apps/broker/src/activity/activity-file.js';
import type { Act } from '#apps/broker/src/activity/read-activity.js';
import type { AuditRecord } from '#libs/audit/audit-record.js';
import {
  activityFormats,
  FILE_ENDS_EARLY,
  type ActivityEntry,
  type ActivityFormat,
} from '#libs/console-api/activity.js';

const at = '2026-03-04T05:06:07.000Z';

const anAct = (changes: Partial<ActivityEntry> = {}): Act => {
  const record: AuditRecord = { ts: at, type: 'query.executed' };
  const entry: ActivityEntry = { seq: '1', at, kind: 'records', words: 'Zz Software read data.' };
  return { entry: { ...entry, ...changes }, record, leafHash: Buffer.alloc(32, 7), purposes: [] };
};

async function* batches(acts: Act[], isCut = false): AsyncGenerator<Act[], boolean, void> {
  for (const act of acts) yield [act];
  return isCut;
}

async function textOf(format: ActivityFormat, acts: Act[], isCut = false): Promise<string> {
  const pieces = [];
  for await (const piece of fileText(format, batches(acts, isCut), 'zz.example/audit')) {
    pieces.push(piece);
  }
  return pieces.join('');
}

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

test('a table has a line for each entry and a heading', async () => {
  const csv = await textOf('csv', [anAct(), anAct({ integratorName: '=HYPERLINK("x")' })]);
  const lines = csv.slice(1).trimEnd().split('\r\n');
  expect(csv.charCodeAt(0)).toBe(0xfeff);
  expect(lines).toHaveLength(3);
  expect(lines[2]).toContain(`"'=HYPERLINK(""x"")"`);
});

test('data hold the same, a line each, without numbers that mean nothing outside', async () => {
  const lines = (await textOf('ndjson', [anAct(), anAct()])).trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { at, kind: 'records', words: 'Zz Software read data.' },
    { at, kind: 'records', words: 'Zz Software read data.' },
  ]);
});

test.each(activityFormats)(
  'a file that found no more room says so at its end: %s',
  async (format) => {
    expect(await textOf(format, [anAct()])).not.toContain(FILE_ENDS_EARLY);
    const lines = (await textOf(format, [anAct()], true)).trimEnd().split('\n');
    expect(lines.at(-1)).toContain(FILE_ENDS_EARLY);
    if (format !== 'csv') expect(() => JSON.parse(lines.at(-1) ?? '')).not.toThrow();
  },
);

test.each(activityFormats)(
  'what was destroyed of its time is said at its end: %s',
  async (format) => {
    const gone = { records: 1_204, to: '2019-03-04T05:06:07.000Z' };
    let text = '';
    for await (const piece of fileText(format, batches([anAct()]), 'zz.example/audit', gone))
      text += piece;
    expect(text.trimEnd().split('\n').at(-1)).toContain(
      'Destroyed by the retention schedule: 1,204 records up to 2019-03-04.',
    );
  },
);

test('whoever leaves in the middle stops the reading', async () => {
  let isOver = false;
  async function* endless(): AsyncGenerator<Act[], boolean, void> {
    try {
      for (;;) yield [anAct()];
    } finally {
      isOver = true;
    }
  }
  for await (const _ of fileText('ndjson', endless(), 'zz.example/audit')) break;
  expect(isOver).toBe(true);
});
