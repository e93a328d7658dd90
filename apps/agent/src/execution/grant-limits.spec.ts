/**
 * The limits of a signed grant, in every lane, against a broker that keeps none of them: it asks for
 * everything, at any hour, as often and as much at once as it likes.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { QueryLane, RunQueryEnd } from '#libs/contracts/link-messages.js';
import type { Grant, GrantLimits } from '#libs/grants/grant.js';
import { StreamedReply } from '#libs/link/link-reply.js';
import { anAsyncRequest } from '#apps/agent/src/execution/async-query.fixture.js';
import { aRequest, KeptJournal } from '#apps/agent/src/execution/execution.fixture.js';
import { MinuteLimit } from '#apps/agent/src/execution/minute-limit.js';
import { nobodyWithdrew } from '#apps/agent/src/consent/consent.fixture.js';
import { PmsSites } from '#apps/agent/src/execution/pms-sites.js';
import type { QueryRequest } from '#apps/agent/src/execution/query-request.js';
import { RunQuery } from '#apps/agent/src/execution/run-query.js';
import { StatementFingerprint } from '#apps/agent/src/execution/statement-fingerprint.js';
import { APractice } from '#apps/agent/src/grants/grant.fixture.js';
import {
  ScriptedPmsDriver,
  type ScriptedAnswer,
  type ScriptedValue,
} from '#apps/agent/src/pms/pms-driver.scripted.js';
import { aSite } from '#apps/agent/src/pms/site-settings.fixture.js';
import { SpoolFolder } from '#apps/agent/src/spool/spool-folder.js';
import { aKeeping } from '#apps/agent/src/writes/write-keeping.fixture.js';

const lanes: QueryLane[] = ['immediate', 'async', 'registered'];
const select = { text: 'SELECT n FROM t' };
const columns = [{ name: 'n', type: 'int', nullable: false }];
const still = new AbortController().signal;
const HOUR_MS = 3_600_000;
/** It is Wednesday 10:00. */
const hours = { timeZone: 'Australia/Sydney', days: [3], from: '08:00', to: '12:00' };

let state: string;
let practice: APractice;
let queries: RunQuery;
let answer: ScriptedAnswer;

beforeEach(async () => {
  state = mkdtempSync(join(tmpdir(), 'conduit-limits-'));
  practice = await APractice.open();
  const site = aSite(1);
  practice.own.siteIds = [site.siteId];
  const open = () => new ScriptedPmsDriver(() => answer);
  const sites = new PmsSites(
    [site],
    open,
    SpoolFolder.emptied(state, 0),
    aKeeping(),
    nobodyWithdrew(),
  );
  const minutes = new MinuteLimit(practice.clock);
  const fingerprints = new StatementFingerprint(Buffer.alloc(32, 1));
  queries = new RunQuery(sites, practice.gate, minutes, new KeptJournal(), fingerprints);
  answer = { sets: [{ columns, rows: [[1], [2], [3]] }] };
});

afterEach(() => {
  practice.close();
  rmSync(state, { recursive: true, force: true });
});

const permit = (limits: GrantLimits): Promise<Grant> =>
  practice.permit({ siteIds: practice.own.siteIds, limits });

let asked = 0;

/** What a broker asks that pays no heed to the grant. */
function greedy(lane: QueryLane, grant: Grant, maxWaitMs = 0): QueryRequest {
  const { grantId, seq: grantSeq, integratorId } = grant;
  const wish = {
    ...{ lane, grantId, grantSeq, integratorId, maxWaitMs },
    ...{ queryId: `query-${(asked += 1)}`, executionLimitMs: Number.MAX_SAFE_INTEGER },
  };
  return lane === 'async' ? anAsyncRequest(select, wish) : aRequest(select, wish);
}

/** To its end, whatever it is. @returns the end, or the code and time of the refusal */
async function outcome(request: QueryRequest): Promise<object> {
  const reply = await queries.execute(request, still).catch((error: object) => error);
  if (!(reply instanceof StreamedReply)) return reply;
  for await (const chunk of reply.body ?? []) void chunk;
  return (await reply.end()) as RunQueryEnd;
}

describe.each(lanes)('in the lane %s', (lane) => {
  test('no limit is in the way of what the grant allows', async () => {
    const grant = await permit({ rows: 3, bytes: 1_000, concurrency: 2, perMinute: 1, hours });
    expect(await outcome(greedy(lane, grant))).toMatchObject({ status: 'successful', rows: 3 });
  });

  test('more rows than the grant allows are not sent', async () => {
    const grant = await permit({ rows: 2 });
    expect(await outcome(greedy(lane, grant))).toMatchObject({
      status: 'executionFailed',
      error: { code: 'RESULT_ROWS_LIMIT' },
    });
  });

  test('more bytes than the grant allows are not sent', async () => {
    const grant = await permit({ bytes: 5_000 });
    const rows: ScriptedValue[][] = Array.from({ length: 3 }, () => ['x'.repeat(2_000)]);
    answer = { sets: [{ columns, rows }] };
    expect(await outcome(greedy(lane, grant))).toMatchObject({
      status: 'executionFailed',
      error: { code: 'RESULT_BYTES_LIMIT' },
    });
  });

  test('no limit of the grant is blamed for what the caller could not take in this way', async () => {
    const grant = await permit({ bytes: 5_000 });
    const rows: ScriptedValue[][] = Array.from({ length: 2 }, () => ['x'.repeat(2_000)]);
    answer = { sets: [{ columns, rows }] };
    const { meta, ...rest } = greedy(lane, grant);
    expect(await outcome({ ...rest, meta: { ...meta, maxResultBytes: 3_000 } })).toMatchObject({
      error: { code: 'RESULT_TOO_LARGE' },
    });
  });

  test('no longer than the grant allows runs a statement', async () => {
    const grant = await permit({ ms: 50 });
    const untilStopped = (signal: AbortSignal): Promise<void> =>
      new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
    answer = { after: untilStopped };
    expect(await outcome(greedy(lane, grant))).toMatchObject({
      error: { code: 'EXECUTION_TIMEOUT' },
    });
  });

  test('no more run at once than the grant allows, and the next one does when one has ended', async () => {
    const grant = await permit({ concurrency: 1 });
    let end!: () => void;
    const held = new Promise<void>((resolve) => (end = resolve));
    answer = { sets: [{ columns, rows: [[1]] }], after: () => held };
    const first = outcome(greedy(lane, grant));
    expect(queries.runningCount).toBe(1);
    expect(await outcome(greedy(lane, grant))).toMatchObject({ code: 'QUEUE_EXPIRED' });
    const next = outcome(greedy(lane, grant, 10_000));
    expect(queries.runningCount).toBe(1);
    end();
    expect(await Promise.all([first, next])).toMatchObject([
      { status: 'successful' },
      { status: 'successful' },
    ]);
  });

  test('one query beyond the minute is refused with the time to wait, and runs after it', async () => {
    const grant = await permit({ perMinute: 2 });
    for (let n = 0; n < 2; n += 1)
      expect(await outcome(greedy(lane, grant))).toMatchObject({ status: 'successful' });
    expect(await outcome(greedy(lane, grant))).toMatchObject({
      code: 'RATE_LIMITED',
      facts: { retryAfterMs: 30_000, limit: 2 },
    });
    practice.clock.advance(30_000);
    expect(await outcome(greedy(lane, grant))).toMatchObject({ status: 'successful' });
  });

  test('outside the hours nothing runs, and the answer says when they begin', async () => {
    const grant = await permit({ hours });
    practice.clock.advance(2 * HOUR_MS);
    expect(await outcome(greedy(lane, grant))).toMatchObject({
      code: 'GRANT_OUTSIDE_HOURS',
      facts: { retryAfterMs: (7 * 24 - 4) * HOUR_MS },
    });
    practice.clock.advance((7 * 24 - 4) * HOUR_MS);
    expect(await outcome(greedy(lane, grant))).toMatchObject({ status: 'successful' });
  });
});

test('lanes share the minute and the places of their grant', async () => {
  const minute = await permit({ perMinute: 2 });
  expect(await outcome(greedy('immediate', minute))).toMatchObject({ status: 'successful' });
  expect(await outcome(greedy('registered', minute))).toMatchObject({ status: 'successful' });
  expect(await outcome(greedy('async', minute))).toMatchObject({ code: 'RATE_LIMITED' });
  const places = await permit({ concurrency: 1 });
  let end!: () => void;
  const held = new Promise<void>((resolve) => (end = resolve));
  answer = { sets: [{ columns, rows: [[1]] }], after: () => held };
  const first = outcome(greedy('async', places));
  for (const lane of lanes)
    expect(await outcome(greedy(lane, places))).toMatchObject({ code: 'QUEUE_EXPIRED' });
  end();
  expect(await first).toMatchObject({ status: 'successful' });
});
