/** Idempotency keys between callers and agents, and the route that asks what became of a write. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { agentPatterns, type RunQueryMeta } from '#libs/contracts/link-messages.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { PretendApi, rowsReply } from '#test/contract/api.fixture.js';
import { aPairedSite, type PairedSite } from '#test/contract/paired-site.fixture.js';

let api: PretendApi;
let site: PairedSite;
let seen: RunQueryMeta | undefined;
let answer: () => object;
let found: object;

const UUID = /^[0-9a-f]{8}-/;
const procedure = {
  text: 'dbo.BookAppointment',
  type: 'storedProcedure',
  executionMode: 'nonQuery',
};
const written = { status: 'successful', rowsAffected: 1, sqlExecutionMs: 1, waitedMs: 0 };

async function aSiteWith(changes: object): Promise<PairedSite> {
  const made = await aPairedSite(api, changes);
  api.attach(
    made.siteId,
    ({ meta }) => {
      seen = meta;
      return answer() as never;
    },
    { [agentPatterns.findWrite]: () => found },
  );
  return made;
}

beforeAll(async () => {
  api = await PretendApi.start();
  site = await aSiteWith({});
});

afterAll(() => api.stop());

async function send(
  command: object,
  { key, at = site, accept }: { key?: string; at?: PairedSite; accept?: string } = {},
) {
  seen = undefined;
  const response = await api.call('POST', `${at.path}/queries/immediate`, {
    key: at.key,
    body: { command },
    headers: {
      ...(key !== undefined && { 'Idempotency-Key': key }),
      ...(accept !== undefined && { accept }),
    },
  });
  const { status, headers } = response;
  const text = await response.text();
  const body = (text.startsWith('{') ? JSON.parse(text) : {}) as Record<string, never>;
  return { status, body, key: headers.get('idempotency-key'), headers };
}

describe('the key of a query', () => {
  test("is the caller's own where it sends one, and named in the answer", async () => {
    answer = () => written;
    const { status, key } = await send(procedure, { key: 'order-17!"~' });
    expect([status, key]).toEqual([200, 'order-17!"~']);
    expect(seen).toMatchObject({ idempotencyKey: 'order-17!"~' });
    expect(seen).not.toHaveProperty('keyMinted');
  });

  test('is minted for what may be a write, and for nothing that surely reads', async () => {
    answer = () => written;
    const { key } = await send(procedure);
    expect(key).toMatch(UUID);
    expect(seen).toMatchObject({ idempotencyKey: key, keyMinted: true });
    answer = () => rowsReply([]);
    for (const executionMode of ['reader', 'scalar', 'nonQuery']) {
      const read = await send({ text: 'SELECT 1', executionMode });
      expect([read.status, read.key]).toEqual([200, null]);
      expect(seen).not.toHaveProperty('idempotencyKey');
    }
    for (const scopes of [['sql:read', 'sql:write'], [`statement:${'a'.repeat(64)}`]]) {
      const at = await aSiteWith({ scopes });
      expect((await send({ text: 'SELECT 1' }, { at })).key).toMatch(UUID);
    }
  });

  test.each([
    ['', 'nothing'],
    ['a b', 'a space'],
    ['clé', 'a letter that is no ASCII'],
    ['x'.repeat(256), '256 characters'],
  ])('%j is refused: %s', async (key) => {
    const { status, body } = await send(procedure, { key });
    expect([status, body]).toMatchObject([400, { error: { code: 'IDEMPOTENCY_KEY_INVALID' } }]);
    expect(seen).toBeUndefined();
  });

  test('of 255 characters is taken', async () => {
    answer = () => written;
    expect((await send(procedure, { key: '!'.repeat(255) })).status).toBe(200);
  });

  test('must be the caller’s own where the grant says so', async () => {
    const at = await aSiteWith({ writes: { callerKey: 'required' } });
    answer = () => written;
    const { status, body } = await send(procedure, { at });
    expect([status, body]).toMatchObject([400, { error: { code: 'IDEMPOTENCY_KEY_REQUIRED' } }]);
    expect(seen).toBeUndefined();
    expect((await send(procedure, { at, key: 'own' })).status).toBe(200);
    answer = () => rowsReply([]);
    expect((await send({ text: 'SELECT 1' }, { at })).status).toBe(200);
  });

  test.each([undefined, 'application/problem+json'])(
    'is in every error body (Accept: %s), whoever failed',
    async (accept) => {
      const nameOf = (body: { idempotencyKey?: string; error?: { idempotencyKey?: string } }) =>
        accept === undefined ? body.error?.idempotencyKey : body.idempotencyKey;
      const failed = (code: string) => ({
        status: 'executionFailed',
        sqlExecutionMs: 1,
        waitedMs: 0,
        error: { code, errorType: 'haloLink', errorCode: 0, errorMessage: 'x' },
      });
      const answers: [number, () => object][] = [
        [400, () => failed('STATEMENT_FAILED')],
        [413, () => failed('RESULT_TOO_LARGE')],
        [504, () => failed('EXECUTION_TIMEOUT')],
        [503, () => failed('DATABASE_CONNECTION_LOST')],
        [
          409,
          () => {
            throw new ConduitError('WRITE_IN_PROGRESS');
          },
        ],
        [
          500,
          () => {
            throw new Error('unexpected');
          },
        ],
      ];
      for (const [status, script] of answers) {
        answer = script;
        const failure = await send(procedure, { ...(accept !== undefined && { accept }) });
        expect(failure.status).toBe(status);
        expect(failure.key).toMatch(UUID);
        expect(nameOf(failure.body)).toBe(failure.key);
      }
      api.links.clients.delete(site.siteId);
      const offline = await send(procedure, { ...(accept !== undefined && { accept }) });
      expect([offline.status, nameOf(offline.body)]).toEqual([503, offline.key]);
      site = await aSiteWith({});
    },
  );

  test('says that an answer is one that was given before', async () => {
    answer = () => ({ ...written, replayed: true });
    const { headers } = await send(procedure, { key: 'again' });
    expect(headers.get('idempotent-replayed')).toBe('true');
  });
});

describe('what became of a write', () => {
  const ask = async (key: string, at = site, subscriptionKey = at.key) => {
    const response = await api.call('GET', `${at.path}/writes/${encodeURIComponent(key)}`, {
      key: subscriptionKey,
    });
    return { status: response.status, body: (await response.json()) as object };
  };

  test('is what the agent says of it, and no field more', async () => {
    const parameters = [{ name: '@NewId', direction: 'returnValue', value: '7' }];
    found = {
      state: 'applied',
      receivedAt: '2026-03-04T00:00:00.000Z',
      appliedAt: 'yesterday',
      secret: 'x',
      outcome: { rowsAffected: 1, rows: 0, parameters, kept: true, more: 1 },
    };
    const key = `${'%/?'.repeat(80)}#"é`.replace('é', '~');
    expect(await ask(key)).toEqual({
      status: 200,
      body: {
        idempotencyKey: key,
        siteId: site.siteId,
        state: 'applied',
        receivedAt: '2026-03-04T00:00:00.000Z',
        outcome: { rowsAffected: 1, rows: 0, parameters, kept: true },
      },
    });
  });

  test('is unknown, with the reason, while the site cannot be asked', async () => {
    const at = await aPairedSite(api);
    expect((await ask('k', at)).body).toMatchObject({ state: 'unknown', reason: 'SITE_OFFLINE' });
    const cut = api.attach(at.siteId, () => ({}), {
      [agentPatterns.findWrite]: () => {
        cut();
        return new Promise(() => {}) as never;
      },
    });
    expect((await ask('k', at)).body).toMatchObject({ state: 'unknown', reason: 'LINK_CLOSED' });
    api.attach(at.siteId, () => ({}), { [agentPatterns.findWrite]: () => ({ state: 'maybe' }) });
    expect((await ask('k', at)).body).toMatchObject({ state: 'unknown', reason: 'LINK_PROTOCOL' });
  });

  test('is nobody else’s business', async () => {
    found = { state: 'applied' };
    const stranger = await aPairedSite(api);
    expect((await ask('k', site, stranger.key)).status).toBe(404);
    expect((await ask('k', { ...site, path: '/integrator/sites/nowhere' })).status).toBe(404);
    expect((await ask('k', site, 'nonsense')).status).toBe(401);
  });

  test.each(['a b', 'x'.repeat(256), 'é'])('%j is no key', async (key) => {
    expect(await ask(key)).toMatchObject({
      status: 400,
      body: { error: { code: 'IDEMPOTENCY_KEY_INVALID' } },
    });
  });
});
