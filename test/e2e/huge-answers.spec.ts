/**
 * One value of two gigabytes, the largest that SQL Server has, and ten million rows: what they cost is
 * time, never memory. The database is a scripted one, since no other holds such a value cheaply.
 * CONDUIT_TEST_LARGE=1 runs the true sizes; without it a tenth.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sendResultSet } from '#apps/sandbox/src/tds/scripted-engine.fixture.js';
import { startTds, type Harness } from '#apps/sandbox/src/tds/tds-harness.fixture.js';
import { peakMb, resetPeak, residentMb } from '#test/bench/peak-memory.js';
import { asLines, asProblem, problemOf } from '#test/e2e/answers.fixture.js';
import { startConduit, type TestConduit } from '#test/support/start-conduit.js';

const isLarge = process.env['CONDUIT_TEST_LARGE'] === '1';
const VALUE_BYTES = isLarge ? 2 ** 31 - 1 : 200_000_000;
const ROWS = isLarge ? 10_000_000 : 500_000;
const PATIENCE_MS = isLarge ? 280_000 : 60_000;
/** What a program may grow by while it passes an answer of any size on. */
const GROWTH_MB = 96;

let tds: Harness;
let conduit: TestConduit;
/** How the scripted statements ended. */
const ends: string[] = [];

beforeAll(async () => {
  tds = await startTds();
  const value = Buffer.alloc(VALUE_BYTES);
  const ended = (statement: string, work: Promise<void>): Promise<void> =>
    work.then(
      () => void ends.push(`${statement} ran to its end`),
      (error: Error) => {
        ends.push(`${statement}: ${error.constructor.name}`);
        throw error;
      },
    );
  tds.engine
    .on('SELECT Scan FROM dbo.Huge', ({ sink }) =>
      ended(
        'value',
        sendResultSet(sink, { Scan: { name: 'varbinary', length: 'max' } }, [[value]]),
      ),
    )
    .on('SELECT n FROM dbo.Many', ({ sink }) =>
      ended('rows', sendResultSet(sink, { n: { name: 'int' } }, numbers())),
    )
    .on('SELECT 1 AS n', ({ sink }) => sendResultSet(sink, { n: { name: 'int' } }, [[1]]));
  conduit = await startConduit({
    pms: `mssql://reader:right@127.0.0.1:${tds.port}/Clinic`,
    site: { limits: { maxResultBytes: 2 ** 32, maxRows: ROWS } },
    approval: ['--rows', String(ROWS)],
    ceiling: { maxRows: ROWS, maxBytes: 2 ** 32 },
    // So that the link carries every byte, and not the few that zeros pack to.
    brokerEnv: { CONDUIT_LINK_COMPRESSION: 'auto' },
  });
}, 120_000);

afterAll(async () => {
  await conduit?.stop();
  await tds?.server.close();
});

function* numbers(): Generator<[number]> {
  for (let n = 0; n < ROWS; n++) yield [n];
}

/** Runs it and sees to it that broker and agent stay small. @returns megabytes each has grown by */
async function inLittleMemory(work: () => Promise<void>): Promise<Record<string, number>> {
  const { broker, agent } = conduit.conduit;
  const pids = { broker: broker?.pid ?? 0, agent: agent?.pid ?? 0 };
  const before = { broker: residentMb(pids.broker), agent: residentMb(pids.agent) };
  for (const pid of Object.values(pids)) resetPeak(pid);
  await work();
  const grown = {
    broker: Math.round(peakMb(pids.broker) - before.broker),
    agent: Math.round(peakMb(pids.agent) - before.agent),
  };
  expect(Math.max(grown.broker, grown.agent)).toBeLessThan(GROWTH_MB);
  return grown;
}

/** Reads a stream without keeping it. */
async function measure(text: string): Promise<{ bytes: number; lines: number; tail: string }> {
  const answer = await conduit.open('POST', `${conduit.queriesPath}/immediate`, {
    headers: asLines,
    body: { command: { text } },
  });
  expect(answer.statusCode).toBe(200);
  let bytes = 0;
  let lines = 0;
  let tail = '';
  for await (const chunk of answer.body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines += 1;
    tail = (tail + chunk.toString('latin1', Math.max(0, chunk.length - 300))).slice(-300);
  }
  return { bytes, lines, tail };
}

async function report(what: string, work: () => Promise<void>): Promise<void> {
  const startedAt = performance.now();
  const grown = await inLittleMemory(work);
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
  if (isLarge) {
    console.log(
      `${what}: ${seconds} s, broker +${grown['broker']} MB, agent +${grown['agent']} MB`,
    );
  }
}

test(
  'a value of two gigabytes streams through, whole',
  () =>
    report('value as NDJSON', async () => {
      const { bytes, lines, tail } = await measure('SELECT Scan FROM dbo.Huge');
      const base64Bytes = Math.ceil(VALUE_BYTES / 3) * 4;
      const trailer = tail.slice(tail.lastIndexOf('\n', tail.length - 2) + 1);
      expect(trailer).toMatch(/^\{"\$end":\{"rows":1,"sha256":"[0-9a-f]{64}"\}\}\n$/);
      expect(lines).toBe(2);
      expect(bytes - trailer.length).toBe(base64Bytes + '{"Scan":""}\n'.length);
      expect(ends).toEqual(['value ran to its end']);
    }),
  PATIENCE_MS,
);

test(
  'a value of two gigabytes in an answer in one piece is cut at eight megabytes and cancelled',
  () =>
    report('value in one piece', async () => {
      ends.length = 0;
      const answer = await conduit.query({ text: 'SELECT Scan FROM dbo.Huge' }, {}, '', {
        headers: asProblem,
      });
      expect([answer.status, problemOf(answer).code]).toEqual([413, 'RESULT_TOO_LARGE']);
      while (ends.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
      expect(ends).toEqual(['value: CancelledError']);
      expect(await conduit.rows('SELECT 1 AS n')).toEqual([{ n: 1 }]);
    }),
  PATIENCE_MS,
);

test(
  'ten million rows stream through, every one',
  () =>
    report('rows as NDJSON', async () => {
      const { lines, tail } = await measure('SELECT n FROM dbo.Many');
      expect(tail).toContain(`{"n":${ROWS - 1}}\n{"$end":{"rows":${ROWS},`);
      expect(lines).toBe(ROWS + 1);
    }),
  PATIENCE_MS,
);
