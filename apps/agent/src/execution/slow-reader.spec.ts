/** Whose time the execution limit counts when rows stream. */
import { expect, test } from '@jest/globals';
import { limitsOf } from '#apps/agent/src/execution/query-limits.js';
import { aMeta } from '#apps/agent/src/execution/execution.fixture.js';
import type { ExecutionTimes } from '#apps/agent/src/execution/execution-clock.js';
import { RunningQuery } from '#apps/agent/src/execution/running-query.js';
import { ScriptedPmsDriver, type ScriptedAnswer } from '#apps/agent/src/pms/pms-driver.scripted.js';
import { SiteLimits } from '#apps/agent/src/agent.config.js';
import type { Grant } from '#libs/grants/grant.js';

const text = 'x'.repeat(1_000);
const columns = [{ name: 'a', type: 'varchar', nullable: false }];
const still = new AbortController().signal;

function run(answer: ScriptedAnswer, times: Partial<ExecutionTimes>): RunningQuery {
  const shape = { form: 'ndjson', resultSets: 'first', columns: false } as const;
  const command = { catalogue: 'Patients', tier: 'read', type: 'text', text: 'SELECT 1' } as const;
  return new RunningQuery({
    driver: new ScriptedPmsDriver(() => answer),
    command: { ...command, executionMode: 'reader', parameters: [] },
    shape: { ...shape, executionMode: 'reader', maxRows: Infinity, maxBytes: Infinity },
    times: { workMs: 300, totalMs: 60_000, stallMs: 60_000, ...times },
    waitedMs: 0,
    signal: still,
  });
}

const manyRows = (count: number): ScriptedAnswer => ({
  sets: [{ columns, rows: Array.from({ length: count }, () => [text]) }],
});

/** Takes a chunk now and then. @returns milliseconds it took altogether */
async function readSlowly(query: RunningQuery, everyMs: number): Promise<number> {
  const started = performance.now();
  for await (const chunk of query.sink.chunks) {
    void chunk;
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  return performance.now() - started;
}

test('a stream that flows outlives the limit while the database only waits for its reader', async () => {
  const query = run(manyRows(2_000), {});
  const tookMs = await readSlowly(query, 30);
  expect(tookMs).toBeGreaterThan(600);
  expect(await query.end).toMatchObject({ status: 'successful', rows: 2_000 });
});

test('the time that the database works counts, however fast the reader is', async () => {
  const after = (signal: AbortSignal) =>
    new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
  const query = run({ ...manyRows(1), after }, {});
  await readSlowly(query, 0);
  expect(await query.end).toMatchObject({ error: { code: 'EXECUTION_TIMEOUT' } });
});

test('a stream ends with its time altogether', async () => {
  const query = run(manyRows(100_000), { totalMs: 400 });
  await readSlowly(query, 30);
  expect(await query.end).toMatchObject({ error: { code: 'EXECUTION_TIMEOUT' } });
});

test('a reader that takes nothing is given up', async () => {
  const query = run(manyRows(2_000), { stallMs: 400 });
  const started = performance.now();
  expect(await query.end).toMatchObject({ error: { code: 'EXECUTION_TIMEOUT' } });
  expect(performance.now() - started).toBeGreaterThan(390);
});

test("only a stream may last longer than the database's time, and only as the practice allows", () => {
  const timesOf = (form: 'ndjson' | 'objects', ms?: number) =>
    limitsOf(aMeta({ form }), { limits: ms === undefined ? {} : { ms } } as Grant, new SiteLimits())
      .times;
  expect(timesOf('objects')).toMatchObject({ workMs: 60_000, totalMs: 60_000 });
  expect(timesOf('ndjson')).toMatchObject({ workMs: 60_000, totalMs: 300_000 });
  expect(timesOf('ndjson', 5_000)).toMatchObject({ workMs: 5_000, totalMs: 5_000 });
});
