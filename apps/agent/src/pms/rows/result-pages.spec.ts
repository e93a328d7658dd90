/** Row text in pages: where they are cut, what they hold, and what is left of them after a failure. */
import { describe, expect, test } from '@jest/globals';
import {
  ScriptedPmsDriver,
  type ScriptedAnswer,
  type ScriptedValue,
} from '#apps/agent/src/pms/pms-driver.scripted.js';
import { aCommand, anyShape } from '#apps/agent/src/pms/rows/result.fixture.js';
import { ResultWriter, type ResultShape } from '#apps/agent/src/pms/rows/result-writer.js';

const columns = [
  { name: 'n', type: 'int', nullable: false },
  { name: 'text', type: 'varchar', nullable: true },
];

function* rowsOf(count: number, bytes: number): Generator<ScriptedValue[]> {
  for (let n = 0; n < count; n += 1) yield [n, 'x'.repeat(bytes)];
}

async function pagesOf(
  answer: ScriptedAnswer,
  shape: Partial<ResultShape> = {},
): Promise<{ pages: string[]; sink: ResultWriter }> {
  const fault = new AbortController();
  const sink = new ResultWriter({ ...anyShape, form: 'pages', ...shape }, () => fault.abort());
  const reading = (async () => {
    const pages: string[] = [];
    for await (const page of sink.chunks) pages.push(page.toString());
    return pages;
  })();
  const driver = new ScriptedPmsDriver(() => answer);
  await driver.run(aCommand('SELECT 1'), sink, fault.signal).then(
    ({ failure }) => (failure === undefined ? sink.finish() : sink.fail({})),
    () => sink.fail({}),
  );
  return { pages: await reading, sink };
}

describe('pages of a result', () => {
  test('are cut after the row that passes one megabyte, and lose none', async () => {
    const { pages, sink } = await pagesOf({ sets: [{ columns, rows: rowsOf(500, 9_000) }] });
    expect(pages).toHaveLength(5);
    const rows = pages.map((page) => JSON.parse(page) as { n: number }[]);
    expect(rows.flat().map(({ n }) => n)).toEqual([...Array(500).keys()]);
    expect(rows.map(({ length }) => length)).toEqual(sink.rowsOfPages);
    for (const page of pages.slice(0, -1)) {
      expect(page.length).toBeGreaterThanOrEqual(1_000_000);
      expect(page.length).toBeLessThan(1_010_000);
    }
    expect(pages.reduce((sum, { length }) => sum + length, 0)).toBe(sink.size);
  });

  test('end with a full one when the last row fills it', async () => {
    const { pages } = await pagesOf({ sets: [{ columns, rows: rowsOf(2, 1_000_000) }] });
    expect(pages.map((page) => (JSON.parse(page) as []).length)).toEqual([1, 1]);
  });

  test('are one empty array for a reader without rows, and none for a count', async () => {
    expect((await pagesOf({ sets: [{ columns, rows: [] }] })).pages).toEqual(['[]']);
    expect((await pagesOf({})).pages).toEqual(['[]']);
    expect((await pagesOf({}, { executionMode: 'nonQuery' })).pages).toEqual([]);
  });

  test('hold the first value alone for a scalar', async () => {
    const answer = { sets: [{ columns, rows: rowsOf(3, 5) }] };
    expect((await pagesOf(answer, { executionMode: 'scalar' })).pages).toEqual(['[{"n":0}]']);
  });

  test('hold the first result set only', async () => {
    const set = () => ({ columns, rows: rowsOf(1, 1) });
    const { pages } = await pagesOf({ sets: [set(), set()] });
    expect(pages).toEqual(['[{"n":0,"text":"x"}]']);
  });

  test('that were begun are not handed on after a failure', async () => {
    const failure = { number: 8134, message: 'ZzCanary' };
    const set = { columns, rows: rowsOf(3, 600_000) };
    expect((await pagesOf({ sets: [set], failure })).pages).toHaveLength(1);
    const capped = await pagesOf({ sets: [{ columns, rows: rowsOf(3, 10) }] }, { maxRows: 2 });
    expect(capped.pages).toEqual([]);
    expect(capped.sink.fault).toBe('RESULT_ROWS_LIMIT');
  });

  test('refuse a row that no frame of the link could carry', async () => {
    const huge = { columns, rows: rowsOf(1, 64 * 1024 * 1024) };
    expect((await pagesOf({ sets: [huge] })).sink.fault).toBe('RESULT_TOO_LARGE');
    const large = { columns, rows: rowsOf(1, 40 * 1024 * 1024) };
    expect((await pagesOf({ sets: [large] })).pages).toHaveLength(1);
  });
});
