import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { StoredUsageBook } from '#apps/broker/src/usage/usage-book.postgres.js';
import { UsageBook } from '#apps/broker/src/usage/usage-book.port.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { PretendApi, rowsReply } from '#test/contract/api.fixture.js';
import { aPairedSite, type PairedSite } from '#test/contract/paired-site.fixture.js';

let api: PretendApi;
let site: PairedSite;
let stranger: PairedSite;

const today = new Date().toISOString().slice(0, 10);
const body = { command: { text: 'SELECT 1' } };

beforeAll(async () => {
  api = await PretendApi.start();
  site = await aPairedSite(api);
  stranger = await aPairedSite(api);
  let turn = 0;
  for (const { siteId } of [site, stranger]) {
    api.attach(siteId, () => {
      turn += 1;
      if (turn === 2) throw new ConduitError('GRANT_SCOPE');
      return rowsReply([{ n: 1 }]);
    });
  }
  for (let n = 0; n < 3; n += 1) await run(site);
  await run(stranger);
  await api.app.get<StoredUsageBook>(UsageBook, { strict: false }).flush();
});
afterAll(() => api.stop());

const run = ({ path, key }: PairedSite) =>
  api.call('POST', `${path}/queries/immediate`, { key, body });

async function usage(query = '', { key } = site) {
  const response = await api.call('GET', `/integrator/usage${query}`, { key });
  return { status: response.status, body: (await response.json()) as Record<string, never> };
}

describe('GET /integrator/usage', () => {
  test('answers sums for each site, day, kind and outcome, and only the own ones', async () => {
    const { status, body } = await usage();
    expect(status).toBe(200);
    const common = { date: today, siteId: site.siteId, kind: 'immediate', access: 'read' };
    expect(body['usage']).toEqual([
      expect.objectContaining({ ...common, outcome: 'refused', queries: 1, resultBytes: 0 }),
      expect.objectContaining({ ...common, outcome: 'successful', queries: 2, resultBytes: 2_048 }),
    ]);
    expect(body['to']).toBe(today);
  });

  test('is cut into pages', async () => {
    const first = await usage('?limit=1');
    expect(first.body['usage']).toHaveLength(1);
    const second = await usage(`?limit=1&cursor=${String(first.body['nextCursor'])}`);
    expect(second.body['usage']).toMatchObject([{ outcome: 'successful' }]);
    expect(second.body['nextCursor']).toBeUndefined();
  });

  test('can be asked for some days and one site', async () => {
    expect(
      (await usage(`?siteId=${site.siteId}&from=${today}&to=${today}`)).body['usage'],
    ).toHaveLength(2);
    expect((await usage('?from=2026-01-01&to=2026-01-31')).body['usage']).toEqual([]);
    expect((await usage(`?siteId=${stranger.siteId}`)).body['usage']).toEqual([]);
  });

  test('shows a key that is bound to sites only those', async () => {
    const keys = `/operator/integrators/${site.integratorId}/keys`;
    const bound = await api.operator(keys, { name: 'bound', siteIds: [stranger.siteId] });
    const caller = { ...site, key: bound['key'] ?? '' };
    expect((await usage('', caller)).body['usage']).toEqual([]);
    expect((await usage(`?siteId=${site.siteId}`, caller)).status).toBe(403);
  });

  test.each([
    ['from=yesterday', 'from'],
    ['from=2026-02-30', 'from'],
    ['from=2026-03-02&to=2026-03-01', 'from'],
    ['from=2020-01-01&to=2026-01-01', 'from'],
    ['to=20260101', 'to'],
    ['from=2026-01-01&from=2026-01-02', 'from'],
    ['siteId=1', 'siteId'],
    ['limit=0', 'limit'],
    ['limit=10001', 'limit'],
    ['limit=1e3', 'limit'],
    ['cursor=abc', 'cursor'],
    [`cursor=${Buffer.from("a b c d e'--").toString('base64url')}`, 'cursor'],
    ['integratorId=x', 'integratorId'],
  ])('refuses ?%s, naming the field', async (query, field) => {
    const { status, body } = await usage(`?${query}`);
    expect(status).toBe(400);
    expect(JSON.stringify(body)).toContain(field);
  });
});
