import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { connect } from 'node:net';
import { PretendApi, rowsReply } from '#test/contract/api.fixture.js';
import { aPairedSite, grantAs, type PairedSite } from '#test/contract/paired-site.fixture.js';

let api: PretendApi;
let site: PairedSite;
let runs = 0;

beforeAll(async () => {
  api = await PretendApi.start({ CONDUIT_MAX_BODY_BYTES: String(4 * 1024 * 1024) });
  site = await aPairedSite(api);
  api.attach(site.siteId, (request) => {
    runs += 1;
    return rowsReply([{ bytes: request.body.length }]);
  });
});

afterAll(() => api.stop());

const good = { command: { text: 'SELECT 1' } };
const path = () => `${site.path}/queries/immediate`;
const ask = (body: object | string | Buffer, headers?: Record<string, string>) =>
  api.call('POST', path(), { key: site.key, body, ...(headers && { headers }) });

async function codeOf(response: Response): Promise<string> {
  const { error } = (await response.json()) as { error: { code: string } };
  return `${response.status} ${error.code}`;
}

/** Whatever was sent, the next good request works. */
afterEach(async () => {
  const response = await ask(good);
  expect(response.status).toBe(200);
  await response.arrayBuffer();
});

const flip = (text: string, at: number) =>
  text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);

test.each([
  ['no key', () => undefined, '401 KEY_MISSING'],
  ['an empty key', () => '', '401 KEY_MISSING'],
  ['a key with a typo', () => flip(site.key, 30), '401 KEY_INVALID'],
  ['a key of another form', () => 'x'.repeat(4_000), '401 KEY_INVALID'],
  ['two keys', () => `${site.key}, ${site.key}`, '401 KEY_INVALID'],
])('%s is refused before the body is looked at', async (_title, key, expected) => {
  const text = key();
  const response = await api.call('POST', path(), {
    body: 'not json',
    ...(text !== undefined && { key: text }),
  });
  expect(await codeOf(response)).toBe(expected);
});

test('a key whose secret is wrong but whose checksum fits is refused', async () => {
  const { makeApiKey } = await import('#apps/broker/src/access/api-key.js');
  const { crc32 } = await import('node:zlib');
  const forged = makeApiKey('dev').text.split('_').slice(0, 2).join('_');
  const body = `${forged}_${site.keyId}_${'A'.repeat(43)}`;
  const key = `${body}_${crc32(body).toString(16).padStart(8, '0')}`;
  expect(await codeOf(await api.call('POST', path(), { key, body: good }))).toBe('401 KEY_INVALID');
});

test('whoever may not query the site learns that before the body is looked at', async () => {
  const stranger = await aPairedSite(api);
  grantAs(api, stranger.siteId, stranger.integratorId, { state: 'revoked' });
  const send = (to: PairedSite, body: string) =>
    api.call('POST', `${to.path}/queries/immediate`, { key: stranger.key, body }).then(codeOf);
  expect(await send(site, 'not json')).toBe('404 SITE_NOT_FOUND');
  expect(await send(stranger, 'x'.repeat(5 * 1024 * 1024))).toBe('403 GRANT_REVOKED');
});

async function aKey(order: object): Promise<{ key: string; keyId: string; path: string }> {
  const other = await aPairedSite(api);
  const keys = `/operator/integrators/${other.integratorId}/keys`;
  const made = await api.operator(keys, { name: 'second', ...order });
  return { key: made['key'] ?? '', keyId: made['keyId'] ?? '', path: other.path };
}

test('an expired key, a key for another address and one for another site are refused', async () => {
  const expired = await aKey({ expiresAt: '2020-01-01T00:00:00Z' });
  expect(await codeOf(await api.call('GET', expired.path, expired))).toBe('401 KEY_EXPIRED');
  const elsewhere = await aKey({ addressRanges: ['192.0.2.0/24', '2001:db8::/32'] });
  expect(await codeOf(await api.call('GET', elsewhere.path, elsewhere))).toBe(
    '403 KEY_ADDRESS_FORBIDDEN',
  );
  const near = await aKey({ addressRanges: ['127.0.0.0/8'] });
  expect((await api.call('GET', near.path, near)).status).toBe(200);
  const narrow = await aKey({ siteIds: ['6f9619ff-8b86-4011-842d-00c04fc964ff'] });
  expect(await codeOf(await api.call('GET', narrow.path, narrow))).toBe('403 KEY_SITE_FORBIDDEN');
});

test('a revoked key is refused from the next request on', async () => {
  const { key, keyId, path: own } = await aKey({});
  expect((await api.call('GET', own, { key })).status).toBe(200);
  const headers = { authorization: `Bearer ${api.operatorToken}` };
  expect((await api.call('DELETE', `/operator/keys/${keyId}`, { headers })).status).toBe(204);
  await expect(api.call('GET', own, { key }).then(codeOf)).resolves.toBe('401 KEY_REVOKED');
});

test('a third live key of one name is refused until one is revoked', async () => {
  const other = await aPairedSite(api);
  const keys = `/operator/integrators/${other.integratorId}/keys`;
  await api.operator(keys, { name: 'first' });
  expect(await api.operator(keys, { name: 'second' })).toMatchObject({ keyId: expect.any(String) });
  expect(await api.operator(keys, { name: 'first' })).toMatchObject({
    error: { code: 'KEY_LIMIT' },
  });
});

test.each([
  ['text that is no JSON', 'SELECT 1', '400 BODY_NOT_JSON'],
  ['nothing', '', '400 BODY_NOT_JSON'],
  ['half a body', '{"command":', '400 BODY_NOT_JSON'],
  ['bytes that are no UTF-8', Buffer.from([0x22, 0xff, 0xfe, 0x22]), '400 BODY_NOT_JSON'],
  ['a list', [], '400 REQUEST_INVALID'],
  ['null', 'null', '400 REQUEST_INVALID'],
  ['a wrong type', { command: { text: 7 } }, '400 REQUEST_INVALID'],
  ['a wait that is too long', { ...good, maxTimeInQueue: 60_001 }, '400 REQUEST_INVALID'],
  ['a negative wait', { ...good, maxTimeInQueue: -1 }, '400 REQUEST_INVALID'],
  ['a lone surrogate in the text', '{"command":{"text":"\\ud800"}}', '400 REQUEST_INVALID'],
  ['a NUL in the text', '{"command":{"text":"SELECT \\u0000"}}', '400 REQUEST_INVALID'],
])('%s is refused', async (_title, body, expected) => {
  const before = runs;
  expect(await codeOf(await ask(body))).toBe(expected);
  expect(runs).toBe(before);
});

test('an unknown field is refused by its name, its value is not echoed', async () => {
  const response = await ask({ command: { text: 'SELECT 1', timeout: 'canary' } });
  const text = await response.text();
  expect(response.status).toBe(400);
  expect(text).toContain('command.timeout');
  expect(text).not.toContain('canary');
});

test('every wrong field is named in a problem document', async () => {
  const body = {
    command: { text: 'x', type: 'no', parameters: [{ name: '@a', type: 'Strange' }] },
  };
  const response = await ask(body, { accept: 'application/problem+json' });
  expect(response.headers.get('content-type')).toContain('application/problem+json');
  expect(await response.json()).toMatchObject({
    status: 400,
    code: 'REQUEST_INVALID',
    retry: 'never',
    whoCanFix: 'integrator',
    requestId: response.headers.get('x-request-id'),
    remedy: expect.any(String),
    errors: [
      { field: 'command.type', problem: expect.stringContaining('must be one of') },
      { field: 'command.parameters[0].type', problem: expect.stringContaining('must be one of') },
    ],
  });
});

test('10,000 parameters are refused, 2,100 and one of a megabyte are not', async () => {
  const parameters = (count: number) =>
    Array.from({ length: count }, (_, i) => ({ name: `@p${i}` }));
  const many = await ask({ command: { text: 'SELECT 1', parameters: parameters(10_000) } });
  expect(await codeOf(many)).toBe('400 REQUEST_INVALID');
  const most = await ask({ command: { text: 'SELECT 1', parameters: parameters(2_100) } });
  expect(most.status).toBe(200);
  const large = [{ name: '@a', type: 'NVarChar', value: 'x'.repeat(1024 * 1024) }];
  expect((await ask({ command: { text: 'SELECT @a', parameters: large } })).status).toBe(200);
});

test('a NUL in a value goes through', async () => {
  const response = await ask(
    '{"command":{"text":"SELECT @a","parameters":[{"name":"@a","value":"\\u0000"}]}}',
  );
  expect(response.status).toBe(200);
});

test('a body that is too large is refused, whether it says so or not', async () => {
  const large = JSON.stringify({ command: { text: 'x'.repeat(5 * 1024 * 1024) } });
  expect(await codeOf(await ask(large))).toBe('413 BODY_TOO_LARGE');
  const pieces = async function* () {
    for (let sent = 0; sent < 5 * 1024 * 1024; sent += 65_536) yield Buffer.alloc(65_536, 0x20);
  };
  const chunked = fetch(api.url + path(), {
    method: 'POST',
    headers: { 'Ocp-Apim-Subscription-Key': site.key, 'content-type': 'application/json' },
    body: pieces() as never,
    duplex: 'half',
  } as RequestInit);
  // The answer may overtake the rest of the upload, or the cut may.
  await chunked.then(
    async (response) => expect(await codeOf(response)).toBe('413 BODY_TOO_LARGE'),
    (error: Error) => expect(error.name).toBe('TypeError'),
  );
});

test.each([
  ['another media type', { 'content-type': 'text/plain' }, '415 MEDIA_TYPE_UNSUPPORTED'],
  ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, '415 MEDIA_TYPE_UNSUPPORTED'],
])('%s is refused', async (_title, headers, expected) => {
  expect(await codeOf(await ask('{}', headers as Record<string, string>))).toBe(expected);
});

test.each([
  ['GET', '/nowhere', '404 ROUTE_NOT_FOUND'],
  ['GET', '/integrator/%zz', '404 ROUTE_NOT_FOUND'],
  ['GET', `/integrator/sites/${'x'.repeat(1_000)}`, '404 ROUTE_NOT_FOUND'],
  ['DELETE', '/integrator/sites', '405 METHOD_NOT_ALLOWED'],
  ['PUT', '/integrator/sites/x/queries/immediate', '405 METHOD_NOT_ALLOWED'],
])('%s %s answers the one error shape', async (method, url, expected) => {
  const response = await api.call(method, url);
  expect(response.headers.get('x-request-id')).toMatch(/^[\w.-]{8,64}$/);
  expect(await codeOf(response)).toBe(expected);
});

test.each([
  ['GET', '/sites/%00', '404 SITE_NOT_FOUND'],
  ['GET', '/sites?practiceManagementSiteId=a%00', '400 REQUEST_INVALID'],
  ['POST', '/sites/%00/queries/immediate', '404 SITE_NOT_FOUND'],
  ['GET', '/webhooks/%00', '400 REQUEST_INVALID'],
  ['DELETE', '/webhooks/a%00b', '400 REQUEST_INVALID'],
  ['GET', '/usage?cursor=%00', '400 REQUEST_INVALID'],
])('a NUL in the URL is no failure of ours: %s %s', async (method, url, expected) => {
  const response = await api.call(method, `/integrator${url}`, { key: site.key });
  expect(await codeOf(response)).toBe(expected);
});

test('a NUL in what the operator sends is no failure of ours', async () => {
  const { practiceId } = await api.operator('/operator/practices', { name: 'Zz Practice' });
  const place = { pmsSiteId: 'a\0', pmsType: 'Sandbox', name: 'Zz Rooms' };
  const codes = `/operator/practices/${practiceId}/enrolment-codes`;
  const refused = { error: expect.objectContaining({ code: 'REQUEST_INVALID' }) };
  expect(await api.operator('/operator/practices', { name: 'Zz\0' })).toMatchObject(refused);
  expect(await api.operator(codes, { sites: [place] })).toMatchObject(refused);
});

test.each([
  ['?columns=yes', 'columns'],
  ['?resultSets=second', 'resultSets'],
  ['?colums=true', 'colums'],
])('a query string of %s is refused by name', async (query, field) => {
  const response = await api.call('POST', path() + query, { key: site.key, body: good });
  expect(response.status).toBe(400);
  expect(await response.text()).toContain(field);
});

test('bytes that are no HTTP and headers without end are answered and closed', async () => {
  const { port, hostname } = new URL(api.url);
  const send = (text: string) =>
    new Promise<string>((resolve) => {
      const socket = connect(Number(port), hostname, () => socket.write(text));
      let answer = '';
      socket.on('data', (chunk) => (answer += String(chunk)));
      socket.on('error', () => undefined);
      socket.on('close', () => resolve(answer));
    });
  expect(await send('HELLO\r\n\r\n')).toContain('REQUEST_INVALID');
  const endless = `GET /health/live HTTP/1.1\r\nHost: x\r\nX-Long: ${'y'.repeat(40_000)}\r\n\r\n`;
  expect(await send(endless)).toContain('HEADERS_TOO_LARGE');
});

test('an opaque request id is kept, one that could say something is replaced', async () => {
  const idFor = async (id: string) => {
    const response = await api.call('GET', '/health/live', { headers: { 'x-request-id': id } });
    return response.headers.get('x-request-id');
  };
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  expect(await idFor(traceId)).toBe(traceId);
  expect(await idFor('ZzPatient-1950-01-01')).toMatch(/^[0-9a-f-]{36}$/);
  expect(await idFor('<script>alert(1)</script>')).toMatch(/^[0-9a-f-]{36}$/);
});

test('more than the permitted rate answers 429 with the time to wait', async () => {
  const limited = await aPairedSite(api, { limits: { perMinute: 2 } });
  api.attach(limited.siteId, () => rowsReply([]));
  const send = () =>
    api.call('POST', `${limited.path}/queries/immediate`, { key: limited.key, body: good });
  for (const remaining of ['1', '0']) {
    const response = await send();
    expect(response.status).toBe(200);
    expect(response.headers.get('ratelimit-limit')).toBe('2');
    expect(response.headers.get('ratelimit-remaining')).toBe(remaining);
    expect(response.headers.get('ratelimit-policy')).toContain('"grant";q=2;w=60');
  }
  const refused = await send();
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await codeOf(refused)).toBe('429 RATE_LIMITED');
  grantAs(api, limited.siteId, limited.integratorId, { state: 'none' });
});

test('whoever keeps sending wrong operator tokens has to wait', async () => {
  const answers = [];
  for (let attempt = 0; attempt < 12; attempt++) {
    const headers = { authorization: `Bearer wrong-${attempt}` };
    answers.push(
      await codeOf(await api.call('POST', '/operator/practices', { headers, body: {} })),
    );
  }
  expect(answers[0]).toBe('401 OPERATOR_TOKEN_INVALID');
  expect(answers.at(-1)).toBe('429 RATE_LIMITED');
});

test('no line of the log holds what callers sent', async () => {
  await ask({ command: { text: 'canary-in-text', bad: 'canary-in-field' } });
  await api.call('GET', '/integrator/sites?practiceManagementSiteId=canary-in-query', {
    key: 'canary-key',
  });
  expect(JSON.stringify(api.log.lines)).not.toContain('canary');
});
