import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { RouteTable } from '#apps/broker/src/access/route-table.js';
import { PretendApi } from '#test/contract/api.fixture.js';
import { aPairedSite, type PairedSite } from '#test/contract/paired-site.fixture.js';

const BURST = 60;

let api: PretendApi;
let site: PairedSite;

beforeAll(async () => {
  api = await PretendApi.start({
    CONDUIT_KEY_RATE_BURST: String(BURST),
    CONDUIT_KEY_RATE_PER_SECOND: '1',
  });
  site = await aPairedSite(api);
});
afterAll(() => api.stop());

const read = ({ key }: PairedSite) => api.call('GET', '/integrator/sites', { key });

test('every route of an integrator says where its key stands, whatever it answers', async () => {
  const routes = api.app.get(RouteTable, { strict: false }).list();
  const own = routes.filter(({ policy }) => policy === 'integratorKey');
  expect(own.length).toBeGreaterThan(20);
  const silent: string[] = [];
  for (const { method, path } of own) {
    const body = method === 'GET' || method === 'DELETE' ? {} : { body: {} };
    const answer = await api.call(method, path.replace(/:\w+/g, 'x'), { key: site.key, ...body });
    const says = ['limit', 'remaining', 'reset', 'policy'].every((word) =>
      answer.headers.has(`ratelimit-${word}`),
    );
    if (!says) silent.push(`${method} ${path}`);
  }
  expect(silent).toEqual([]);
});

test('a key beyond its rate is refused half a second later, and another is not touched', async () => {
  const [flooder, quiet] = [await aPairedSite(api), await aPairedSite(api)];
  await Promise.all(Array.from({ length: BURST }, () => read(flooder)));
  const started = performance.now();
  const refused = Promise.all(Array.from({ length: 20 }, () => read(flooder)));
  expect((await read(quiet)).status).toBe(200);
  const statuses = (await refused).map(({ status }) => status);
  expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(5);
  expect(performance.now() - started).toBeGreaterThan(450);
  const [answer] = (await refused).filter(({ status }) => status === 429);
  expect(answer?.headers.get('ratelimit-remaining')).toBe('0');
  expect(Number(answer?.headers.get('retry-after'))).toBeGreaterThan(0);
});
