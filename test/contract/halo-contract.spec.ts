import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { CreatePairingCode } from '#apps/broker/src/grants/create-pairing-code.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import type { ErrorCode } from '#libs/errors/catalogue.js';
import { PretendApi, rowsReply, type Script } from '#test/contract/api.fixture.js';
import { HaloSchemas } from '#test/contract/halo-schemas.fixture.js';
import { aPairedSite, grantAs, type PairedSite } from '#test/contract/paired-site.fixture.js';

const IMMEDIATE = '/integrator/sites/{siteId}/queries/immediate';
const STATUS = '/integrator/sites/{siteId}/queries/{queryId}';
const SITE = '/integrator/sites/{siteId}';
const SITES = '/integrator/sites';

const halo = HaloSchemas.load();

interface Envelope {
  id: string;
  status: string;
  result: { data: string; rows: number; rowsAffected: number };
  errorDetails: object;
  error: { code: string; message: string };
}

(halo ? describe : describe.skip)('the Halo contract', () => {
  let api: PretendApi;
  let site: PairedSite;

  beforeAll(async () => {
    api = await PretendApi.start();
    site = await aPairedSite(api);
  });

  afterAll(() => api.stop());

  beforeEach(() => {
    api.attach(site.siteId, () => rowsReply([{ a: 1 }]));
  });

  async function expectContract(
    response: Response,
    method: string,
    path: string,
    status: number,
  ): Promise<Envelope> {
    const body = (await response.json()) as Envelope;
    expect({ status: response.status, body }).toMatchObject({ status });
    expect(halo?.problems(method, path, status, body)).toEqual([]);
    expect(response.headers.get('x-request-id')).toMatch(/^[\w.-]{8,64}$/);
    return body;
  }

  const ask = (body: object = { command: { text: 'SELECT 1 AS a' } }, key = site.key) =>
    api.call('POST', `${site.path}/queries/immediate`, { key, body });

  const failing =
    (code: ErrorCode): Script =>
    () =>
      Promise.reject(new ConduitError(code));

  test('a read answers the envelope with the rows as base64', async () => {
    const body = await expectContract(await ask(), 'POST', IMMEDIATE, 200);
    expect(Buffer.from(body.result.data, 'base64').toString()).toBe('[{"a":1}]');
    expect(halo?.problemsOf('QueryResult', body.result)).toEqual([]);
  });

  test('an answer that lacks a field is found wanting', async () => {
    const body = (await (await ask()).json()) as Partial<Envelope>;
    delete body.id;
    expect(halo?.problems('POST', IMMEDIATE, 200, body)).not.toEqual([]);
  });

  test('a write answers the rows affected and its parameters', async () => {
    const parameters = [{ name: '@id', direction: 'output', type: 'Int', value: '7' }];
    api.attach(site.siteId, () => ({
      status: 'successful',
      rowsAffected: 3,
      size: 0,
      sqlExecutionMs: 1,
      waitedMs: 0,
      parameters,
    }));
    const command = { text: 'UPDATE t SET a = 1', executionMode: 'nonQuery' };
    const body = await expectContract(await ask({ command }), 'POST', IMMEDIATE, 200);
    expect(body.result).toEqual({ rowsAffected: 3, size: 0, parameters });
    expect(halo?.problemsOf('NonQueryResult', body.result)).toEqual([]);
  });

  test('a statement that SQL Server refuses answers 400 with the query in it', async () => {
    api.attach(site.siteId, () => ({
      status: 'executionFailed',
      sqlExecutionMs: 1,
      waitedMs: 0,
      error: {
        code: 'STATEMENT_FAILED',
        errorType: 'mssql',
        errorCode: 208,
        errorMessage: "Invalid object name 'nope'.",
      },
    }));
    const body = await expectContract(await ask(), 'POST', IMMEDIATE, 400);
    expect(halo?.problemsOf('ExecutionFailedImmediateQuery', body)).toEqual([]);
    expect(body).toMatchObject({
      status: 'executionFailed',
      errorDetails: {
        errorType: 'mssql',
        errorCode: 208,
        errorMessage: "Invalid object name 'nope'.",
      },
      error: { code: 'STATEMENT_FAILED' },
    });
  });

  test.each([
    ['GRANT_SCOPE', 403],
    ['SITE_PAUSED', 403],
    ['CATALOGUE_UNKNOWN', 400],
    ['DATABASE_UNAVAILABLE', 503],
    ['QUEUE_EXPIRED', 504],
    ['EXECUTION_TIMEOUT', 504],
    ['INTERNAL', 500],
  ] as const)('a refusal of the agent with %s answers %i', async (code, status) => {
    api.attach(site.siteId, failing(code));
    const body = await expectContract(await ask(), 'POST', IMMEDIATE, status);
    expect(body.error.code).toBe(code);
  });

  test.each([
    ['pending', 'GRANT_PENDING'],
    ['declined', 'GRANT_MISSING'],
    ['revoked', 'GRANT_REVOKED'],
    ['expired', 'GRANT_EXPIRED'],
  ] as const)('a grant that is %s answers 403', async (state, code) => {
    const other = await aPairedSite(api);
    grantAs(api, other.siteId, other.integratorId, { state });
    const response = await api.call('POST', `${other.path}/queries/immediate`, {
      key: other.key,
      body: { command: { text: 'SELECT 1' } },
    });
    const body = await expectContract(response, 'POST', IMMEDIATE, 403);
    expect(body.error.code).toBe(code);
  });

  test('a wrong key answers 401 everywhere', async () => {
    const key = `${site.key.slice(0, -1)}x`;
    await expectContract(await ask(undefined, key), 'POST', IMMEDIATE, 401);
    await expectContract(await api.call('GET', SITES, { key }), 'GET', SITES, 401);
    await expectContract(await api.call('GET', site.path, { key }), 'GET', SITE, 401);
    await expectContract(
      await api.call('GET', `${site.path}/queries/x`, { key }),
      'GET',
      STATUS,
      401,
    );
    await expectContract(
      await api.call('POST', '/integrator/pair-site', { key }),
      'POST',
      '/integrator/pair-site',
      401,
    );
  });

  test('a site that is unknown and one that is not paired answer the same 404', async () => {
    const stranger = await aPairedSite(api);
    const bodies = [];
    for (const path of [stranger.path, '/integrator/sites/6f9619ff-8b86-d011-b42d-00c04fc964ff']) {
      const response = await api.call('POST', `${path}/queries/immediate`, {
        key: site.key,
        body: { command: { text: 'SELECT 1' } },
      });
      const body = await expectContract(response, 'POST', IMMEDIATE, 404);
      bodies.push({ ...body.error, requestId: undefined });
      await expectContract(await api.call('GET', path, { key: site.key }), 'GET', SITE, 404);
    }
    expect(bodies[0]).toEqual(bodies[1]);
  });

  test('a site without an agent answers 503', async () => {
    api.links.clients.delete(site.siteId);
    for (const [state, code] of [
      ['offline', 'SITE_OFFLINE'],
      ['unreachable', 'SITE_UNREACHABLE'],
    ] as const) {
      api.links.state = state;
      const response = await ask();
      expect(response.headers.get('retry-after')).toBe('5');
      const body = await expectContract(response, 'POST', IMMEDIATE, 503);
      expect(body.error.code).toBe(code);
    }
  });

  test('a query can be looked up afterwards, without its result', async () => {
    const { id } = await expectContract(await ask(), 'POST', IMMEDIATE, 200);
    const response = await api.call('GET', `${site.path}/queries/${id}`, { key: site.key });
    const body = await expectContract(response, 'GET', STATUS, 200);
    expect(halo?.problemsOf('AsyncQuerySuccessful', body)).toEqual([]);
    expect(body).toMatchObject({ id, status: 'successful', lane: 'immediate' });
    expect(JSON.stringify(body)).not.toContain('data');
  });

  test('a failed query can be looked up, without the words of the database', async () => {
    api.attach(site.siteId, () => ({
      status: 'executionFailed',
      sqlExecutionMs: 1,
      waitedMs: 0,
      error: {
        code: 'STATEMENT_FAILED',
        errorType: 'mssql',
        errorCode: 245,
        errorMessage: 'canary',
      },
    }));
    const { id } = await expectContract(await ask(), 'POST', IMMEDIATE, 400);
    const response = await api.call('GET', `${site.path}/queries/${id}`, { key: site.key });
    const body = await expectContract(response, 'GET', STATUS, 200);
    expect(halo?.problemsOf('AsyncQueryExecutionFailed', body)).toEqual([]);
    expect(JSON.stringify(body)).not.toContain('canary');
  });

  test("another integrator's query answers 404", async () => {
    const { id } = await expectContract(await ask(), 'POST', IMMEDIATE, 200);
    const other = await aPairedSite(api);
    const response = await api.call('GET', `${other.path}/queries/${id}`, { key: other.key });
    await expectContract(response, 'GET', STATUS, 404);
  });

  test('sites are listed without filters and found by either spelling of their system', async () => {
    const all = await expectContract(
      await api.call('GET', SITES, { key: site.key }),
      'GET',
      SITES,
      200,
    );
    expect(all).toMatchObject({ sites: [{ id: site.siteId, availability: 'online' }] });
    const one = await expectContract(
      await api.call('GET', site.path, { key: site.key }),
      'GET',
      SITE,
      200,
    );
    const { practiceManagementSiteId } = one as unknown as { practiceManagementSiteId: string };
    for (const name of ['Best Practice', 'BestPractice']) {
      const query = new URLSearchParams({ practiceManagementSiteId, practiceManagementName: name });
      const found = await api.call('GET', `${SITES}?${query}`, { key: site.key });
      expect(await expectContract(found, 'GET', SITES, 200)).toMatchObject({
        sites: [{ id: site.siteId }],
      });
    }
    const none = await api.call('GET', `${SITES}?practiceManagementName=Zedmed`, { key: site.key });
    expect(await expectContract(none, 'GET', SITES, 200)).toEqual({ sites: [] });
    const bad = await api.call('GET', `${SITES}?practiceManagementName=Nope`, { key: site.key });
    await expectContract(bad, 'GET', SITES, 400);
  });

  describe('pairing', () => {
    async function aCode(): Promise<string> {
      const { kysely } = api.database;
      const { practiceId, siteId } = site;
      const agentId = `agent-${siteId}`;
      await kysely
        .insertInto('agents')
        .values({
          agent_id: agentId,
          practice_id: practiceId,
          state: 'active',
          identity_public_key: Buffer.alloc(32),
          encryption_public_key: Buffer.alloc(32),
          encryption_key_since: new Date(),
          updated_at: new Date(),
        })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
      await kysely
        .updateTable('sites')
        .set({ agent_id: agentId })
        .where('site_id', '=', siteId)
        .execute();
      const create = api.app.get(CreatePairingCode, { strict: false });
      const made = await create.execute({ agentId, practiceId } as never, siteId);
      return String((made.code as { reveal?(): string }).reveal?.() ?? made.code);
    }

    async function claim(pairingCode: string) {
      const one = await api.call('GET', site.path, { key: site.key });
      const { practiceManagementSiteId } = (await one.json()) as {
        practiceManagementSiteId: string;
      };
      return { practiceManagementSiteId, practiceManagementName: 'Best Practice', pairingCode };
    }

    test.each(['pair-site', 'pairSite'])('%s takes a code from the query string', async (name) => {
      const query = new URLSearchParams(await claim(await aCode()));
      const path = `/integrator/${name}`;
      const response = await api.call('POST', `${path}?${query}`, { key: site.key });
      expect(await expectContract(response, 'POST', path, 200)).toMatchObject({ id: site.siteId });
    });

    test('pair-site takes a code from a JSON body, once', async () => {
      const body = await claim(await aCode());
      const pair = (key: string) => api.call('POST', '/integrator/pair-site', { key, body });
      await expectContract(await pair(site.key), 'POST', '/integrator/pair-site', 200);
      const other = await aPairedSite(api);
      const again = await expectContract(
        await pair(other.key),
        'POST',
        '/integrator/pair-site',
        400,
      );
      expect(again.error.code).toBe('PAIRING_CODE_INVALID');
    });

    test('a missing field is named', async () => {
      const response = await api.call('POST', '/integrator/pair-site?pairingCode=x', {
        key: site.key,
      });
      const body = await expectContract(response, 'POST', '/integrator/pair-site', 400);
      expect(body.error.message).toContain('practiceManagementSiteId');
    });
  });
});
