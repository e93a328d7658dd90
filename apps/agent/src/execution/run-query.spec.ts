import { brotliDecompressSync } from 'node:zlib';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { RunQueryEnd, RunQueryHead } from '#libs/contracts/link-messages.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { SystemClock } from '#libs/kernel/clock.js';
import { StreamedReply } from '#libs/link/link-reply.js';
import { aRequest, KeptJournal, OpenGate } from '#apps/agent/src/execution/execution.fixture.js';
import { MinuteLimit } from '#apps/agent/src/execution/minute-limit.js';
import { nobodyWithdrew } from '#apps/agent/src/consent/consent.fixture.js';
import { PmsSites } from '#apps/agent/src/execution/pms-sites.js';
import { RunQuery } from '#apps/agent/src/execution/run-query.js';
import { StatementFingerprint } from '#apps/agent/src/execution/statement-fingerprint.js';
import {
  ScriptedPmsDriver,
  type ScriptedAnswer,
  type ScriptedValue,
} from '#apps/agent/src/pms/pms-driver.scripted.js';
import { noDisk } from '#apps/agent/src/spool/spool.fixture.js';
import { aKeeping } from '#apps/agent/src/writes/write-keeping.fixture.js';
import { aSite } from '#apps/agent/src/pms/site-settings.fixture.js';

let gate: OpenGate;
let journal: KeptJournal;
let answer: ScriptedAnswer;
let queries: RunQuery;
let sites: PmsSites;
const writes = mkdtempSync(join(tmpdir(), 'conduit-writes-'));

beforeEach(() => {
  gate = new OpenGate();
  journal = new KeptJournal();
  answer = { sets: [{ columns: [{ name: 'n', type: 'int', nullable: false }], rows: [[1], [2]] }] };
  const settings = aSite(1, { limits: { maxConcurrent: 1 } });
  sites = new PmsSites(
    [settings],
    () => new ScriptedPmsDriver(() => answer),
    noDisk(),
    aKeeping(writes),
    nobodyWithdrew(),
  );
  const fingerprints = new StatementFingerprint(Buffer.alloc(32, 1));
  queries = new RunQuery(sites, gate, new MinuteLimit(new SystemClock()), journal, fingerprints);
});

afterAll(() => rmSync(writes, { recursive: true }));

const still = new AbortController().signal;
const select = { text: "SELECT n FROM t WHERE name = 'ZzCanary'" };

interface Taken {
  head?: RunQueryHead;
  body: Buffer;
  end: RunQueryEnd;
}

async function take(reply: StreamedReply | RunQueryEnd): Promise<Taken> {
  if (!(reply instanceof StreamedReply)) return { body: Buffer.alloc(0), end: reply };
  const parts: Uint8Array[] = [];
  for await (const part of reply.body ?? []) parts.push(part);
  const end = (await reply.end()) as RunQueryEnd;
  return { head: reply.head as RunQueryHead, body: Buffer.concat(parts), end };
}

/** Ends only when the run is aborted. */
const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve()));

const manyRows = (count: number): ScriptedValue[][] => Array.from({ length: count }, (_, n) => [n]);

describe('a permitted query', () => {
  test('that may write says in its record whether it did now, or its answer was repeated', async () => {
    gate.tier = 'write';
    const write = (queryId: string) =>
      queries.execute(
        aRequest(
          { text: 'UPDATE Zz SET a = 1', executionMode: 'nonQuery' },
          { queryId, idempotencyKey: 'key-1' },
        ),
        still,
      );
    await write('query-1');
    await write('query-2');
    expect(journal.records).toMatchObject([{ reason: 'applied' }, { reason: 'replayed' }]);
  });

  test('streams its rows, tells its end and leaves one record without content', async () => {
    const { head, body, end } = await take(
      await queries.execute(aRequest(select, { columns: true }), still),
    );
    expect(head).toEqual({
      encoding: 'identity',
      columns: [{ name: 'n', type: 'int', nullable: false }],
    });
    expect(body.toString()).toBe('[{"n":1},{"n":2}]');
    expect(end).toMatchObject({ status: 'successful', rows: 2, size: body.length });
    expect(journal.records).toEqual([
      expect.objectContaining({
        type: 'query.executed',
        outcome: 'successful',
        rowsBucket: '<=10',
      }),
    ]);
    expect(JSON.stringify(journal.records)).not.toContain('Canary');
    expect(queries.runningCount).toBe(0);
  });

  test('ends NDJSON with a hash over every byte before the trailer', async () => {
    const { body } = await take(await queries.execute(aRequest(select, { form: 'ndjson' }), still));
    const text = body.toString();
    const before = text.slice(0, text.lastIndexOf('{"$end"'));
    const sha256 = createHash('sha256').update(before).digest('hex');
    expect(text).toBe(`{"n":1}\n{"n":2}\n{"$end":{"rows":2,"sha256":"${sha256}"}}\n`);
  });

  test('is compressed when it is large and the caller takes that, and not when small', async () => {
    const small = await take(await queries.execute(aRequest(select, { accept: 'br' }), still));
    expect(small.head?.encoding).toBe('identity');
    answer.sets![0]!.rows = manyRows(5_000);
    const large = await take(await queries.execute(aRequest(select, { accept: 'br' }), still));
    expect(large.head?.encoding).toBe('br');
    expect(JSON.parse(brotliDecompressSync(large.body).toString())).toHaveLength(5_000);
    expect(large.body.length).toBeLessThan(large.end.size as number);
  });

  test('sends the first rows soon although the rest is slow, compressed or not', async () => {
    for (const accept of ['br', undefined] as const) {
      const rest = new AbortController();
      answer.sets![0]!.rows = (async function* () {
        yield [1];
        await untilAborted(rest.signal);
        yield [2];
      })();
      const meta = { form: 'ndjson' as const, ...(accept === undefined ? {} : { accept }) };
      const reply = (await queries.execute(aRequest(select, meta), still)) as StreamedReply;
      const pull = (reply.body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
      const first = await pull.next();
      expect((first.value as Uint8Array).length).toBeGreaterThan(0);
      rest.abort();
      while (!(await pull.next()).done);
      expect(await reply.end()).toMatchObject({ status: 'successful', rows: 2 });
    }
  });

  test('that the database refuses before a row answers without a head', async () => {
    answer = { failure: { number: 208, message: "Invalid object name 'ZzCanary'." } };
    const reply = await queries.execute(aRequest(select, { form: 'ndjson' }), still);
    expect(reply).toMatchObject({
      status: 'executionFailed',
      error: { code: 'STATEMENT_FAILED', errorType: 'mssql', errorCode: 208 },
    });
    expect(reply).not.toBeInstanceOf(StreamedReply);
    expect(journal.records).toEqual([
      expect.objectContaining({
        type: 'query.failed',
        sqlErrno: 208,
        errorCode: 'STATEMENT_FAILED',
      }),
    ]);
    expect(JSON.stringify(journal.records)).not.toContain('Canary');
  });

  test('that chose its own error number leaves none of it in the record', async () => {
    answer = { failure: { number: 2_147_001_234, message: 'x' } };
    const reply = await queries.execute(aRequest(select), still);
    expect(reply).toMatchObject({ error: { errorCode: 2_147_001_234 } });
    expect(journal.records).toMatchObject([{ sqlErrno: 50_000 }]);
  });

  test('in nonQuery mode answers a count without a head', async () => {
    answer = { rowsAffected: 3 };
    const command = { ...select, executionMode: 'nonQuery' as const };
    expect(await queries.execute(aRequest(command), still)).toMatchObject({ rowsAffected: 3 });
  });
});

describe('a query that is stopped', () => {
  test.each([
    ['its time is over', 'EXECUTION_TIMEOUT', 'cancelled'],
    ['its grant is withdrawn', 'GRANT_REVOKED', 'cancelled'],
    ['its grant ends', 'GRANT_EXPIRED', 'cancelled'],
    ['a clock fell behind its grant', 'GRANT_NOT_YET_VALID', 'cancelled'],
    ['its caller leaves', 'CLIENT_GONE', 'cancelled'],
  ] as const)('because %s ends with %s and frees its place', async (why, code, outcome) => {
    const caller = new AbortController();
    const started = new Promise<void>((resolve) => {
      answer = {
        after: (signal) => {
          resolve();
          return untilAborted(signal);
        },
      };
    });
    const executionLimitMs = code === 'EXECUTION_TIMEOUT' ? 5 : 60_000;
    const reply = queries.execute(aRequest(select, { executionLimitMs }), caller.signal);
    await started;
    if (code.startsWith('GRANT_')) gate.withdraw('grant-1', code);
    if (code === 'CLIENT_GONE') caller.abort();
    expect(await reply).toMatchObject({
      status: 'executionFailed',
      error: { code, errorType: 'haloLink' },
    });
    expect(journal.records).toEqual([expect.objectContaining({ errorCode: code, outcome })]);
    answer = { rowsAffected: 1 };
    await queries.execute(aRequest({ ...select, executionMode: 'nonQuery' }), still);
  });

  test.each([
    ['rows', { rows: 3 }, 'RESULT_ROWS_LIMIT'],
    ['bytes', { bytes: 60 }, 'RESULT_BYTES_LIMIT'],
  ])(
    'because it passed the limit of its grant on %s says so after the whole rows',
    async (_what, limits, code) => {
      gate.limits = limits;
      answer.sets![0]!.rows = manyRows(1_000);
      const { body, end } = await take(
        await queries.execute(aRequest(select, { form: 'ndjson' }), still),
      );
      expect(end).toMatchObject({ status: 'executionFailed', error: { code } });
      // Passed before anything had left: then the whole answer is a true status instead.
      if (body.length === 0) return;
      const lines = body.toString().trimEnd().split('\n');
      lines.forEach((line) => JSON.parse(line));
      expect(lines.at(-1)).toContain(code);
    },
  );
});

describe('a query that may not run', () => {
  test('is refused with the code and reason of the gate, and recorded', async () => {
    gate.refusal = { allowed: false, code: 'STATEMENT_FORBIDDEN', reason: 'write' };
    await expect(queries.execute(aRequest(select), still)).rejects.toMatchObject({
      code: 'STATEMENT_FORBIDDEN',
      facts: { reason: 'write' },
    });
    expect(journal.records).toEqual([
      expect.objectContaining({ type: 'query.refused', errorCode: 'STATEMENT_FORBIDDEN' }),
    ]);
  });

  test('counts against the minute before its statement is looked at', async () => {
    gate.limits = { perMinute: 2 };
    gate.refusal = { allowed: false, code: 'STATEMENT_FORBIDDEN', reason: 'write' };
    for (let n = 0; n < 4; n += 1) await queries.execute(aRequest(select), still).catch(() => {});
    expect(gate.asked).toHaveLength(2);
    expect(journal.records.map(({ errorCode }) => errorCode)).toEqual([
      'STATEMENT_FORBIDDEN',
      'STATEMENT_FORBIDDEN',
      'RATE_LIMITED',
      'RATE_LIMITED',
    ]);
    expect(journal.records[1]).toHaveProperty('fingerprint');
    expect(journal.records[2]).not.toHaveProperty('fingerprint');
  });

  test('because of its catalogue or site never reaches the gate', async () => {
    const elsewhere = aRequest(select, {}, { catalogue: 'Elsewhere' });
    await expect(queries.execute(elsewhere, still)).rejects.toMatchObject({
      code: 'CATALOGUE_UNKNOWN',
    });
    const unknown = aRequest(select, { siteId: '00000000-0000-4000-8000-000000000000' });
    await expect(queries.execute(unknown, still)).rejects.toMatchObject({ code: 'SITE_NOT_FOUND' });
    expect(gate.asked).toEqual([]);
  });

  test('asks the gate about the default catalogue by its name', async () => {
    await take(await queries.execute(aRequest(select), still));
    expect(gate.asked[0]).toMatchObject({ catalogue: 'Patients', text: select.text });
  });

  test('because permission was withdrawn while it waited is refused after the wait', async () => {
    answer = { after: untilAborted };
    const caller = new AbortController();
    const first = queries.execute(aRequest(select), caller.signal);
    const second = queries.execute(aRequest(select), still);
    gate.refusal = { allowed: false, code: 'GRANT_REVOKED' };
    caller.abort();
    await first;
    await expect(second).rejects.toMatchObject({ code: 'GRANT_REVOKED' });
    expect(queries.runningCount).toBe(0);
  });

  test('because permission was withdrawn between the decision and the start is refused', async () => {
    const asked = queries.execute(aRequest(select), still);
    gate.refusal = { allowed: false, code: 'GRANT_REVOKED' };
    gate.withdraw('grant-1');
    await expect(asked).rejects.toMatchObject({ code: 'GRANT_REVOKED' });
    expect(queries.runningCount).toBe(0);
  });

  test('because the database does not answer is a refusal that is safe to repeat', async () => {
    sites.all()[0]!.driver.run = () => Promise.reject(new ConduitError('DATABASE_UNAVAILABLE'));
    await expect(queries.execute(aRequest(select), still)).rejects.toMatchObject({
      code: 'DATABASE_UNAVAILABLE',
    });
    expect(journal.records).toHaveLength(1);
    expect(queries.runningCount).toBe(0);
  });
});
