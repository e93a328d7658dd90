import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { PretendApi } from '#test/contract/api.fixture.js';
import { HaloSchemas } from '#test/contract/halo-schemas.fixture.js';
import { aPairedSite } from '#test/contract/paired-site.fixture.js';
import { AsyncCaller, SealingAgent } from '#test/contract/sealing-agent.fixture.js';
import { hasRedis, TestRedis } from '#test/support/test-redis.js';

const ASYNC = '/integrator/sites/{siteId}/queries/async';
const STATUS = '/integrator/sites/{siteId}/queries/{queryId}';
const BATCH = '/integrator/sites/{siteId}/queries/status';
const PAGE = '/integrator/sites/{siteId}/queries/{queryId}/results/{pageNumber}';
const STREAM = `${PAGE}/stream`;

const halo = HaloSchemas.load();

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
    api.attach(site.siteId, agent.script);
  });

  afterAll(async () => {
    await api?.stop();
    await redis?.stop();
  });

  test('go from submit to page', async () => {
    agent.answer = () => ({ pages: [[{ a: 1 }, { a: 2 }], [{ a: 3 }]] });
    const response = await caller.submit();
    expect(response.status).toBe(201);
    const view = (await response.json()) as { id: string };
    expect(halo?.problems('POST', ASYNC, 201, view)).toEqual([]);
    const done = await caller.until(view.id, 'successful', 'executionFailed');
    expect(done).toMatchObject({ status: 'successful' });
    expect(await caller.rows(view.id, 1)).toEqual([{ a: 1 }, { a: 2 }]);
    expect(await caller.rows(view.id, 2)).toEqual([{ a: 3 }]);
  });
});
