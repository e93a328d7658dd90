import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { RouteTable } from '#apps/broker/src/access/route-table.js';
import { operations } from '#apps/broker/src/reference/operations.js';
import { PretendApi, rowsReply } from '#test/contract/api.fixture.js';
import { aPairedSite } from '#test/contract/paired-site.fixture.js';

let api: PretendApi;

beforeAll(async () => {
  api = await PretendApi.start();
});

afterAll(() => api.stop());

test('the reference describes every route and no other', () => {
  const routes = api.app.get(RouteTable, { strict: false }).list();
  const ofIntegrators = routes.filter(({ path }) => !path.startsWith('/console'));
  const found = ofIntegrators.map(({ method, path }) => `${method} ${path}`).sort();
  expect(operations.map((operation) => operation.route).sort()).toEqual(found);
});

test('the document is OpenAPI 3.1 whose references all resolve and whose examples fit', async () => {
  const response = await api.call('GET', '/openapi.json');
  const document = (await response.json()) as { openapi: string; paths: Record<string, object> };
  expect(document.openapi).toBe('3.1.0');
  const text = JSON.stringify(document);
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema(document, 'conduit');
  for (const [, name] of text.matchAll(/#\/components\/schemas\/(\w+)/g)) {
    ajv.compile({ $ref: `conduit#/components/schemas/${name}` });
  }
  for (const { body, bodyExample, answer, answerExample } of operations) {
    for (const [schema, example] of [
      [body, bodyExample],
      [answer, answerExample],
    ] as const) {
      if (example === undefined) continue;
      const validate = ajv.compile({ $ref: `conduit#/components/schemas/${schema}` });
      expect({ valid: validate(example), errors: validate.errors }).toEqual({
        valid: true,
        errors: null,
      });
    }
  }
});

test('real answers fit our own schemas', async () => {
  const site = await aPairedSite(api);
  api.attach(site.siteId, () => rowsReply([{ a: 1 }]));
  const document = (await (await api.call('GET', '/openapi.json')).json()) as object;
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema(document, 'conduit');
  const fits = async (schema: string, response: Response) => {
    const validate = ajv.compile({ $ref: `conduit#/components/schemas/${schema}` });
    expect({ valid: validate(await response.json()), errors: validate.errors }).toEqual({
      valid: true,
      errors: null,
    });
  };
  const { key } = site;
  const body = { command: { text: 'SELECT 1' } };
  await fits(
    'SuccessfulQuery',
    await api.call('POST', `${site.path}/queries/immediate`, { key, body }),
  );
  await fits('Site', await api.call('GET', site.path, { key }));
  await fits('Sites', await api.call('GET', '/integrator/sites', { key }));
  await fits('Error', await api.call('GET', '/integrator/sites'));
  const headers = { accept: 'application/problem+json' };
  await fits('Problem', await api.call('GET', '/integrator/sites', { headers }));
});

test('the page loads nothing from another host', async () => {
  const response = await api.call('GET', '/docs');
  const page = await response.text();
  expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(page).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
  expect(page).not.toContain('<script');
  const style = await api.call('GET', '/docs/style.css');
  expect(style.headers.get('content-type')).toContain('text/css');
});
