/** Rows as NDJSON over the whole conduit: at once, exact, no faster than their reader, gone with it. */
import { createHash } from 'node:crypto';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { brotliDecompressSync, createBrotliDecompress } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { asLines, asProblem, problemOf, residentBytes } from '#test/e2e/answers.fixture.js';
import { ClinicDatabase } from '#test/e2e/clinic-database.fixture.js';
import { startConduit, type TestConduit } from '#test/support/start-conduit.js';

const MEGABYTE = 1_048_576;
const EVERYBODY_FOUR_TIMES =
  'dbo.Patient a CROSS JOIN dbo.Patient b CROSS JOIN dbo.Patient c CROSS JOIN dbo.Patient d';
/** Runs for minutes unless something stops it. */
const ENDLESS_ROWS = `SELECT a.INTERNALID AS n, REPLICATE('z', 400) AS t FROM ${EVERYBODY_FOUR_TIMES}`;

/** SQL Server sends rows by the packet: 200 of these fill a dozen. */
const MORE_THAN_A_PACKET =
  "SELECT TOP 200 1 AS n, REPLICATE('z', 400) AS t FROM dbo.Patient ORDER BY INTERNALID";

let conduit: TestConduit;
let database: ClinicDatabase;

beforeAll(async () => {
  conduit = await startConduit({
    ceiling: { rawSqlWrites: true },
    approval: ['--scopes', 'sql:read,sql:write', '--rows', '5000000'],
  });
  database = await ClinicDatabase.connect(conduit, 'admin');
}, 120_000);

afterAll(async () => {
  await database?.close();
  await conduit?.stop();
});

const open = (text: string, search = '', headers: Record<string, string> = {}) =>
  conduit.open('POST', `${conduit.queriesPath}/immediate${search}`, {
    body: { command: { text } },
    headers: { ...asLines, ...headers },
  });

async function bytesOf(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The trailer, and the hash of all that comes before it. */
function trailerOf(text: Buffer): { trailer: Record<string, unknown>; sha256: string } {
  const at = text.lastIndexOf('\n', text.length - 2) + 1;
  const sha256 = createHash('sha256').update(text.subarray(0, at)).digest('hex');
  return { trailer: JSON.parse(text.subarray(at).toString()) as Record<string, unknown>, sha256 };
}

describe('a stream of rows', () => {
  test('ends with how many there were and their hash', async () => {
    const answer = await open(
      'SELECT TOP 3000 a.INTERNALID AS a, b.SURNAME AS b FROM dbo.Patient a CROSS JOIN dbo.Patient b',
      '?columns=true',
    );
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([
      200,
      'application/x-ndjson',
    ]);
    expect(answer.headers['content-encoding']).toBeUndefined();
    const text = await bytesOf(answer.body);
    const { trailer, sha256 } = trailerOf(text);
    expect(trailer).toEqual({ $end: { rows: 3000, sha256 } });
    const [columns, first, ...rest] = text.toString().trimEnd().split('\n');
    expect(columns).toMatch(/^\{"\$columns":\[\{"name":"a"/);
    expect(JSON.parse(first as string)).toEqual({ a: expect.any(Number), b: expect.any(String) });
    expect(rest).toHaveLength(3_000);
  });

  test('passes as brotli to whoever accepts it, and is the same text', async () => {
    const rows = 'SELECT INTERNALID, SURNAME, DOB FROM dbo.Patient ORDER BY INTERNALID';
    const plain = await bytesOf((await open(rows)).body);
    const packed = await open(rows, '', { 'accept-encoding': 'gzip, br' });
    expect(packed.headers['content-encoding']).toBe('br');
    const bytes = await bytesOf(packed.body);
    expect(bytes.length).toBeLessThan(plain.length / 2);
    expect(brotliDecompressSync(bytes).equals(plain)).toBe(true);
    const refused = await open(rows, '', { 'accept-encoding': 'gzip, br;q=0' });
    expect(refused.headers['content-encoding']).toBeUndefined();
    expect((await bytesOf(refused.body)).equals(plain)).toBe(true);
  });

  test.each([
    ['plain', {}],
    ['brotli', { 'accept-encoding': 'br' }],
  ])('begins before the last row is there (%s)', async (form, headers) => {
    const answer = await open(
      `${MORE_THAN_A_PACKET}; WAITFOR DELAY '00:00:03'; SELECT 2 AS n`,
      '?resultSets=all',
      headers,
    );
    expect(answer.headers['content-encoding']).toBe(form === 'brotli' ? 'br' : undefined);
    const body: Readable =
      form === 'plain' ? answer.body : answer.body.pipe(createBrotliDecompress());
    const arrivals = new Map<string, number>();
    for await (const line of createInterface({ input: body })) {
      const start = line.slice(0, 6);
      if (!arrivals.has(start)) arrivals.set(start, performance.now());
    }
    const [first = 0, last = 0] = ['{"n":1', '{"n":2'].map((line) => arrivals.get(line));
    expect(last - first).toBeGreaterThan(1_500);
  });

  test('is no faster than its reader, and costs nobody memory meanwhile', async () => {
    const pids = [conduit.conduit.broker, conduit.conduit.agent].map((part) => part?.pid ?? 0);
    const answer = await open(ENDLESS_ROWS);
    const rows = answer.body[Symbol.asyncIterator]();
    const take = async (bytes: number): Promise<void> => {
      for (let taken = 0; taken < bytes;) taken += ((await rows.next()).value as Buffer).length;
    };
    await take(8 * MEGABYTE);
    const before = pids.map(residentBytes);
    // What flows when nobody reads shows after a while only: this is the one wait for its own sake.
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    const grown = pids.map((pid, i) => residentBytes(pid) - (before[i] as number));
    expect(Math.max(...grown)).toBeLessThan(48 * MEGABYTE);
    expect(await database.runningStatements()).not.toHaveLength(0);
    await take(8 * MEGABYTE);
    answer.body.destroy();
    await database.untilNothingRuns(2_000);
  });

  test('of a caller who leaves is gone from the database within two seconds', async () => {
    for (const leave of ['at the first row', 'before any row']) {
      const caller = new AbortController();
      const asking = conduit.open('POST', `${conduit.queriesPath}/immediate`, {
        body: {
          command: {
            text: leave === 'before any row' ? "WAITFOR DELAY '00:01:00'" : ENDLESS_ROWS,
          },
        },
        headers: asLines,
        signal: caller.signal,
      });
      asking.catch(() => undefined);
      if (leave === 'at the first row') (await asking).body.on('error', () => undefined).read(1);
      await database.untilStatementRuns();
      caller.abort();
      await database.untilNothingRuns(2_000);
    }
    expect(await conduit.rows('SELECT 1 AS n')).toEqual([{ n: 1 }]);
  });

  test('that fails after rows were sent ends with an error line', async () => {
    const failing = `${MORE_THAN_A_PACKET}; WAITFOR DELAY '00:00:00.400'; THROW 50077, 'Zz halfway', 1;`;
    const answer = await open(failing);
    expect(answer.statusCode).toBe(200);
    const lines = (await answer.body.text()).trimEnd().split('\n');
    expect(lines).toHaveLength(201);
    const { $error } = JSON.parse(lines[200] as string) as { $error: Record<string, unknown> };
    expect($error).toMatchObject({
      code: 'STATEMENT_FAILED',
      errorCode: 50077,
      errorMessage: 'Zz halfway',
      retry: 'never',
      remedy: expect.stringContaining('correct the statement'),
      rows: 200,
    });
    const packed = await open(failing, '', { 'accept-encoding': 'br' });
    const bytes = await bytesOf(packed.body);
    const text = packed.headers['content-encoding'] === 'br' ? brotliDecompressSync(bytes) : bytes;
    expect(text.toString()).toContain('"errorCode":50077');
  });

  test('that fails before its first row has a true status', async () => {
    const answer = await conduit.query({ text: 'SELECT 1 / 0 AS n' }, {}, '', {
      headers: { accept: `${asLines.accept}, ${asProblem.accept}` },
    });
    expect(answer.status).toBe(400);
    expect(problemOf(answer)).toMatchObject({ errorDetails: { errorCode: 8134 } });
  });
});
