/** What every PMS driver promises, run on each of them. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ColumnFacts } from '#libs/contracts/link-messages.js';
import { sendResultSet } from '#apps/sandbox/src/tds/scripted-engine.fixture.js';
import { startTds } from '#apps/sandbox/src/tds/tds-harness.fixture.js';
import { MssqlPmsDriver } from '#apps/agent/src/pms/pms-driver.mssql.js';
import type { PmsDriver, SqlFailure } from '#apps/agent/src/pms/pms-driver.port.js';
import { ScriptedPmsDriver } from '#apps/agent/src/pms/pms-driver.scripted.js';
import { ResultWriter } from '#apps/agent/src/pms/rows/result-writer.js';
import { aCommand, anyShape, gather } from '#apps/agent/src/pms/rows/result.fixture.js';
import { aSite } from '#apps/agent/src/pms/site-settings.fixture.js';

interface Content {
  sets: { names: string[]; rows: () => Iterable<(number | null)[]> }[];
  failure?: SqlFailure;
}

interface Subject {
  driver: PmsDriver;
  answerWith(content: Content): void;
  stop(): Promise<void>;
}

async function mssql(): Promise<Subject> {
  const tds = await startTds();
  const driver = new MssqlPmsDriver(aSite(tds.port));
  return {
    driver,
    answerWith: ({ sets, failure }) => {
      tds.engine.on('ask', async ({ sink }) => {
        for (const { names, rows } of sets) {
          const columns = names.map((name) => ({
            name,
            type: { name: 'int' as const },
            nullable: true,
          }));
          await sink.columns(columns);
          for (const row of rows()) await sink.row(row);
          await sink.statementDone({ isSelect: true });
        }
        if (failure !== undefined) sink.message({ ...failure, class: 16, state: 1, line: 1 });
      });
      tds.engine.on('ask one', ({ sink }) => sendResultSet(sink, { n: { name: 'int' } }, [[1]]));
    },
    stop: async () => {
      await driver.close();
      await tds.server.close();
    },
  };
}

function scripted(): Promise<Subject> {
  let content: Content = { sets: [] };
  const facts = (name: string): ColumnFacts => ({ name, type: 'int', nullable: true });
  const one = { sets: [{ columns: [facts('n')], rows: [[1]] }] };
  const driver = new ScriptedPmsDriver(({ text }) =>
    text === 'ask one'
      ? one
      : {
          sets: content.sets.map(({ names, rows }) => ({
            columns: names.map(facts),
            rows: rows(),
          })),
          ...(content.failure === undefined ? {} : { failure: content.failure }),
        },
  );
  return Promise.resolve({
    driver,
    answerWith: (given: Content) => (content = given),
    stop: () => driver.close(),
  });
}

const numbers = (count: number) =>
  function* (): Generator<number[]> {
    for (let n = 0; n < count; n += 1) yield [n];
  };

describe.each([
  ['the SQL Server driver', mssql],
  ['the scripted driver', scripted],
])('%s', (_name, start) => {
  let subject: Subject;

  beforeAll(async () => {
    subject = await start();
  });

  afterAll(() => subject.stop());

  test('writes result sets in order, with NULL and distinct keys', async () => {
    subject.answerWith({
      sets: [
        { names: ['a', 'a', ''], rows: () => [[1, null, 3]] },
        { names: ['b'], rows: () => [] },
      ],
    });
    const { text } = await gather(subject.driver, aCommand('ask'), { resultSets: 'all' });
    expect(text).toBe('[[{"a":1,"a_2":null,"column_3":3}],[]]');
  });

  test('gives the first set alone, or its first value, when asked', async () => {
    subject.answerWith({
      sets: [
        {
          names: ['a', 'b'],
          rows: () => [
            [1, 2],
            [3, 4],
          ],
        },
        { names: ['c'], rows: () => [[5]] },
      ],
    });
    expect((await gather(subject.driver, aCommand('ask'))).text).toBe(
      '[{"a":1,"b":2},{"a":3,"b":4}]',
    );
    const scalar = aCommand('ask', { executionMode: 'scalar' });
    expect((await gather(subject.driver, scalar)).text).toBe('[{"a":1}]');
  });

  test('reports a refused statement as a value', async () => {
    subject.answerWith({ sets: [], failure: { number: 208, message: 'no such thing' } });
    const { outcome } = await gather(subject.driver, aCommand('ask'));
    expect(outcome?.failure).toEqual({ number: 208, message: 'no such thing' });
  });

  test('writes every row exactly once to a reader that is slow', async () => {
    const count = 50_000;
    subject.answerWith({ sets: [{ names: ['n'], rows: numbers(count) }] });
    const sink = new ResultWriter({ ...anyShape, form: 'ndjson' }, () => {});
    const run = subject.driver
      .run(aCommand('ask'), sink, new AbortController().signal)
      .then(() => sink.finish());
    let text = '';
    for await (const chunk of sink.chunks) {
      text += chunk.toString('latin1');
      await new Promise((resolve) => setImmediate(resolve));
    }
    await run;
    const lines = text.split('\n');
    expect(lines.length).toBe(count + 2);
    for (let n = 0; n < count; n += 1) {
      if (lines[n] !== `{"n":${n}}`) throw new Error(`row ${n} is wrong`);
    }
  });

  test('stops and stays usable when a cap is passed', async () => {
    subject.answerWith({ sets: [{ names: ['n'], rows: numbers(200_000) }] });
    const answer = await gather(subject.driver, aCommand('ask'), { form: 'ndjson', maxRows: 10 });
    expect([answer.sink.fault, answer.sink.rows]).toEqual(['RESULT_ROWS_LIMIT', 10]);
    expect((await gather(subject.driver, aCommand('ask one'))).text).toBe('[{"n":1}]');
  });

  test('runs nothing for a caller who has left already', async () => {
    const reason = new Error('gone');
    const { error } = await gather(subject.driver, aCommand('ask'), {}, AbortSignal.abort(reason));
    expect(error).toBe(reason);
  });

  test('answers a probe', async () => {
    expect(await subject.driver.probe()).toBeGreaterThanOrEqual(0);
  });

  test('takes a server that does not call itself the sandbox for a practice’s', async () => {
    expect(await subject.driver.isSandbox()).toBe(false);
  });
});
