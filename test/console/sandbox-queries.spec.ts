/** The query console over HTTP: at the sandbox alone, under the integrator's own key, as the API answers. */
import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { RateLimits } from '#apps/broker/src/access/rate-limits.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { StreamedReply } from '#libs/link/link-reply.js';
import { PretendApi } from '#test/contract/api.fixture.js';
import { aPairedSite, aSite, type PairedSite } from '#test/contract/paired-site.fixture.js';
import { aConsolePerson, type ConsolePerson } from '#test/console/console-person.fixture.js';
import { until } from '#test/support/settle.js';

let api: PretendApi;
let site: PairedSite;
let developer: ConsolePerson;
let path: string;
let asked = 0;
let stopped = 0;

beforeAll(async () => {
  api = await PretendApi.start({ CONDUIT_STRANGER_RATE_BURST: '10000' });
  site = await aPairedSite(api);
  const { integratorId, siteId } = site;
  developer = await aConsolePerson(api, { role: 'integrator-admin', integratorId });
  path = `/integrators/${integratorId}/sites/${siteId}/sandbox-queries`;
  api.attach(siteId, (_request, { signal }) => {
    asked += 1;
    const rows = Buffer.from('[{"n":1}]');
    const isLong = asked === LONG;
    return new StreamedReply({
      head: { encoding: 'identity' },
      body: (async function* () {
        yield rows;
        if (isLong) await new Promise((resolve) => signal.addEventListener('abort', resolve));
        if (isLong) stopped += 1;
      })(),
      end: () => ({
        ...{ status: 'successful', rows: 1, size: rows.length },
        ...{ sqlExecutionMs: 1, waitedMs: 0 },
      }),
    });
  });
});
afterAll(() => api.stop());

/** The one that does not end by itself. */
const LONG = 2;
const body = { command: { text: 'SELECT 1 AS n' } };
const isSandbox = (registered: boolean, serves: boolean) =>
  api.database.kysely
    .updateTable('sites')
    .set({ is_sandbox: registered, serves_sandbox: serves })
    .where('site_id', '=', site.siteId)
    .execute();
const ask = (key = site.key, at = path) =>
  developer.call('POST', at, body, key === '' ? {} : { 'ocp-apim-subscription-key': key });
const codeOf = async (response: Response) => ((await response.json()) as { code?: string }).code;

describe('a query from the console', () => {
  beforeEach(() => isSandbox(true, true));

  test('runs at a site that the operator registered as a sandbox and that serves it', async () => {
    const response = await ask();
    expect(response.status).toBe(200);
    const { result } = (await response.json()) as { result: { data: string } };
    expect(Buffer.from(result.data, 'base64').toString()).toBe('[{"n":1}]');
  });

  test('is cancelled when the person leaves', async () => {
    const { url } = api;
    const going = httpRequest(`${url}/console/api${path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        origin: developer.origin,
        cookie: `__Host-conduit=${developer.token ?? ''}`,
        'ocp-apim-subscription-key': site.key,
      },
    });
    going.on('error', () => {});
    going.end(JSON.stringify(body));
    await until(() => asked === LONG);
    going.destroy();
    await until(() => stopped === 1);
  });

  test.each([
    ['was not registered as one', false, true],
    ['serves a database that is none', true, false],
    ['is a practice’s', false, false],
  ])('never reaches a site that %s', async (_what, registered, serves) => {
    await isSandbox(registered, serves);
    const before = asked;
    const response = await ask();
    expect([response.status, await codeOf(response)]).toEqual([403, 'SITE_NOT_SANDBOX']);
    expect(asked).toBe(before);
  });

  test('needs a live key of the same integrator', async () => {
    const other = await aPairedSite(api);
    expect(await codeOf(await ask(''))).toBe('KEY_MISSING');
    expect(await codeOf(await ask(`${site.key.slice(0, -1)}_`))).toBe('KEY_INVALID');
    expect(await codeOf(await ask(other.key))).toBe('KEY_INVALID');
  });

  test('counts against the limits of its key', async () => {
    const limits = api.app.get(RateLimits, { strict: false });
    const taken = jest.spyOn(limits, 'takeKey');
    taken.mockReturnValueOnce(new ConduitError('RATE_LIMITED', { facts: { retryAfterMs: 1 } }));
    const before = asked;
    expect(await codeOf(await ask())).toBe('RATE_LIMITED');
    expect(asked).toBe(before);
    taken.mockRestore();
  });

  test('finds no site that is not paired', async () => {
    const elsewhere = await aSite(api, site.practiceId);
    const at = `/integrators/${site.integratorId}/sites/${elsewhere}/sandbox-queries`;
    expect(await codeOf(await ask(site.key, at))).toBe('CONSOLE_ENTRY_NOT_FOUND');
  });
});

test('a key is in no table and no line of the log', async () => {
  const secret = site.key.split('_')[3] ?? site.key;
  const { kysely } = api.database;
  const records = await kysely.selectFrom('audit_records').select('record').execute();
  expect(JSON.stringify([records, api.log])).not.toContain(secret);
});
