/** The token endpoint and its tokens, as an integrator's software meets them; and all the ways not to get one. */
import { createPrivateKey, generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { exportJWK, SignJWT, UnsecuredJWT, type JWK, type JWTPayload } from 'jose';
import { sql } from 'kysely';
import { ConsoleOrigin } from '#apps/broker/src/access/console-origin.js';
import type { OauthClients } from '#libs/console-api/integrator.js';
import { aConsolePerson, type ConsolePerson } from '#test/console/console-person.fixture.js';
import { PretendApi, rowsReply } from '#test/contract/api.fixture.js';
import { aPairedSite, type PairedSite } from '#test/contract/paired-site.fixture.js';

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** Keys from bytes: what a key generator leaves behind can hold up an export. */
const pem = (kind: 'ec' | 'ed25519') =>
  kind === 'ec'
    ? generateKeyPairSync('ec', {
        namedCurve: 'P-256',
        privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
        publicKeyEncoding: { type: 'spki', format: 'pem' },
      }).privateKey
    : generateKeyPairSync('ed25519', {
        privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
        publicKeyEncoding: { type: 'spki', format: 'pem' },
      }).privateKey;

async function aKeyPair(kind: 'ec' | 'ed25519' = 'ec') {
  const own = createPrivateKey(pem(kind));
  const whole = await exportJWK(own);
  const { kty, crv, x, y } = whole;
  const jwk = { kty, crv, x, ...(y !== undefined && { y }) } as JWK;
  return { own, jwk, whole };
}
type KeyPair = Awaited<ReturnType<typeof aKeyPair>>;

let api: PretendApi;
let site: PairedSite;
let admin: ConsolePerson;
let at: string;
let pair: KeyPair;
let clientId: string;
let origin: string;

beforeAll(async () => {
  api = await PretendApi.start({ CONDUIT_STRANGER_RATE_BURST: '10000' });
  site = await aPairedSite(api);
  at = `/integrators/${site.integratorId}/oauth-clients`;
  admin = await aConsolePerson(api, {
    role: 'integrator-admin',
    integratorId: site.integratorId,
  });
  origin = api.app.get(ConsoleOrigin).origins[0] ?? '';
  pair = await aKeyPair();
  clientId = await register('server', [pair.jwk]);
});
afterAll(() => api.stop());

async function register(name: string, keys: JWK[], more: object = {}): Promise<string> {
  const { integratorId } = site;
  const wanted = { name, jwks: { keys }, ...more };
  const action = { type: 'oauth-client.create', integratorId, siteIds: [], addressRanges: [] };
  const stepUp = await admin.stepUp({ ...action, ...wanted } as never);
  return (await admin.json<{ clientId: string }>('POST', at, { ...wanted, stepUp })).clientId;
}

const now = () => Math.floor(Date.now() / 1_000);

function claims(changes: JWTPayload = {}): JWTPayload {
  const [iss, sub] = [clientId, clientId];
  return { iss, sub, aud: origin, iat: now(), exp: now() + 60, jti: randomUUID(), ...changes };
}
const sign = (payload: JWTPayload, own = pair.own, alg = 'ES256') =>
  new SignJWT(payload).setProtectedHeader({ alg }).sign(own);

async function ask(assertion: string, more: Record<string, string | undefined> = {}) {
  const form = {
    grant_type: 'client_credentials',
    client_assertion_type: ASSERTION_TYPE,
    client_assertion: assertion,
    ...more,
  };
  const given = Object.entries(form).filter(([, value]) => value !== undefined);
  const response = await fetch(`${api.url}/oauth2/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(given as [string, string][]).toString(),
  });
  const body = (await response.json()) as Record<string, string | number>;
  return { status: response.status, headers: response.headers, body };
}

async function aToken(more: Record<string, string> = {}): Promise<string> {
  const { status, body } = await ask(await sign(claims()), more);
  expect([status, body['error']]).toEqual([200, undefined]);
  return String(body['access_token']);
}
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
const statusWith = async (token: string) =>
  (await api.call('GET', site.path, bearer(token))).status;

describe('a token', () => {
  test('is got for a signed assertion and opens what a key opens', async () => {
    const { status, headers, body } = await ask(await sign(claims()), { client_id: clientId });
    expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(body).toEqual({
      access_token: expect.stringMatching(/^ct_/),
      token_type: 'Bearer',
      expires_in: 600,
    });
    expect(await statusWith(String(body['access_token']))).toBe(200);
    const cut = api.attach(site.siteId, () => rowsReply([{ n: 1 }]));
    const answer = await api.call('POST', `${site.path}/queries/immediate`, {
      ...bearer(String(body['access_token'])),
      body: { command: { text: 'SELECT 1 AS n' } },
    });
    cut();
    expect(answer.status).toBe(200);
  });

  test('is got for the token endpoint as audience too, and with an Ed25519 key', async () => {
    const { status } = await ask(await sign(claims({ aud: `${origin}/oauth2/token` })));
    expect(status).toBe(200);
    const other = await aKeyPair('ed25519');
    const own = await register('edwards', [other.jwk]);
    const jwt = await sign(claims({ iss: own, sub: own }), other.own, 'EdDSA');
    expect((await ask(jwt)).status).toBe(200);
  });

  test('is not given while it cannot be recorded', async () => {
    const { kysely } = api.database;
    const rename = (from: string, to: string) =>
      sql`alter table ${sql.table(from)} rename to ${sql.table(to)}`.execute(kysely);
    await rename('audit_records', 'audit_records_gone');
    const { status, body } = await ask(await sign(claims()));
    await rename('audit_records_gone', 'audit_records');
    expect([status, body['error'], body['code']]).toEqual([
      ...[503, 'temporarily_unavailable', 'AUDIT_UNAVAILABLE'],
    ]);
    expect(body['access_token']).toBeUndefined();
    await aToken();
  });

  test('with one character changed, of another client or made up opens nothing', async () => {
    const token = await aToken();
    const changed = token.replace(clientId, 'AAAAAAAAAAAA');
    for (const wrong of [changed, token.slice(0, -2), `${token}A`, 'ct_x', site.key]) {
      const response = await api.call('GET', site.path, bearer(wrong));
      const { error } = (await response.json()) as { error: { code: string } };
      expect([response.status, error.code]).toEqual([401, 'TOKEN_INVALID']);
      expect(response.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
    }
  });

  test('ends with its client, at once', async () => {
    const other = await aKeyPair();
    const own = await register('short', [other.jwk]);
    const { body } = await ask(await sign(claims({ iss: own, sub: own }), other.own));
    const token = String(body['access_token']);
    expect(await statusWith(token)).toBe(200);
    const { integratorId } = site;
    const action = { type: 'oauth-client.revoke', integratorId, clientId: own };
    const stepUp = await admin.stepUp(action);
    expect((await admin.call('DELETE', `${at}/${own}`, { stepUp })).status).toBe(204);
    expect(await statusWith(token)).toBe(401);
    const again = await ask(await sign(claims({ iss: own, sub: own }), other.own));
    expect([again.status, again.body['error'], again.body['code']]).toEqual([
      401,
      'invalid_client',
      'KEY_REVOKED',
    ]);
  });

  test('is bound to the sites and addresses of its client', async () => {
    const other = await aKeyPair();
    const far = await register('far', [other.jwk], { addressRanges: ['203.0.113.0/24'] });
    const { status, body } = await ask(await sign(claims({ iss: far, sub: far }), other.own));
    expect([status, body['code']]).toEqual([401, 'KEY_ADDRESS_FORBIDDEN']);
  });

  test('opens stored results only when the client put a secret of its own into it', async () => {
    const look = async (token: string) => {
      const path = `${site.path}/queries/${randomUUID()}/results/1`;
      const response = await api.call('GET', path, bearer(token));
      return ((await response.json()) as { error: { code: string } }).error.code;
    };
    expect(await look(await aToken())).toBe('TOKEN_WITHOUT_SECRET');
    const secret = randomBytes(32).toString('base64url');
    expect(await look(await aToken({ result_secret: secret }))).not.toBe('TOKEN_WITHOUT_SECRET');
    const wrong = await ask(await sign(claims()), { result_secret: 'short' });
    expect([wrong.status, wrong.body['error']]).toEqual([400, 'invalid_request']);
  });

  test('leaves nothing in the store but that an id has served', async () => {
    const token = await aToken();
    const { kysely } = api.database;
    const keys = await kysely.selectFrom('api_keys').selectAll().execute();
    const used = await kysely.selectFrom('used_assertions').selectAll().execute();
    expect(used.length).toBeGreaterThan(0);
    expect(JSON.stringify([keys, used])).not.toContain(token.slice(-43));
  });
});

describe('an assertion is refused', () => {
  const wrong: [string, string, () => Promise<string> | string][] = [
    ['without a signature', 'algorithm|form|signature', () => new UnsecuredJWT(claims()).encode()],
    [
      'with alg none',
      'algorithm',
      async () => {
        const [, payload] = (await sign(claims())).split('.');
        const head = Buffer.from('{"alg":"none"}').toString('base64url');
        return `${head}.${payload}.`;
      },
    ],
    [
      'signed with the public key as a secret',
      'algorithm',
      () =>
        new SignJWT(claims())
          .setProtectedHeader({ alg: 'HS256' })
          .sign(Buffer.from(JSON.stringify(pair.jwk))),
    ],
    ['signed with a foreign key', 'signature', async () => sign(claims(), (await aKeyPair()).own)],
    [
      'that brings its own key',
      'signature',
      async () => {
        const other = await aKeyPair();
        return new SignJWT(claims())
          .setProtectedHeader({ alg: 'ES256', jwk: other.jwk })
          .sign(other.own);
      },
    ],
    ['for somebody else', 'audience', () => sign(claims({ aud: 'https://other.example' }))],
    [
      'for us and somebody else',
      'audience',
      () => sign(claims({ aud: [origin, 'https://other.example'] })),
    ],
    ['without an audience', 'audience', () => sign(claims({ aud: undefined as never }))],
    ['that has expired', 'expired', () => sign(claims({ iat: now() - 120, exp: now() - 60 }))],
    ['that is made long before', 'expired', () => sign(claims({ iat: now() - 3600 }))],
    ['that lasts for a day', 'lifetime', () => sign(claims({ exp: now() + 86_400 }))],
    ['without an end', 'claims', () => sign(claims({ exp: undefined as never }))],
    ['without an id', 'claims', () => sign(claims({ jti: undefined as never }))],
    ['with an empty id', 'id', () => sign(claims({ jti: '' }))],
    ['made by another issuer', 'claims', () => sign(claims({ iss: 'somebody' }))],
    ['of a client that nobody knows', 'signature', () => sign(claims({ sub: 'AAAAAAAAAAAA' }))],
    ['of an API key', 'signature', () => sign(claims({ sub: site.keyId, iss: site.keyId }))],
    ['that is no JWT', 'form', () => 'abc'],
    ['that is far too long', 'form', () => 'a'.repeat(10_000)],
  ];

  test.each(wrong)('%s', async (_what, reason, make) => {
    const { status, body } = await ask(await make());
    expect([status, body['error'], body['code']]).toEqual([
      401,
      'invalid_client',
      'CLIENT_ASSERTION_REFUSED',
    ]);
    expect(body['error_description']).toMatch(new RegExp(`\\((?:${reason})\\)$`));
  });

  test('the second time, also when both come at once', async () => {
    const assertion = await sign(claims());
    const both = await Promise.all([ask(assertion), ask(assertion)]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 401]);
    expect((await ask(assertion)).body['error_description']).toContain('(replayed)');
  });

  test.each([
    ['another grant', { grant_type: 'password' }, 'unsupported_grant_type'],
    ['no grant', { grant_type: undefined }, 'invalid_request'],
    ['another kind of assertion', { client_assertion_type: 'saml' }, 'invalid_request'],
    ['no assertion', { client_assertion: undefined }, 'invalid_request'],
    ['another client’s id', { client_id: 'AAAAAAAAAAAA' }, 'invalid_client'],
  ])('with %s', async (_what, more, error) => {
    expect((await ask(await sign(claims()), more)).body['error']).toBe(error);
  });

  test('as JSON, and twice in one form', async () => {
    const json = await api.call('POST', '/oauth2/token', { body: { grant_type: 'x' } });
    expect([json.status, ((await json.json()) as { error: string }).error]).toEqual([
      400,
      'invalid_request',
    ]);
    const twice = await fetch(`${api.url}/oauth2/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'grant_type=client_credentials&grant_type=client_credentials',
    });
    expect(twice.status).toBe(400);
  });
});

describe('a client', () => {
  test('shows its public keys by their fingerprints', async () => {
    const shown = await admin.json<OauthClients>('GET', at);
    expect(shown).toMatchObject({ audience: origin, tokenEndpoint: `${origin}/oauth2/token` });
    const own = shown.clients.find((client) => client.clientId === clientId);
    expect(own).toMatchObject({ name: 'server', state: 'live', keys: [{ kind: 'EC P-256' }] });
  });

  test.each([
    ['a private key', () => pair.whole],
    ['a symmetric key', () => ({ kty: 'oct', k: 'c2VjcmV0' })],
    ['a key that is not on its curve', () => ({ ...pair.jwk, x: pair.jwk.y })],
    ['a member that does not belong', () => ({ ...pair.jwk, x5u: 'https://evil.example' })],
    ['nothing', () => ({})],
  ])('is refused with %s', async (_what, key) => {
    await expect(register('wrong', [key() as JWK])).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
    });
  });

  test('is no API key: its id opens nothing by itself', async () => {
    const key = site.key.replace(site.keyId, clientId);
    expect((await api.call('GET', site.path, { key })).status).toBe(401);
  });
});
