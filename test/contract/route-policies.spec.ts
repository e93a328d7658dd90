import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Controller, Get, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { RouteTable } from '#apps/broker/src/access/route-table.js';
import { PretendApi } from '#test/contract/api.fixture.js';
import { aPairedSite, type PairedSite } from '#test/contract/paired-site.fixture.js';

/** Every route there is and who may call it. A new route is added here on purpose, or this fails. */
const expected = {
  'DELETE /integrator/sites/:siteId/queries/registered/:queryId': 'integratorKey',
  'DELETE /integrator/sites/:siteId/queries/:queryId': 'integratorKey',
  'DELETE /integrator/sites/:siteId/queries/:queryId/results': 'integratorKey',
  'DELETE /integrator/sites/:siteId/queries/:queryId/results/:pageNumber': 'integratorKey',
  'DELETE /integrator/webhooks/:webhookId': 'integratorKey',
  'DELETE /operator/keys/:keyId': 'operatorToken',
  'GET /agent/time': 'throttled',
  'GET /audit/checkpoint': 'throttled',
  'GET /audit/key': 'throttled',
  'GET /audit/tile/*': 'throttled',
  'GET /console': 'public',
  'GET /console/*': 'public',
  'GET /docs': 'public',
  'GET /docs/style.css': 'public',
  'GET /health/live': 'public',
  'GET /health/ready': 'public',
  'GET /integrator/receipts/:receiptId': 'integratorKey',
  'GET /integrator/sites': 'integratorKey',
  'GET /integrator/sites/:siteId': 'integratorKey',
  'GET /integrator/sites/:siteId/queries/:queryId': 'integratorKey',
  'GET /integrator/sites/:siteId/queries/:queryId/results/:pageNumber': 'integratorKey',
  'GET /integrator/sites/:siteId/queries/:queryId/results/:pageNumber/stream': 'integratorKey',
  'GET /integrator/sites/:siteId/writes/:key': 'integratorKey',
  'GET /integrator/usage': 'integratorKey',
  'GET /integrator/webhooks': 'integratorKey',
  'GET /integrator/webhooks/:webhookId': 'integratorKey',
  'GET /integrator/webhooks/:webhookId/deliveries': 'integratorKey',
  'GET /integrator/webhooks/:webhookId/deliveries/:deliveryId': 'integratorKey',
  'GET /integrator/sites/:siteId/queries/registered': 'integratorKey',
  'GET /integrator/sites/:siteId/queries/registered/:queryId': 'integratorKey',
  'GET /integrator/sites/:siteId/queries/registered/:queryId/results': 'integratorKey',
  'GET /integrator/sites/:siteId/queries/registered/:queryId/runs': 'integratorKey',
  'GET /openapi.json': 'public',
  'GET /operator/agents': 'operatorToken',
  'PATCH /integrator/webhooks/:webhookId': 'integratorKey',
  'PATCH /integrator/sites/:siteId/queries/registered/:queryId': 'integratorKey',
  'POST /audit/cosignatures': 'throttled',
  'POST /agent/enrolment': 'ownProof',
  'POST /agent/enrolment/challenge': 'ownProof',
  'POST /agent/recovery': 'ownProof',
  'POST /agent/recovery/challenge': 'ownProof',
  'POST /integrator/pair-site': 'integratorKey',
  'POST /integrator/pairSite': 'integratorKey',
  'POST /integrator/sites/:siteId/access': 'integratorKey',
  'POST /integrator/sites/:siteId/queries/async': 'integratorKey',
  'POST /integrator/sites/:siteId/queries/immediate': 'integratorKey',
  'POST /integrator/sites/:siteId/queries/registered': 'integratorKey',
  'POST /integrator/sites/:siteId/queries/status': 'integratorKey',
  'POST /integrator/webhooks': 'integratorKey',
  'POST /integrator/webhooks/:webhookId/deliveries/:deliveryId/redeliver': 'integratorKey',
  'POST /integrator/webhooks/:webhookId/redeliver': 'integratorKey',
  'POST /integrator/webhooks/:webhookId/secret': 'integratorKey',
  'POST /integrator/webhooks/:webhookId/test': 'integratorKey',
  'POST /oauth2/token': 'ownProof',
  'POST /operator/agents/:agentId/quarantine': 'operatorToken',
  'POST /operator/agents/:agentId/release': 'operatorToken',
  'POST /operator/agents/:agentId/revoke': 'operatorToken',
  'POST /operator/integrators': 'operatorToken',
  'POST /operator/invitations': 'operatorToken',
  'POST /operator/integrators/:integratorId/keys': 'operatorToken',
  'POST /operator/practices': 'operatorToken',
  'POST /operator/practices/:practiceId/enrolment-codes': 'operatorToken',
} as const;

let api: PretendApi;
let site: PairedSite;

beforeAll(async () => {
  api = await PretendApi.start();
  site = await aPairedSite(api);
});

afterAll(() => api.stop());

test('every route has the policy written here', () => {
  const routes = api.app.get(RouteTable, { strict: false }).list();
  // Those of people have a table and a walk of their own: test/console/route-walk.spec.ts.
  const others = routes.filter(({ path }) => !path.startsWith('/console/api/'));
  const found = others.map(({ method, path, policy }) => [`${method} ${path}`, policy]);
  expect(Object.fromEntries(found)).toEqual(expected);
});

type Credential = 'none' | 'integratorKey' | 'operatorToken';

const cases = Object.entries(expected).flatMap(([route, policy]) =>
  (['none', 'integratorKey', 'operatorToken'] as const).map(
    (credential) => [route, policy, credential] as const,
  ),
);

test.each(cases)(
  '%s (%s) meets a caller with %s',
  async (route, policy, credential: Credential) => {
    const [method = '', path = ''] = route.split(' ');
    const headers: Record<string, string> = {};
    if (credential === 'operatorToken') headers['authorization'] = `Bearer ${api.operatorToken}`;
    const response = await api.call(method, path.replace(/:\w+/g, 'x'), {
      headers,
      ...(credential === 'integratorKey' && { key: site.key }),
      ...(method === 'POST' && { body: {} }),
    });
    // 429: too many wrong credentials from one address, which is a refusal too.
    const isRefused = [401, 429].includes(response.status);
    const needs = ['public', 'ownProof', 'throttled'].includes(policy) ? undefined : policy;
    expect(isRefused).toBe(needs !== undefined && needs !== credential);
  },
);

test('a route without a policy stops the application from booting', async () => {
  @Controller('bare')
  class BareController {
    @Get('secret')
    read(): string {
      return 'x';
    }
  }

  @Module({ imports: [DiscoveryModule], controllers: [BareController], providers: [RouteTable] })
  class BareModule {}

  const built = await Test.createTestingModule({ imports: [BareModule] }).compile();
  const { makeAdapter } = await import('#apps/broker/src/edge/http-server.js');
  const app = built.createNestApplication(makeAdapter({ trustProxy: [] }));
  await expect(app.init()).rejects.toThrow('GET /bare/secret');
});
