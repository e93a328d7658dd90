/** What an async query answers: sealed pages for its caller alone, whatever becomes of the statement. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  anAsyncRequest,
  aRoomOf,
  openPages,
  takePages,
  type Room,
} from '#apps/agent/src/execution/async-query.fixture.js';
import { aRequest } from '#apps/agent/src/execution/execution.fixture.js';
import {
  ScriptedPmsDriver,
  type ScriptedAnswer,
  type ScriptedValue,
} from '#apps/agent/src/pms/pms-driver.scripted.js';
import type { RunQueryEnd, RunQueryHead } from '#libs/contracts/link-messages.js';
import { decodePages, type PageHeader, type SealedPage } from '#libs/contracts/result-page.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import type { StreamedReply } from '#libs/link/link-reply.js';
import { until } from '#test/support/settle.js';

const select = { text: "SELECT n FROM t WHERE name = 'ZzCanary'" };
const columns = [{ name: 'n', type: 'int', nullable: false }];
const still = new AbortController().signal;

let state: string;
let answer: ScriptedAnswer;
let room: Room;

const open = () => new ScriptedPmsDriver(() => answer);

beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'conduit-async-'));
  answer = { sets: [{ columns, rows: [[1], [2]] }] };
  room = aRoomOf(state, open);
});

afterEach(() => rmSync(state, { recursive: true, force: true }));

const spooled = (): number => readdirSync(join(state, 'spool')).length;

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve()));

function* megabytes(count: number): Generator<ScriptedValue[]> {
  for (let n = 0; n < count; n += 1) yield [`${n} ${'x'.repeat(1_000_000)}`];
}

describe('an async query', () => {
  test('answers pages that its caller opens, and an end that tells nothing of what is in them', async () => {
    const request = anAsyncRequest(select, { columns: true });
    const taken = await takePages(await room.queries.execute(request, still));
    expect(await openPages(taken, request.meta)).toEqual({
      texts: ['[{"n":1},{"n":2}]'],
      outcome: { columns },
    });
    expect(taken.pages.map(({ header }) => header)).toEqual([
      { page: 1, rowsStart: 0, rowsEnd: 1, plainBytes: 17 },
      { page: 0, rowsStart: 0, rowsEnd: -1, plainBytes: expect.any(Number) },
    ]);
    expect(taken.end).toMatchObject({ status: 'successful', rows: 2, size: 17 });
    expect(taken.end).not.toHaveProperty('columnsOfSets');
    expect(room.journal.records).toMatchObject([{ type: 'query.executed', lane: 'async' }]);
  });

  test('packs its pages for a broker that asks for it, and tells those that wait', async () => {
    answer = { sets: [{ columns, rows: megabytes(20) }] };
    const request = anAsyncRequest(select, { pageEncoding: 'br' });
    const reply = (await room.queries.execute(request, still)) as StreamedReply;
    const end = (await reply.end()) as RunQueryEnd;
    const told: number[][] = [];
    const body = reply.body as AsyncIterable<Uint8Array>;
    const pages: SealedPage[] = [];
    const tell = (coming: PageHeader[]): unknown => told.push(coming.map(({ page }) => page));
    for await (const page of decodePages(body, tell)) pages.push(page);
    const next = Array.from({ length: 16 }, (_, n) => n + 2);
    expect(told[0]).toEqual([1, ...next]);
    expect(told.slice(-3)).toEqual([[19, 20], [20], [0]]);
    for (const { header, sealed } of pages.slice(0, -1)) {
      expect(header).toMatchObject({ encoding: 'br' });
      expect(sealed.length).toBeLessThan(header.plainBytes / 10);
    }
    const { keyEnvelope = '' } = reply.head as RunQueryHead;
    const { texts } = await openPages({ keyEnvelope, pages, end }, request.meta);
    const lengths = pages.map(({ header }) => header.plainBytes).slice(0, -1);
    expect(texts.map(({ length }) => length)).toEqual(lengths);
    expect(end.size).toBe(lengths.reduce((sum, length) => sum + length));
    expect(room.queries.runningCount).toBe(0);
  });

  test('has its rows numbered through all pages', async () => {
    answer = { sets: [{ columns, rows: megabytes(4) }] };
    const { pages } = await takePages(await room.queries.execute(anAsyncRequest(select), still));
    const ranges = pages.map(({ header }) => [header.page, header.rowsStart, header.rowsEnd]);
    expect(ranges).toEqual([
      [1, 0, 0],
      [2, 1, 1],
      [3, 2, 2],
      [4, 3, 3],
      [0, 0, -1],
    ]);
  });

  test('that changes rows answers its count, and parameters in page 0 only', async () => {
    const parameters = [{ name: '@out', direction: 'output' as const, value: 'ZzCanary' }];
    answer = { rowsAffected: 3, parameters };
    const request = anAsyncRequest({ ...select, executionMode: 'nonQuery' });
    const taken = await takePages(await room.queries.execute(request, still));
    expect(await openPages(taken, request.meta)).toEqual({ texts: [], outcome: { parameters } });
    expect(taken.end).toMatchObject({ rowsAffected: 3 });
    expect(JSON.stringify(taken.end)).not.toContain('Canary');
  });

  test("that the database refuses answers the database's words and number in page 0 only", async () => {
    answer = { failure: { number: 51_234, message: 'ZzCanary is not there' } };
    const request = anAsyncRequest(select);
    const taken = await takePages(await room.queries.execute(request, still));
    expect(await openPages(taken, request.meta)).toEqual({
      texts: [],
      outcome: { errorCode: 51_234, errorMessage: 'ZzCanary is not there' },
    });
    expect(taken.end).toMatchObject({
      status: 'executionFailed',
      error: { code: 'STATEMENT_FAILED', errorType: 'mssql', errorCode: 50_000, errorMessage: '' },
    });
  });

  test('that fails after its first pages takes back what has not left', async () => {
    answer = {
      sets: [{ columns, rows: megabytes(6) }],
      failure: { number: 8_134, message: 'Divide by zero' },
    };
    const request = anAsyncRequest(select);
    const reply = await room.queries.execute(request, still);
    await until(() => room.journal.records.length === 1);
    const taken = await takePages(reply);
    expect(taken.pages.map(({ header }) => header.page)).toEqual([0]);
    expect(taken.end.status).toBe('executionFailed');
  });

  test.each([
    ['a database that does not answer', 'DATABASE_UNAVAILABLE'],
    ['a login that is refused', 'DATABASE_LOGIN_REFUSED'],
  ] as const)('that meets %s is refused, so that it can wait', async (_what, code) => {
    room.sites.all()[0]!.driver.run = () => Promise.reject(new ConduitError(code));
    await expect(room.queries.execute(anAsyncRequest(select), still)).rejects.toMatchObject({
      code,
    });
    expect(room.journal.records).toMatchObject([{ type: 'query.refused', errorCode: code }]);
    expect(room.queries.runningCount).toBe(0);
  });

  test('whose result key is none is refused before anything is run', async () => {
    const request = anAsyncRequest(select, { resultKey: 'A'.repeat(43) });
    await expect(room.queries.execute(request, still)).rejects.toMatchObject({
      code: 'SEAL_BROKEN',
    });
    expect(room.gate.asked).toEqual([]);
  });

  test('passes the gate and the minute as an immediate one does', async () => {
    room.gate.refusal = { allowed: false, code: 'STATEMENT_FORBIDDEN', reason: 'write' };
    await expect(room.queries.execute(anAsyncRequest(select), still)).rejects.toMatchObject({
      code: 'STATEMENT_FORBIDDEN',
    });
    room.gate.limits = { perMinute: 1 };
    await room.queries.execute(anAsyncRequest(select), still).catch(() => {});
    await expect(room.queries.execute(anAsyncRequest(select), still)).rejects.toMatchObject({
      code: 'RATE_LIMITED',
    });
  });

  test('is held to the rows and bytes of its grant, though not to eight megabytes', async () => {
    room.gate.limits = { bytes: 3_000_000 };
    answer = { sets: [{ columns, rows: megabytes(12) }] };
    const first = await takePages(await room.queries.execute(anAsyncRequest(select), still));
    expect(first.end).toMatchObject({ error: { code: 'RESULT_BYTES_LIMIT' } });
    room.gate.limits = {};
    answer = { sets: [{ columns, rows: megabytes(12) }] };
    const second = await takePages(await room.queries.execute(anAsyncRequest(select), still));
    expect(second.end).toMatchObject({ status: 'successful', rows: 12 });
  });
});

describe('a statement whose pages nobody takes', () => {
  test('ends all the same, and gives its place back', async () => {
    room = aRoomOf(state, open, { maxConcurrent: 1 });
    answer = { sets: [{ columns, rows: megabytes(20) }] };
    const request = anAsyncRequest(select);
    const reply = await room.queries.execute(request, still);
    await until(() => room.queries.runningCount === 0);
    expect(spooled()).toBeGreaterThan(10);
    answer = { sets: [{ columns, rows: [[5]] }] };
    const next = await room.queries.execute(aRequest(select, { queryId: 'other' }), still);
    expect(await (next as StreamedReply).end()).toMatchObject({ status: 'successful' });
    const taken = await takePages(reply);
    expect((await openPages(taken, request.meta)).texts).toHaveLength(20);
    expect(spooled()).toBe(0);
  });

  test('fails with SPOOL_FULL when the spool is, and the next one goes on', async () => {
    room = aRoomOf(state, open, { maxSpoolBytes: 2_000_000 });
    Object.assign(room.sites.all()[0]!.spool, { patience: { memoryBytes: 1, fullMs: 30 } });
    answer = { sets: [{ columns, rows: megabytes(20) }] };
    const request = anAsyncRequest(select);
    const reply = await room.queries.execute(request, still);
    await until(() => room.journal.records.length === 1);
    const taken = await takePages(reply);
    expect(taken.end).toMatchObject({
      status: 'executionFailed',
      error: { code: 'SPOOL_FULL', errorType: 'haloLink' },
    });
    expect(taken.pages.map(({ header }) => header.page)).toEqual([0]);
    expect(room.journal.records).toMatchObject([{ errorCode: 'SPOOL_FULL' }]);
    await until(() => spooled() === 0);
    answer = { sets: [{ columns, rows: [[5]] }] };
    const next = await takePages(await room.queries.execute(anAsyncRequest(select), still));
    expect(next.end.status).toBe('successful');
  });

  test('is stopped, and what waits is destroyed, when its caller cancels', async () => {
    const caller = new AbortController();
    answer = { sets: [{ columns, rows: megabytes(20) }] };
    await room.queries.execute(anAsyncRequest(select), caller.signal);
    await until(() => room.queries.runningCount === 0);
    expect(spooled()).toBeGreaterThan(0);
    caller.abort(new ConduitError('CLIENT_GONE'));
    await until(() => spooled() === 0 && room.sites.all()[0]!.spool.fileBytes === 0);
  });

  test('is told of a withdrawn grant also while it is sent', async () => {
    answer = { sets: [{ columns, rows: megabytes(20) }] };
    const reply = await room.queries.execute(anAsyncRequest(select), still);
    await until(() => room.queries.runningCount === 0);
    room.gate.withdraw('grant-1');
    await expect(takePages(reply)).rejects.toMatchObject({ code: 'GRANT_REVOKED' });
    await until(() => spooled() === 0);
  });

  test('is stopped at the database when it is cancelled while it runs', async () => {
    const caller = new AbortController();
    answer = { sets: [{ columns, rows: megabytes(Infinity) }] };
    await room.queries.execute(anAsyncRequest(select), caller.signal);
    caller.abort(new ConduitError('CLIENT_GONE'));
    await until(() => room.queries.runningCount === 0);
    await until(() => spooled() === 0);
    expect(room.journal.records).toMatchObject([{ outcome: 'cancelled' }]);
  });
});

describe('an async query beside immediate ones', () => {
  test('is held back between pages while one runs, and goes on all the same', async () => {
    const immediate = new AbortController();
    const scripted: ScriptedAnswer[] = [
      { after: untilAborted },
      { sets: [{ columns, rows: megabytes(6) }] },
    ];
    room = aRoomOf(state, () => new ScriptedPmsDriver(() => scripted.shift() as ScriptedAnswer));
    const urgent = room.queries.execute(aRequest(select), immediate.signal);
    await until(() => room.queries.runningCount === 1);
    const started = performance.now();
    const taken = await takePages(await room.queries.execute(anAsyncRequest(select), still));
    const heldMs = performance.now() - started;
    expect(taken.end.status).toBe('successful');
    // Five pauses at least: none is needed after the last page.
    expect(heldMs).toBeGreaterThan(500);
    immediate.abort(new ConduitError('CLIENT_GONE'));
    await urgent;
  });
});
