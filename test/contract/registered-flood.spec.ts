/**
 * One integrator that creates registered queries without end: what it may have, it gets; the others are
 * refused, and nobody else is touched. What ten thousand do to one agent is tested at the agent.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PretendApi } from '#test/contract/api.fixture.js';
import { aPairedSite, type PairedSite } from '#test/contract/paired-site.fixture.js';
import { RegisteredAgent } from '#test/contract/registered-agent.fixture.js';
import { hasRedis, TestRedis } from '#test/support/test-redis.js';

const CREATED = 2_000;
const AT_ONCE = 64;
const PER_SITE = 100;

interface View {
  id: string;
  status: string;
  data: string;
  registeredQueries: View[];
  error: { code: string };
}

(hasRedis('a flood of registered queries') ? describe : describe.skip)(
  'a flood of registered queries',
  () => {
    let redis: TestRedis;
    let api: PretendApi;
    let flooder: PairedSite;
    let other: PairedSite;
    let agents: RegisteredAgent[];

    beforeAll(async () => {
      redis = await TestRedis.single();
      api = await PretendApi.start({
        REDIS_URL: redis.url,
        CONDUIT_REGISTERED_PER_SITE: String(PER_SITE),
        CONDUIT_KEY_RATE_PER_SECOND: '1000000',
        CONDUIT_KEY_RATE_BURST: '1000000',
      });
      [flooder, other] = [await aPairedSite(api), await aPairedSite(api)];
      agents = [await RegisteredAgent.of(api, flooder), await RegisteredAgent.of(api, other)];
      for (const agent of agents) await agent.attach();
    });

    afterAll(async () => {
      await api?.stop();
      await redis?.stop();
    });

    const call = (site: PairedSite, method: string, path = '', body?: object) =>
      api.call(method, `${site.path}/queries/registered${path}`, {
        key: site.key,
        ...(body && { body }),
      });

    const create = (site: PairedSite): Promise<Response> =>
      call(site, 'POST', '', {
        ...{ name: 'Zz flood', registeredQueryType: 'query', frequency: 60, duration: 3_600 },
        registerCommand: { command: { text: 'SELECT 1 AS a' }, catalogue: 'Patients' },
      });

    test('makes as many as one may have, and those that were there give their results', async () => {
      const { id } = (await (await create(other)).json()) as View;
      const mine = ((await (await create(flooder)).json()) as View).id;
      const answers = new Map<string, number>();
      let left = CREATED - 1;
      const flood = async (): Promise<void> => {
        while (left-- > 0) {
          const response = await create(flooder);
          const { error } = (await response.json()) as View;
          const kind = `${response.status} ${error?.code ?? ''}`.trim();
          answers.set(kind, (answers.get(kind) ?? 0) + 1);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, flood));
      const {
        '202': made,
        '409 REGISTERED_LIMIT': tooMany = 0,
        ...others
      } = Object.fromEntries(answers);
      expect(made).toBe(PER_SITE - 1);
      expect(tooMany).toBeGreaterThan(100);
      // The permission's own rate refuses the rest before anything is looked up.
      expect(others).toEqual({ '429 RATE_LIMITED': CREATED - PER_SITE - tooMany });
      expect(agents[0]?.held.size).toBe(PER_SITE);
      const list = (await (await call(flooder, 'GET')).json()) as View;
      expect(list.registeredQueries).toHaveLength(PER_SITE);
      // Nothing of the refused ones waits in Redis.
      const waiting = (await redis.keys()).filter((key) => key.startsWith('conduit:registered:'));
      expect(waiting.length).toBeLessThanOrEqual(PER_SITE + 1);
      for (const [agent, site, one] of [
        [agents[0], flooder, mine],
        [agents[1], other, id],
      ] as const) {
        await agent?.changes(one, [{ a: 1 }]);
        const result = (await (await call(site, 'GET', `/${one}/results`)).json()) as View;
        expect(Buffer.from(result.data, 'base64').toString()).toBe('[{"a":1}]');
      }
      expect((await create(other)).status).toBe(202);
      expect((await call(flooder, 'DELETE', `/${mine}`)).status).toBe(204);
      expect([202, 429]).toContain((await create(flooder)).status);
    }, 120_000);
  },
);
