/** Async queries against the published contract, with an agent that seals and a Redis that is real. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { keysOf } from '#apps/broker/src/results/result-keys.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { PretendApi } from '#test/contract/api.fixture.js';
import { HaloSchemas } from '#test/contract/halo-schemas.fixture.js';
import { aPairedSite } from '#test/contract/paired-site.fixture.js';
import {
  AsyncCaller,
  SealingAgent,
  type Asked,
  type QueryView,
} from '#test/contract/sealing-agent.fixture.js';
import { hasRedis, TestRedis } from '#test/support/test-redis.js';

const ASYNC = '/integrator/sites/{siteId}/queries/async';
const STATUS = '/integrator/sites/{siteId}/queries/{queryId}';
const BATCH = '/integrator/sites/{siteId}/queries/status';
const PAGE = '/integrator/sites/{siteId}/queries/{queryId}/results/{pageNumber}';
const STREAM = `${PAGE}/stream`;

const halo = HaloSchemas.load();

/** Resolves when the broker has reset the request. */
const untilReset = ({ signal }: Asked): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });

(halo && hasRedis('async queries') ? describe : describe.skip)('async queries', () => {
  let redis: TestRedis;
  let api: PretendApi;
  let caller: AsyncCaller;
  let agent: SealingAgent;

  beforeAll(async () => {
    redis = await TestRedis.single();
    api = await PretendApi.start({ REDIS_URL: redis.url });
    const site = await aPairedSite(api);
    caller = new AsyncCaller(api, site);
    agent = await SealingAgent.of(api, site);
  });

  afterAll(async () => {
    await api?.stop();
    await redis?.stop();
  });

  beforeEach(() => {
    api.links.state = 'offline';
    api.attach(caller.site.siteId, agent.script);
    agent.answer = () => ({ pages: [[{ a: 1 }, { a: 2 }], [{ a: 3 }]] });
  });

  async function inContract(
    response: Response,
    method: string,
    path: string,
    status: number,
  ): Promise<QueryView> {
    const body = (await response.json()) as QueryView;
    expect({ status: response.status, body }).toMatchObject({ status });
    expect(halo?.problems(method, path, status, body)).toEqual([]);
    return body;
  }

  async function isStatus(view: QueryView, schema: string): Promise<void> {
    expect(halo?.problemsOf(schema, view)).toEqual([]);
    await inContract(await caller.get(view.id), 'GET', STATUS, 200);
  }

  test('go from submit to pages', async () => {
    const accepted = await inContract(await caller.submit(), 'POST', ASYNC, 201);
    expect(accepted).toMatchObject({ status: 'initialising', mode: 'async' });
    expect(accepted['maxTimeInQueue']).toBe(3_600_000);
    expect(halo?.problemsOf('AsyncQueryInitialised', accepted)).toEqual([]);
    const done = await caller.until(accepted.id, 'successful');
    await isStatus(done, 'AsyncQuerySuccessful');
    expect(done.result).toEqual({
      rows: 3,
      size: 26,
      pages: [
        {
          pageNumber: 1,
          status: 'cached',
          size: 17,
          rows: { count: 2, rangeStart: 0, rangeEnd: 1 },
        },
        {
          pageNumber: 2,
          status: 'cached',
          size: 9,
          rows: { count: 1, rangeStart: 2, rangeEnd: 2 },
        },
      ],
    });
    const second = await caller.get(`${done.id}/results/2`);
    expect(Object.fromEntries(second.headers)).toMatchObject({
      size: '9',
      'rows-count': '1',
      'rows-range-start': '2',
      'rows-range-end': '2',
      'cache-control': 'no-store',
    });
    await inContract(second, 'GET', PAGE, 200);
    expect(await caller.rows(done.id, 1)).toEqual([{ a: 1 }, { a: 2 }]);
    const stream = await caller.get(`${done.id}/results/1/stream`);
    expect([stream.status, await stream.text()]).toEqual([200, '[{"a":1},{"a":2}]']);
    expect(stream.headers.get('content-type')).toContain('application/json');
  });

  test('show pages that are known and not there yet, and do not give them', async () => {
    let goOn = (): void => {};
    const seen = new Promise<void>((resolve) => (goOn = resolve));
    agent.answer = () => ({
      pages: [[{ a: 1 }], [{ a: 2 }, { a: 3 }], [{ a: 4 }]],
      withinPage: (page) => (page === 2 ? seen : undefined),
    });
    const id = await caller.submitted();
    const views: QueryView[] = [];
    while (views.at(-1)?.result?.pages.length !== 3)
      views.push(await caller.until(id, 'uploading'));
    const view = views.at(-1) as QueryView;
    await isStatus(view, 'AsyncQueryUploading');
    const rows = (count: number, rangeStart: number, rangeEnd: number) => ({
      rows: { count, rangeStart, rangeEnd },
    });
    expect(view.result).toEqual({
      rows: 4,
      size: 9 + 17 + 9,
      pages: [
        { pageNumber: 1, status: 'cached', size: 9, ...rows(1, 0, 0) },
        { pageNumber: 2, status: 'uploading', size: 17, ...rows(2, 1, 2) },
        { pageNumber: 3, status: 'queued', size: 9, ...rows(1, 3, 3) },
      ],
    });
    const early = await caller.get(`${id}/results/2`);
    expect(await early.json()).toMatchObject({ error: { code: 'RESULT_NOT_READY' } });
    expect(await caller.rows(id, 1)).toEqual([{ a: 1 }]);
    goOn();
    const done = await caller.until(id, 'successful');
    const states = done.result?.pages.map(({ status }) => status);
    expect(states).toEqual(['cached', 'cached', 'cached']);
  });

  test('of many rows come packed, and are answered as they were', async () => {
    const page = Array.from({ length: 2_000 }, (_, n) => ({ n, surname: 'Zzexample' }));
    const text = JSON.stringify(page);
    agent.answer = () => ({ pages: [page] });
    const id = await caller.submitted();
    await caller.until(id, 'successful');
    expect(agent.asked.at(-1)?.meta.pageEncoding).toBe('br');
    const runId = await redis.client.hget(`conduit:query:{${id}}`, 'runId');
    const [, stored] = keysOf(runId ?? '', 1);
    expect(await redis.client.strlen(stored)).toBeGreaterThan(0);
    expect(await redis.client.strlen(stored)).toBeLessThan(text.length / 3);
    const whole = await caller.get(`${id}/results/1`);
    expect(whole.headers.get('size')).toBe(String(text.length));
    expect(whole.headers.get('conduit-receipt')).toBe(id);
    const { data } = (await whole.json()) as { data: string };
    expect(Buffer.from(data, 'base64').toString()).toBe(text);
    const stream = await caller.get(`${id}/results/1/stream`);
    expect(await stream.text()).toBe(text);
  });

  test('of an agent that knows nothing of packed pages are answered too', async () => {
    agent.packs = false;
    const id = await caller.submitted();
    await caller.until(id, 'successful');
    expect(await caller.rows(id, 1)).toEqual([{ a: 1 }, { a: 2 }]);
    agent.packs = true;
  });

  test('say what the agent is asked, under the id that the caller got', async () => {
    const id = await caller.submitted('SELECT 2', { catalogue: 'Patients' });
    await caller.until(id, 'successful');
    const asked = agent.asked.at(-1);
    expect(asked?.body).toEqual({ command: { text: 'SELECT 2' }, catalogue: 'Patients' });
    expect(asked?.meta).toMatchObject({
      queryId: id,
      lane: 'async',
      form: 'pages',
      executionLimitMs: 300_000,
      idempotencyKey: id,
      keyMinted: true,
    });
  });

  test('answer rows affected and output parameters to whoever submitted them', async () => {
    const parameters = [{ name: '@id', direction: 'output', type: 'Int', value: '7' }];
    agent.answer = () => ({ outcome: { parameters }, end: { rowsAffected: 4 } });
    const id = await caller.submitted('EXEC dbo.P', {});
    const done = await caller.until(id, 'successful');
    await isStatus(done, 'AsyncQuerySuccessful');
    expect(done.result).toEqual({ rowsAffected: 4, size: 0, pages: [], parameters });
    const page = await caller.get(`${id}/results/1`);
    expect(await inContract(page, 'GET', PAGE, 200)).toEqual({ parameters });

    const other = await api.operator(`/operator/integrators/${caller.site.integratorId}/keys`, {
      name: 'second',
    });
    const seen = (await (await caller.get(id, other['key'])).json()) as QueryView;
    expect(seen.result).toEqual({ rowsAffected: 4, size: 0, pages: [] });
    const refused = await caller.get(`${id}/results/1`, other['key']);
    expect(await inContract(refused, 'GET', PAGE, 403)).toMatchObject({
      error: { code: 'RESULT_KEY_MISMATCH' },
    });
  });

  test('that fail at the database say why to whoever submitted them', async () => {
    const error = {
      code: 'STATEMENT_FAILED',
      errorType: 'mssql',
      errorCode: 208,
      errorMessage: '',
    } as const;
    agent.answer = () => ({
      pages: [[{ a: 1 }]],
      outcome: { errorMessage: 'Invalid object name.' },
      end: { status: 'executionFailed', error },
    });
    const id = await caller.submitted();
    const failed = await caller.until(id, 'executionFailed');
    await isStatus(failed, 'AsyncQueryExecutionFailed');
    expect(failed).toMatchObject({
      code: 'STATEMENT_FAILED',
      errorCode: 208,
      errorMessage: 'Invalid object name.',
    });
    const page = await caller.get(`${id}/results/1`);
    expect(await inContract(page, 'GET', PAGE, 410)).toMatchObject({
      error: { code: 'RESULT_GONE' },
    });
  });

  test('that the practice refuses end with its code', async () => {
    agent.answer = () => Promise.reject(new ConduitError('STATEMENT_FORBIDDEN'));
    const failed = await caller.until(await caller.submitted(), 'executionFailed');
    await isStatus(failed, 'AsyncQueryExecutionFailed');
    expect(failed.code).toBe('STATEMENT_FORBIDDEN');
  });

  test('wait while the site is away, and run when it is back', async () => {
    api.links.clients.delete(caller.site.siteId);
    const id = await caller.submitted();
    const waiting = await caller.until(id, 'queued');
    await isStatus(waiting, 'AsyncQueryQueued');
    expect(waiting.queue).toEqual({ position: 1, reason: 'siteOffline' });
    api.links.state = 'unreachable';
    expect((await caller.view(id)).queue).toEqual({ position: 1, reason: 'siteUnreachable' });
    api.attach(caller.site.siteId, agent.script);
    expect(await caller.until(id, 'successful')).toMatchObject({ id });
  });

  test('wait while the agent has no place for them, and say so', async () => {
    let refusals = 0;
    agent.answer = () => {
      if (refusals++ > 0) return {};
      throw new ConduitError('CONCURRENCY_LIMITED', { facts: { retryAfterMs: 1_500 } });
    };
    const id = await caller.submitted();
    const reasons = new Set<string>();
    for (let tries = 0; tries < 200 && !reasons.has('agentBusy'); tries += 1) {
      reasons.add((await caller.view(id)).queue?.reason ?? '');
    }
    expect(reasons).toContain('agentBusy');
    await caller.until(id, 'successful');
    expect(refusals).toBe(2);
  });

  test('expire at their time', async () => {
    api.links.clients.delete(caller.site.siteId);
    const began = Date.now();
    const id = await caller.submitted('SELECT 1', { maxTimeInQueue: 1_200 });
    const expired = await caller.until(id, 'expiredInQueue');
    expect(Date.now() - began).toBeGreaterThanOrEqual(1_200);
    expect(Date.now() - began).toBeLessThan(4_000);
    await isStatus(expired, 'AsyncQueryExpiredInQueue');
    expect((await caller.get(`${id}/results/1`)).status).toBe(404);
  });

  test('are cancelled in line, at work and while their result comes up', async () => {
    api.links.clients.delete(caller.site.siteId);
    const inLine = await caller.submitted();
    await caller.until(inLine, 'queued');
    expect(await (await caller.remove(inLine)).json()).toMatchObject({ code: 'QUERY_CANCELLED' });

    const reset: Promise<void>[] = [];
    agent.answer = async (asked) => {
      reset.push(untilReset(asked));
      await untilReset(asked);
      return {};
    };
    api.attach(caller.site.siteId, agent.script);
    const atWork = await caller.submitted();
    await caller.until(atWork, 'executing');
    const cancelled = await inContract(await caller.remove(atWork), 'GET', STATUS, 200);
    await isStatus(cancelled, 'AsyncQueryExecutionFailed');
    await Promise.all(reset);

    agent.answer = (asked) => ({
      pages: [[{ a: 1 }], [{ a: 2 }]],
      beforePage: (page) => (page === 1 ? undefined : untilReset(asked)),
    });
    const comingUp = await caller.submitted();
    await caller.until(comingUp, 'uploading');
    expect((await caller.remove(comingUp)).status).toBe(200);
    expect((await caller.remove(comingUp)).status).toBe(200);
    const page = await caller.get(`${comingUp}/results/1`);
    expect([404, 410]).toContain(page.status);
  });

  test('that ended are not cancelled any more', async () => {
    const id = await caller.submitted();
    await caller.until(id, 'successful');
    expect(await (await caller.remove(id)).json()).toMatchObject({ status: 'successful' });
    expect(await caller.rows(id, 2)).toEqual([{ a: 3 }]);
  });

  test('are gone when their results are deleted', async () => {
    const id = await caller.submitted();
    await caller.until(id, 'successful');
    expect((await caller.remove(`${id}/results/1`)).status).toBe(204);
    await inContract(await caller.get(`${id}/results/1`), 'GET', PAGE, 410);
    expect(await caller.rows(id, 2)).toEqual([{ a: 3 }]);
    expect((await caller.remove(`${id}/results`)).status).toBe(204);
    expect((await caller.remove(`${id}/results`)).status).toBe(204);
    await inContract(await caller.get(`${id}/results/2`), 'GET', PAGE, 410);
    await inContract(await caller.get(`${id}/results/2/stream`), 'GET', STREAM, 410);
    expect(await caller.view(id)).toMatchObject({
      status: 'successful',
      result: { rows: 3, pages: [] },
    });
  });

  test('are asked after in one batch', async () => {
    const id = await caller.submitted();
    await caller.until(id, 'successful');
    const unknown = '00000000-0000-4000-8000-000000000000';
    const body = { queryIds: [id, unknown] };
    const { key } = caller.site;
    const response = await api.call('POST', `${caller.path}/status`, { key, body });
    const answer = await inContract(response, 'POST', BATCH, 200);
    expect(answer['results']).toMatchObject([
      { queryId: id, status: 'found', query: { status: 'successful' } },
      { queryId: unknown, status: 'notFound' },
    ]);
    const tooMany = { queryIds: Array.from({ length: 1_001 }, () => unknown) };
    const refused = await api.call('POST', `${caller.path}/status`, { key, body: tooMany });
    await inContract(refused, 'POST', BATCH, 400);
  });

  test('repeated under one Idempotency-Key are one query', async () => {
    const headers = { 'idempotency-key': 'order-1' };
    const first = await caller.submit('SELECT 1', {}, headers);
    const { id } = (await first.json()) as QueryView;
    expect(first.headers.get('idempotency-key')).toBe('order-1');
    await caller.until(id, 'successful');
    const again = await caller.submit('SELECT 1', {}, headers);
    expect([again.status, ((await again.json()) as QueryView).id]).toEqual([201, id]);
    const other = await caller.submit('SELECT 2', {}, headers);
    expect([other.status, await other.json()]).toMatchObject([
      409,
      { error: { code: 'IDEMPOTENCY_KEY_REUSED' } },
    ]);
    const bad = await caller.submit('SELECT 1', {}, { 'idempotency-key': 'x'.repeat(256) });
    expect(bad.status).toBe(400);
  });

  test('that are not there: unknown ids, foreign ids, pages past the end', async () => {
    const id = await caller.submitted();
    await caller.until(id, 'successful');
    const stranger = new AsyncCaller(api, await aPairedSite(api));
    expect((await stranger.get(id)).status).toBe(404);
    expect((await caller.get(id, stranger.site.key)).status).toBe(404);
    for (const unknown of ['nonsense', `${id.slice(0, -1)}${id.endsWith('0') ? '1' : '0'}`]) {
      await inContract(await caller.get(unknown), 'GET', STATUS, 404);
    }
    await inContract(await caller.get(`${id}/results/3`), 'GET', PAGE, 404);
    for (const page of ['0', '-1', '1.5', 'x', '99999999999']) {
      await inContract(await caller.get(`${id}/results/${page}`), 'GET', PAGE, 400);
    }
  });

  test('are refused when every result set is asked for: a page belongs to the first', async () => {
    const path = `/integrator/sites/${caller.site.siteId}/queries/async?resultSets=all`;
    const body = { command: { text: 'SELECT 1' } };
    const answer = await api.call('POST', path, { key: caller.site.key, body });
    expect(await answer.json()).toMatchObject({ error: { message: expect.any(String) } });
    expect(answer.status).toBe(400);
  });

  test.each([
    ['a wait beyond two hours', { maxTimeInQueue: 7_200_001 }],
    ['a wait below nothing', { maxTimeInQueue: -1 }],
    ['a field that is not known', { zz: 1 }],
  ])('are refused with %s', async (_what, more) => {
    await inContract(await caller.submit('SELECT 1', more), 'POST', ASYNC, 400);
  });
});

test('without Redis a submit answers 503, and an immediate query goes on', async () => {
  const api = await PretendApi.start();
  try {
    const site = await aPairedSite(api);
    const agent = await SealingAgent.of(api, site);
    api.attach(site.siteId, agent.script);
    const response = await new AsyncCaller(api, site).submit();
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toMatch(/^\d+$/);
  } finally {
    await api.stop();
  }
});
