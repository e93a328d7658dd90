/** Registered queries against the published contract, with an agent that seals and a Redis that is real. */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { WebhookEvents } from '#apps/broker/src/webhooks/webhook-events.port.js';
import type { WebhookEvent } from '#libs/contracts/webhook-events.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { PretendApi } from '#test/contract/api.fixture.js';
import { HaloSchemas } from '#test/contract/halo-schemas.fixture.js';
import { aPairedSite, grantAs, type PairedSite } from '#test/contract/paired-site.fixture.js';
import { RegisteredAgent } from '#test/contract/registered-agent.fixture.js';
import { until } from '#test/support/settle.js';
import { hasRedis, TestRedis } from '#test/support/test-redis.js';

const LIST = '/integrator/sites/{siteId}/queries/registered';
const ONE = `${LIST}/{queryId}`;
const RESULTS = `${ONE}/results`;

const halo = HaloSchemas.load();

interface View {
  id: string;
  name: string;
  status: string;
  code?: string;
  lastHash?: string;
  cursor: string;
  data: string;
  metrics: Record<string, unknown>;
  registeredQueries: View[];
  runs: Record<string, unknown>[];
  error: { code: string };
  [more: string]: unknown;
}

(halo && hasRedis('registered queries') ? describe : describe.skip)('registered queries', () => {
  let redis: TestRedis;
  let api: PretendApi;
  let site: PairedSite;
  let agent: RegisteredAgent;
  const events: WebhookEvent[] = [];

  beforeAll(async () => {
    redis = await TestRedis.single();
    api = await PretendApi.start({ REDIS_URL: redis.url, CONDUIT_REGISTERED_PER_SITE: '30' });
    site = await aPairedSite(api);
    agent = await RegisteredAgent.of(api, site);
    const webhooks = api.app.get(WebhookEvents, { strict: false });
    webhooks.publish = (event) => void events.push(event);
  });

  afterAll(async () => {
    await api?.stop();
    await redis?.stop();
  });

  beforeEach(async () => {
    events.length = 0;
    await agent.attach();
  });

  afterEach(async () => {
    agent.refusal = undefined;
    for (const id of agent.held.keys()) await call('DELETE', `/${id}`);
  });

  const body = {
    name: 'Zz appointments',
    registeredQueryType: 'query',
    frequency: 60,
    duration: 3_600,
    registerCommand: { command: { text: 'SELECT 1 AS a' }, catalogue: 'Patients' },
  };

  const call = (
    method: string,
    path = '',
    options: { body?: object; key?: string; headers?: Record<string, string> } = {},
  ) => api.call(method, `${site.path}/queries/registered${path}`, { key: site.key, ...options });

  async function inContract(
    response: Response,
    method: string,
    path: string,
    status: number,
  ): Promise<View> {
    const answer = (await response.json()) as View;
    expect({ status: response.status, answer }).toMatchObject({ status });
    expect(halo?.problems(method, path, status, answer)).toEqual([]);
    return answer;
  }

  async function create(more: object = {}): Promise<string> {
    const response = await call('POST', '', { body: { ...body, ...more } });
    return (await inContract(response, 'POST', LIST, 202)).id;
  }

  const read = async (id: string, key = site.key): Promise<View> =>
    inContract(await call('GET', `/${id}`, { key }), 'GET', ONE, 200);

  async function refused(response: Response, status: number, code: string): Promise<void> {
    const answer = (await response.json()) as View;
    expect({ status: response.status, code: answer.error?.code }).toEqual({ status, code });
  }

  const kinds = (id: string): string[] =>
    events.filter(({ queryId }) => queryId === id).map(({ type }) => type);

  async function told(id: string, kind: string, count = 1): Promise<void> {
    await until(() => kinds(id).filter((type) => type === kind).length >= count);
  }

  test('are created, listed, read, give results and are cancelled as Halo describes', async () => {
    const id = await create();
    expect(agent.held.get(id)?.body).toEqual(body);
    expect(await read(id)).toMatchObject({ id, name: 'Zz appointments', status: 'enabled' });
    const { run } = await agent.changes(id, [{ a: 1 }]);
    await told(id, 'registered.changed');
    const list = await inContract(await call('GET'), 'GET', LIST, 200);
    expect(list.registeredQueries.map((query) => query.id)).toContain(id);
    const view = await read(id);
    expect(view.metrics).toMatchObject({ executionSucceededCount: 1, resultSizeSum: 9 });
    expect(view.lastHash).toMatch(/^[A-Za-z0-9+/]{43}=$/);
    const response = await call('GET', `/${id}/results`);
    expect(response.headers.get('conduit-receipt')).toBe(`${id}.${run}`);
    const result = await inContract(response, 'GET', RESULTS, 200);
    expect(result).toMatchObject({ rows: 1, size: 9, parameters: null });
    expect(Buffer.from(result.data, 'base64').toString()).toBe('[{"a":1}]');
    const { runs } = (await (await call('GET', `/${id}/runs`)).json()) as View;
    expect(runs).toMatchObject([
      { run, outcome: 'changed', rows: 1, size: 9, receipt: `${id}.${run}` },
    ]);
    expect((await call('DELETE', `/${id}`)).status).toBe(204);
    expect(await read(id)).toMatchObject({ status: 'cancelled', completedAt: expect.any(String) });
    await until(() => agent.ended.includes(id));
    await told(id, 'registered.ended');
    await refused(await call('GET', `/${id}/results`), 410, 'RESULT_GONE');
  });

  test.each([
    ['a frequency below a minute', { frequency: 59 }],
    ['a frequency that is no whole number', { frequency: 60.5 }],
    ['a frequency beyond a day', { frequency: 86_401 }],
    ['no duration', { duration: undefined }],
    ['a duration beyond a day', { duration: 86_401 }],
    ['a duration of nothing', { duration: 0 }],
    ['another type', { registeredQueryType: 'push' }],
    ['a name that is none', { name: '' }],
    ['a name without end', { name: 'x'.repeat(201) }],
    ['no command', { registerCommand: {} }],
    ['a write', { registerCommand: { command: { text: 'x', executionMode: 'nonQuery' } } }],
    ['key columns that are none', { keyColumns: [] }],
    ['key columns that are null', { keyColumns: null }],
    ['key columns twice', { keyColumns: ['a', 'a'] }],
    ['key columns that are no names', { keyColumns: [1] }],
    ['a field that is not known', { every: 5 }],
  ])('with %s are refused and nothing is kept', async (_, more) => {
    const before = agent.held.size;
    const response = await call('POST', '', { body: { ...body, ...more } });
    await inContract(response, 'POST', LIST, 400);
    expect(agent.held.size).toBe(before);
  });

  test('are found by nobody else, and by no other id', async () => {
    const id = await create();
    const other = await aPairedSite(api);
    for (const path of ['', '/results', '/runs']) {
      const strange = `${other.path}/queries/registered/${id}${path}`;
      await refused(await api.call('GET', strange, { key: other.key }), 404, 'QUERY_NOT_FOUND');
      await refused(await call('GET', `/${randomUUID()}${path}`), 404, 'QUERY_NOT_FOUND');
      await refused(await call('GET', `/x'--${path}`), 404, 'QUERY_NOT_FOUND');
      await refused(await call('GET', `/${id}${path}`, { key: other.key }), 404, 'SITE_NOT_FOUND');
    }
    await refused(await call('DELETE', `/${id}`, { key: other.key }), 404, 'SITE_NOT_FOUND');
    await refused(
      await call('PATCH', `/${id}`, { key: other.key, body: { duration: 60 } }),
      404,
      'SITE_NOT_FOUND',
    );
  });

  test('have changes since a cursor, and cursors that are only theirs', async () => {
    const [id, other] = [await create({ keyColumns: ['a'] }), await create()];
    await agent.changes(other, [{ a: 1 }]);
    await agent.changes(id, [{ a: 1 }, { a: 2 }]);
    const first = await inContract(await call('GET', `/${id}/results`), 'GET', RESULTS, 200);
    const since = (cursor: string, of = id) => call('GET', `/${of}/results?since=${cursor}`);
    expect(await (await since(first.cursor)).json()).toEqual({
      ...{ added: [], changed: [], removed: [], cursor: first.cursor },
    });
    await agent.changes(id, [{ a: 1 }], [{ k: '[2]', op: 'removed', row: { a: 2 } }]);
    await agent.changes(id, [{ a: 1 }, { a: 3 }], [{ k: '[3]', op: 'added', row: { a: 3 } }]);
    const changes = (await (await since(first.cursor)).json()) as View;
    expect(changes).toMatchObject({ added: [{ a: 3 }], changed: [], removed: [{ a: 2 }] });
    expect((await since(changes.cursor)).status).toBe(200);
    const theirs = (await (await call('GET', `/${other}/results`)).json()) as View;
    const flipped = `${changes.cursor.slice(0, -1)}${changes.cursor.endsWith('A') ? 'B' : 'A'}`;
    for (const cursor of [theirs.cursor, flipped, 'x', '', changes.cursor.toLowerCase(), '%00']) {
      await refused(await since(cursor), 400, 'CURSOR_INVALID');
    }
    await refused(await since('x'.repeat(201)), 400, 'REQUEST_INVALID');
  });

  test('whose changes are no longer held answer 410 and name the way on', async () => {
    const id = await create({ keyColumns: ['a'] });
    await agent.changes(id, [{ a: 1 }]);
    const first = (await (await call('GET', `/${id}/results`)).json()) as View;
    const lost = await agent.changes(id, [{ a: 2 }], []);
    await told(id, 'registered.changed', 2);
    const since = () => call('GET', `/${id}/results?since=${first.cursor}`);
    expect((await since()).status).toBe(200);
    agent.forget(lost);
    await redis.client.flushall();
    await refused(await since(), 410, 'CURSOR_EXPIRED');
    // A chain that begins anew, as after the agent lost its own state.
    await agent.changes(id, [{ a: 3 }]);
    await refused(await since(), 410, 'CURSOR_EXPIRED');
    const whole = await inContract(await call('GET', `/${id}/results`), 'GET', RESULTS, 200);
    expect(Buffer.from(whole.data, 'base64').toString()).toBe('[{"a":3}]');
  });

  test('open for the key that created them alone', async () => {
    const id = await create();
    await agent.fails(id);
    // The words follow the report: an agent does not wait for Redis.
    await until(async () => JSON.stringify(await read(id)).includes('ZzNope'));
    expect(await read(id)).toMatchObject({
      code: 'STATEMENT_FAILED',
      lastErrorDetails: {
        errorType: 'mssql',
        errorCode: 208,
        errorMessage: "Invalid name 'ZzNope'.",
      },
    });
    const keys = `/operator/integrators/${site.integratorId}/keys`;
    const { key = '' } = await api.operator(keys, { name: 'second' });
    const view = await read(id, key);
    expect(view).toMatchObject({ name: '', lastErrorDetails: { errorCode: 208 } });
    expect(JSON.stringify(view)).not.toContain('ZzNope');
    await agent.changes(id, [{ a: 1 }]);
    await refused(await call('GET', `/${id}/results`, { key }), 403, 'RESULT_KEY_MISMATCH');
    const list = (await (await call('GET', '', { key })).json()) as View;
    expect(list.registeredQueries.map((query) => query.id)).toContain(id);
    const rows = await api.database.kysely.selectFrom('registered_queries').selectAll().execute();
    expect(JSON.stringify(rows, (_, value: unknown) => value)).not.toContain('appointments');
    const runs = await api.database.kysely.selectFrom('registered_runs').selectAll().execute();
    const rest = `${JSON.stringify(runs)}${await redis.contents()}${redis.commands}`;
    for (const word of ['ZzNope', 'SELECT 1', 'Zz appointments']) expect(rest).not.toContain(word);
  });

  test('are renewed from now on, in part or in whole, until they have ended', async () => {
    const id = await create({ duration: 60 });
    const patch = (terms: object) => call('PATCH', `/${id}`, { body: terms });
    const renewed = (await (await patch({ duration: 86_400 })).json()) as View;
    expect(Date.parse(String(renewed['endsAt']))).toBeGreaterThan(Date.now() + 86_000_000);
    expect(halo?.problemsOf('RegisteredQuery', renewed)).toEqual([]);
    expect(await (await patch({ frequency: 120, name: 'Zz other' })).json()).toMatchObject({
      ...{ frequency: 120, name: 'Zz other', duration: 86_400 },
    });
    const endMs = Date.now() + 5_000;
    while (agent.held.get(id)?.meta.revision !== 3 && Date.now() < endMs) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(agent.held.get(id)?.meta).toMatchObject({ revision: 3, frequencySeconds: 120 });
    for (const wrong of [{}, { duration: 86_401 }, { frequency: 59 }, { name: '' }, { end: 1 }]) {
      await refused(await patch(wrong), 400, 'REQUEST_INVALID');
    }
    await call('DELETE', `/${id}`);
    await refused(await patch({ duration: 60 }), 409, 'REGISTERED_ENDED');
  });

  test('created with the same Idempotency-Key are one', async () => {
    const headers = { 'Idempotency-Key': randomUUID() };
    const send = (more: object = {}) => call('POST', '', { body: { ...body, ...more }, headers });
    const answers = await Promise.all([send(), send(), send()]);
    const ids = await Promise.all(answers.map(async (one) => ((await one.json()) as View).id));
    expect(new Set(ids).size).toBe(1);
    await refused(await send({ frequency: 61 }), 409, 'IDEMPOTENCY_KEY_REUSED');
    const invalid = { 'Idempotency-Key': 'a b' };
    await refused(
      await call('POST', '', { body, headers: invalid }),
      400,
      'IDEMPOTENCY_KEY_INVALID',
    );
  });

  test('beyond what one may have are refused, also when they come at once', async () => {
    const answers = await Promise.all(Array.from({ length: 40 }, () => call('POST', '', { body })));
    const counts = answers.map(({ status }) => status);
    expect(counts.filter((status) => status === 202)).toHaveLength(30);
    expect(counts.filter((status) => status === 409)).toHaveLength(10);
    await refused(await call('POST', '', { body }), 409, 'REGISTERED_LIMIT');
  });

  test('wait for an agent that is away, and say so when Redis lost them', async () => {
    agent.detach();
    const [kept, lost] = [await create(), await create()];
    await refused(await call('GET', `/${kept}/results`), 404, 'RESULT_NOT_READY');
    await redis.client.del(`conduit:registered:{${lost}}`);
    await agent.attach();
    const endMs = Date.now() + 5_000;
    while (!(agent.held.has(kept) && (await read(lost)).status !== 'enabled')) {
      expect(Date.now()).toBeLessThan(endMs);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(await read(lost)).toMatchObject({
      ...{ status: 'initialisationFailedCacheError', code: 'QUERY_GONE' },
    });
    await refused(await call('GET', `/${lost}/results`), 410, 'QUERY_GONE');
    expect(await redis.keys()).not.toContain(`conduit:registered:{${kept}}`);
  });

  test('that the agent no longer holds are told to be created again', async () => {
    const id = await create();
    agent.held.clear();
    await agent.attach();
    await told(id, 'registered.ended');
    expect(await read(id)).toMatchObject({ status: 'initialisationFailedCacheError' });
  });

  test('that the agent refuses answer its reason', async () => {
    agent.refusal = new ConduitError('REGISTERED_LIMIT', { facts: { limit: 1_000 } });
    await refused(await call('POST', '', { body }), 409, 'REGISTERED_LIMIT');
  });

  test("that ended elsewhere, or are nobody's, are ended at the agent", async () => {
    const id = await create();
    agent.detach();
    await call('DELETE', `/${id}`);
    const stranger = randomUUID();
    agent.held.set(stranger, { meta: { registeredId: stranger, revision: 1 } } as never);
    agent.ended.length = 0;
    await agent.attach();
    await until(() => new Set(agent.ended).size >= 2);
    expect(new Set(agent.ended)).toEqual(new Set([id, stranger]));
  });

  test('are fetched from the agent again when Redis lost the result', async () => {
    const id = await create();
    await agent.changes(id, [{ a: 1 }]);
    await told(id, 'registered.changed');
    await redis.client.flushall();
    agent.fetched.length = 0;
    expect((await call('GET', `/${id}/results`)).status).toBe(200);
    expect((await call('GET', `/${id}/results`)).status).toBe(200);
    expect(agent.fetched).toHaveLength(1);
    agent.detach();
    expect((await call('GET', `/${id}/results`)).status).toBe(200);
    await redis.client.flushall();
    await refused(await call('GET', `/${id}/results`), 503, 'SITE_OFFLINE');
  });

  test('reported twice are counted once, reported by another agent not at all', async () => {
    const id = await create();
    const report = await agent.changes(id, [{ a: 1 }]);
    await agent.report(report);
    const other = await aPairedSite(api);
    const stranger = await RegisteredAgent.of(api, other);
    await stranger.report({ ...report, run: report.run + 1 });
    await told(id, 'registered.changed');
    expect((await read(id)).metrics).toMatchObject({ executionSucceededCount: 1 });
    expect(kinds(id)).toEqual(['registered.changed']);
  });

  test('that stop because their permission is gone end with the reason', async () => {
    const id = await create();
    await agent.changes(id, [{ a: 1 }]);
    await agent.fails(id, { errorCode: 'GRANT_REVOKED', stopped: true });
    await told(id, 'registered.ended');
    expect(await read(id)).toMatchObject({ status: 'cancelled', code: 'GRANT_REVOKED' });
    expect(kinds(id)).toEqual(expect.arrayContaining(['registered.failed', 'registered.ended']));
  });

  test('are told of once for each reason that they fail for', async () => {
    const id = await create();
    await agent.fails(id);
    await agent.fails(id);
    await agent.fails(id, { errorCode: 'SITE_PAUSED' });
    await told(id, 'registered.failed', 2);
    expect(kinds(id)).toEqual(['registered.failed', 'registered.failed']);
    expect((await read(id)).metrics).toMatchObject({ executionFailedCount: 3 });
  });

  test('give no result once the practice revoked its permission', async () => {
    const other = await aPairedSite(api);
    const own = await RegisteredAgent.of(api, other);
    await own.attach();
    const path = `${other.path}/queries/registered`;
    const { key } = other;
    const { id } = (await (await api.call('POST', path, { key, body })).json()) as View;
    await own.changes(id, [{ a: 1 }]);
    grantAs(api, other.siteId, other.integratorId, { state: 'revoked' });
    const results = await api.call('GET', `${path}/${id}/results`, { key });
    await refused(results, 403, 'GRANT_REVOKED');
    await refused(await api.call('POST', path, { key, body }), 403, 'GRANT_REVOKED');
    expect((await api.call('DELETE', `${path}/${id}`, { key })).status).toBe(204);
  });
});
