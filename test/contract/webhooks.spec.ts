import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { WebhookEvents } from '#apps/broker/src/webhooks/webhook-events.port.js';
import type { WebhookEventType } from '#libs/contracts/webhook-events.js';
import { PretendApi } from '#test/contract/api.fixture.js';
import { aPairedSite, type PairedSite } from '#test/contract/paired-site.fixture.js';

type Body = Record<string, unknown>;
interface Answer {
  status: number;
  body: Body;
}

const path = '/integrator/webhooks';
const url = 'https://localhost:8443/hooks?token=abc';

let api: PretendApi;
let site: PairedSite;
let stranger: PairedSite;
let ajv: Ajv2020;

beforeAll(async () => {
  api = await PretendApi.start({ CONDUIT_WEBHOOK_PRIVATE_RANGES: '127.0.0.0/8,::1' });
  site = await aPairedSite(api);
  stranger = await aPairedSite(api);
  ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema((await (await api.call('GET', '/openapi.json')).json()) as object, 'conduit');
});
afterAll(() => api.stop());
beforeEach(() => api.database.kysely.deleteFrom('webhook_endpoints').execute());

async function call(method: string, at: string, body?: object, key = site.key): Promise<Answer> {
  const response = await api.call(method, at, { key, ...(body && { body }) });
  const text = await response.text();
  return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as Body) };
}

async function aWebhook(order: object = {}, key = site.key): Promise<Body & { id: string }> {
  const { status, body } = await call('POST', path, { url, ...order }, key);
  expect(status).toBe(201);
  return body as Body & { id: string };
}

function expectFit(schema: string, body: unknown): void {
  const validate = ajv.compile({ $ref: `conduit#/components/schemas/${schema}` });
  expect({ valid: validate(body), errors: validate.errors }).toEqual({ valid: true, errors: null });
}

const codeOf = ({ status, body }: Answer) => [status, (body['error'] as Body)['code']];

/** Resolves when the deliveries of an endpoint are so many. */
async function deliveries(id: string, count: number, search = ''): Promise<Body[]> {
  for (;;) {
    const { body } = await call('GET', `${path}/${id}/deliveries${search}`);
    const found = body['deliveries'] as Body[];
    expectFit('WebhookDeliveries', body);
    if (found.length >= count) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function publish(type: WebhookEventType, more: object = {}): void {
  api.app.get(WebhookEvents, { strict: false }).publish({
    type,
    integratorId: site.integratorId,
    siteId: site.siteId,
    queryId: randomUUID(),
    occurredAtMs: Date.now(),
    ...more,
  });
}

describe('an endpoint', () => {
  test('is made with a secret that is answered once and kept sealed', async () => {
    const made = await aWebhook();
    expectFit('Webhook', made);
    const { secret, ...rest } = made;
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(rest).toMatchObject({
      url,
      events: [],
      siteIds: [],
      signature: 'halo',
      paused: false,
      publicKey: expect.stringMatching(/^whpk_[A-Za-z0-9+/]{43}=$/),
    });
    expect((await call('GET', `${path}/${made.id}`)).body).toEqual(rest);
    expect((await call('GET', path)).body).toEqual({ webhooks: [rest] });
    const rows = await api.database.kysely.selectFrom('webhook_endpoints').selectAll().execute();
    const plain = Buffer.from((secret as string).slice(6), 'base64');
    for (const value of Object.values(rows[0] as object)) {
      const bytes = Buffer.isBuffer(value) ? value : Buffer.from(String(value));
      expect(bytes.includes(plain) || bytes.includes(secret as string)).toBe(false);
    }
  });

  test('is changed in part', async () => {
    const { id } = await aWebhook({ events: ['query.failed'] });
    const changed = await call('PATCH', `${path}/${id}`, {
      url: 'https://localhost/other/{siteId}',
      siteIds: [site.siteId],
      signature: 'standard',
    });
    expectFit('Webhook', changed.body);
    expect(changed).toMatchObject({
      status: 200,
      body: {
        url: 'https://localhost/other/{siteId}',
        events: ['query.failed'],
        siteIds: [site.siteId],
        signature: 'standard',
      },
    });
  });

  test('is paused and resumed by its owner', async () => {
    const { id } = await aWebhook();
    const paused = await call('PATCH', `${path}/${id}`, { paused: true });
    expect(paused.body).toMatchObject({ paused: true, pauseReason: 'asked' });
    const resumed = await call('PATCH', `${path}/${id}`, { paused: false });
    expect(resumed.body).toMatchObject({ paused: false });
    expect(resumed.body).not.toHaveProperty('pauseReason');
    expect(await aWebhook({ paused: true })).toMatchObject({ paused: true, pauseReason: 'asked' });
  });

  test('gets a new secret and key, with those before for a while', async () => {
    const before = await aWebhook();
    const rotated = await call('POST', `${path}/${before.id}/secret`, {});
    expectFit('Webhook', rotated.body);
    expect(rotated.body['secret']).not.toBe(before['secret']);
    expect(rotated.body['previousPublicKey']).toBe(before['publicKey']);
    const until = Date.parse(rotated.body['previousSecretUntil'] as string);
    expect(Math.abs(until - Date.now() - 86_400_000)).toBeLessThan(60_000);
    const cut = await call('POST', `${path}/${before.id}/secret`, { overlapSeconds: 0 });
    expect(cut.body).not.toHaveProperty('previousPublicKey');
    for (const overlapSeconds of [-1, 1.5, 7 * 86_400 + 1, '60', null]) {
      const refused = await call('POST', `${path}/${before.id}/secret`, { overlapSeconds });
      expect(codeOf(refused)).toEqual([400, 'REQUEST_INVALID']);
    }
  });

  test('is deleted with its deliveries', async () => {
    const { id } = await aWebhook();
    publish('query.succeeded');
    await deliveries(id, 1);
    expect((await call('DELETE', `${path}/${id}`)).status).toBe(204);
    expect(codeOf(await call('GET', `${path}/${id}`))).toEqual([404, 'WEBHOOK_NOT_FOUND']);
    const left = await api.database.kysely.selectFrom('webhook_deliveries').selectAll().execute();
    expect(left).toEqual([]);
  });

  test('is nothing to another integrator', async () => {
    const { id } = await aWebhook();
    publish('query.succeeded');
    const [delivery] = await deliveries(id, 1);
    const own = `${path}/${id}`;
    const attempts: [string, string, object?][] = [
      ['GET', own],
      ['PATCH', own, { paused: true }],
      ['DELETE', own],
      ['POST', `${own}/secret`, {}],
      ['POST', `${own}/test`],
      ['GET', `${own}/deliveries`],
      ['GET', `${own}/deliveries/${String(delivery?.['id'])}`],
      ['POST', `${own}/deliveries/${String(delivery?.['id'])}/redeliver`],
      ['POST', `${own}/redeliver`, { since: '2026-01-01T00:00:00Z' }],
    ];
    for (const [method, at, body] of attempts) {
      const answer = await call(method, at, body, stranger.key);
      expect(codeOf(answer)).toEqual([404, 'WEBHOOK_NOT_FOUND']);
    }
    expect((await call('GET', path, undefined, stranger.key)).body).toEqual({ webhooks: [] });
  });

  test('exists twenty times at most', async () => {
    const orders = Array.from({ length: 24 }, () => call('POST', path, { url }));
    const statuses = (await Promise.all(orders)).map((answer) => answer.status);
    expect(statuses.filter((status) => status === 201)).toHaveLength(20);
    expect(codeOf(await call('POST', path, { url }))).toEqual([409, 'WEBHOOK_LIMIT']);
  });

  test('acts are in the audit', async () => {
    const { id } = await aWebhook();
    await call('PATCH', `${path}/${id}`, { paused: true });
    await call('POST', `${path}/${id}/secret`, {});
    await call('DELETE', `${path}/${id}`);
    const rows = await api.database.kysely.selectFrom('audit_records').select('record').execute();
    const records = rows.map((row) => JSON.parse(row.record) as Body);
    const own = records.filter((record) => record['webhookId'] === id);
    expect(own.map((record) => record['type'])).toEqual([
      'webhook.created',
      'webhook.changed',
      'webhook-secret.rotated',
      'webhook.deleted',
    ]);
    for (const record of own) {
      expect(record).toMatchObject({ integrator: site.integratorId, keyId: site.keyId });
    }
    expect(JSON.stringify(own)).not.toContain('localhost');
  });
});

describe('a URL is refused', () => {
  test.each([
    'http://localhost/hooks',
    'ftp://localhost/',
    'localhost',
    '/hooks',
    '',
    'https://',
    'https://user:pass@localhost/',
    'https://user@localhost/',
    'https://localhost/#part',
    'https://localhost/a b',
    'https://localhost/\n',
    'https://localhost\\@evil.example/',
    'https://{siteId}.localhost/',
    'https://localhost:{siteId}/',
    'https://localhost/{other}',
    'https://localhost/{siteId',
    'https://10.0.0.1/',
    'https://169.254.169.254/latest/meta-data/',
    'https://[::ffff:10.0.0.1]/',
    'https://[fd00:ec2::254]/',
    'https://0xa000001/',
    'https://no-such-host.invalid/',
    `https://localhost/${'a'.repeat(2_000)}`,
  ])('%s', async (wrong) => {
    expect(codeOf(await call('POST', path, { url: wrong }))).toEqual([400, 'REQUEST_INVALID']);
    const { id } = await aWebhook();
    const changed = await call('PATCH', `${path}/${id}`, { url: wrong });
    expect(codeOf(changed)).toEqual([400, 'REQUEST_INVALID']);
  });
});

describe('an order is refused', () => {
  test.each([
    [{ events: ['query.exploded'] }],
    [{ events: ['webhook.test'] }],
    [{ events: ['query.failed', 'query.failed'] }],
    [{ events: 'query.failed' }],
    [{ siteIds: ['x'] }],
    [{ siteIds: Array.from({ length: 1_001 }, () => randomUUID()) }],
    [{ signature: 'md5' }],
    [{ paused: 'no' }],
    [{ secret: 'mine' }],
    [{ url: null }],
    [{ events: null }],
    [{ siteIds: null }],
    [{ signature: null }],
    [{ paused: null }],
  ])('%j', async (order) => {
    expect(codeOf(await call('POST', path, { url, ...order }))).toEqual([400, 'REQUEST_INVALID']);
    const { id } = await aWebhook();
    const changed = await call('PATCH', `${path}/${id}`, order);
    expect(codeOf(changed)).toEqual([400, 'REQUEST_INVALID']);
  });
});

describe('a key for some sites', () => {
  test('uses only endpoints of its own sites', async () => {
    const { integratorId, siteId } = site;
    await api.database.kysely
      .updateTable('api_keys')
      .set({ expires_at: new Date(0) })
      .where('integrator_id', '=', integratorId)
      .where('key_id', '!=', site.keyId)
      .execute();
    const { key } = await api.operator(`/operator/integrators/${integratorId}/keys`, {
      name: 'one site',
      siteIds: [siteId],
    });
    const everywhere = await aWebhook();
    const here = await aWebhook({ siteIds: [siteId] }, key);
    expect(codeOf(await call('POST', path, { url }, key))).toEqual([403, 'KEY_SITE_FORBIDDEN']);
    const beyond = { url, siteIds: [siteId, randomUUID()] };
    expect(codeOf(await call('POST', path, beyond, key))).toEqual([403, 'KEY_SITE_FORBIDDEN']);
    for (const siteIds of [[], [randomUUID()]]) {
      const widened = await call('PATCH', `${path}/${here.id}`, { siteIds }, key);
      expect(codeOf(widened)).toEqual([403, 'KEY_SITE_FORBIDDEN']);
    }
    const listed = (await call('GET', path, undefined, key)).body['webhooks'] as Body[];
    expect(listed.map(({ id }) => id)).toEqual([here.id]);
    const other = await call('GET', `${path}/${everywhere.id}`, undefined, key);
    expect(codeOf(other)).toEqual([404, 'WEBHOOK_NOT_FOUND']);
  });
});

describe('the log of deliveries', () => {
  test('holds what its filter lets through, each event once', async () => {
    const all = await aWebhook();
    const failures = await aWebhook({ events: ['query.failed', 'registered.failed'] });
    const elsewhere = await aWebhook({ siteIds: [randomUUID()] });
    const foreign = await aWebhook({}, stranger.key);
    const queryId = randomUUID();
    publish('query.succeeded', { queryId });
    // The same end, told again by another node.
    publish('query.succeeded', { queryId, occurredAtMs: Date.now() + 5_000 });
    publish('query.failed');
    publish('site.online', { queryId: undefined });
    const seen = await deliveries(all.id, 3);
    expect(seen.map(({ type }) => type).sort()).toEqual([
      'query.failed',
      'query.succeeded',
      'site.online',
    ]);
    expect(seen.find(({ type }) => type === 'query.succeeded')).toMatchObject({
      queryId,
      siteId: site.siteId,
      state: 'pending',
      attempts: [],
    });
    expect((await deliveries(failures.id, 1)).map(({ type }) => type)).toEqual(['query.failed']);
    expect(await deliveries(elsewhere.id, 0)).toEqual([]);
    const { body } = await call('GET', `${path}/${foreign.id}/deliveries`, undefined, stranger.key);
    expect(body).toEqual({ deliveries: [] });
  });

  test('is read in pages and by state', async () => {
    const { id } = await aWebhook();
    for (let n = 0; n < 5; n += 1) publish('query.succeeded');
    const whole = await deliveries(id, 5);
    const ids: unknown[] = [];
    let after = '';
    for (let page = 0; page < 3; page += 1) {
      const { body } = await call('GET', `${path}/${id}/deliveries?limit=2${after}`);
      ids.push(...(body['deliveries'] as Body[]).map((delivery) => delivery['id']));
      after = `&after=${String(body['next'])}`;
    }
    expect(after).toBe('&after=undefined');
    expect(ids).toEqual(whole.map((delivery) => delivery['id']));
    expect(await deliveries(id, 0, '?state=failed')).toEqual([]);
    expect(await deliveries(id, 5, '?state=pending')).toHaveLength(5);
    for (const search of ['limit=0', 'limit=201', 'limit=x', 'state=lost', 'after=x']) {
      const answer = await call('GET', `${path}/${id}/deliveries?${search}`);
      expect(codeOf(answer)).toEqual([400, 'REQUEST_INVALID']);
    }
    const unknown = await call('GET', `${path}/${id}/deliveries?after=${randomUUID()}`);
    expect(codeOf(unknown)).toEqual([404, 'WEBHOOK_DELIVERY_NOT_FOUND']);
    const one = await call('GET', `${path}/${id}/deliveries/${String(ids[0])}`);
    expectFit('WebhookDelivery', one.body);
    expect(one.body).toEqual(whole[0]);
  });

  test('holds what comes and what waits while the endpoint is paused, for redelivery', async () => {
    const { id } = await aWebhook();
    publish('query.succeeded');
    await deliveries(id, 1);
    await call('PATCH', `${path}/${id}`, { paused: true });
    publish('query.failed');
    const held = await deliveries(id, 2, '?state=held');
    const again = `${path}/${id}/redeliver`;
    const since = new Date(Date.now() - 60_000).toISOString();
    expect(codeOf(await call('POST', again, { since }))).toEqual([409, 'WEBHOOK_PAUSED']);
    const one = `${path}/${id}/deliveries/${String(held[0]?.['id'])}/redeliver`;
    expect(codeOf(await call('POST', one))).toEqual([409, 'WEBHOOK_PAUSED']);
    await call('PATCH', `${path}/${id}`, { paused: false });
    expect(await deliveries(id, 2, '?state=held')).toHaveLength(2);
    expect(await call('POST', one)).toMatchObject({ status: 202 });
    const rest = await call('POST', again, { since });
    expectFit('RedeliveryCount', rest.body);
    expect(rest).toEqual({ status: 202, body: { count: 1 } });
    expect(await deliveries(id, 2, '?state=pending')).toHaveLength(2);
    const later = new Date(Date.now() + 60_000).toISOString();
    expect((await call('POST', again, { since: later })).body).toEqual({ count: 0 });
    expect(codeOf(await call('POST', again, { since: 'yesterday' }))).toEqual([
      400,
      'REQUEST_INVALID',
    ]);
    expect(codeOf(await call('POST', again, {}))).toEqual([400, 'REQUEST_INVALID']);
    const unknown = `${path}/${id}/deliveries/${randomUUID()}/redeliver`;
    expect(codeOf(await call('POST', unknown))).toEqual([404, 'WEBHOOK_DELIVERY_NOT_FOUND']);
  });

  test('shows a test, of which there is one at a time', async () => {
    const { id } = await aWebhook({ paused: true });
    const first = await call('POST', `${path}/${id}/test`);
    expectFit('AskedDelivery', first.body);
    expect(first.status).toBe(202);
    expect((await call('POST', `${path}/${id}/test`)).body).toEqual(first.body);
    expect(await deliveries(id, 1)).toEqual([
      expect.objectContaining({
        id: first.body['deliveryId'],
        type: 'webhook.test',
        state: 'pending',
      }),
    ]);
  });
});
