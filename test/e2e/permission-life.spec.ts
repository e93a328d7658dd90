/**
 * A permission from nothing to revoked, and the keys that speak under it. Each refusal says who can
 * change it; what runs when a permission ends is gone from the database with it.
 */
import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { approve, operatorOf, pair, registerIntegrator } from '#deploy/dev/demo.js';
import { asProblem, dataOf, problemOf, refusal } from '#test/e2e/answers.fixture.js';
import { ClinicDatabase, isSandbox } from '#test/e2e/clinic-database.fixture.js';
import { settle } from '#test/support/settle.js';
import { startConduit, type Answer, type TestConduit } from '#test/support/start-conduit.js';

const ENDLESS = `SELECT COUNT_BIG(*) AS n FROM dbo.Patient a CROSS JOIN dbo.Patient b
  CROSS JOIN dbo.Patient c CROSS JOIN dbo.Patient d WHERE a.SURNAME + b.SURNAME <> c.SURNAME`;
const FREE_SLOTS = {
  text: 'dbo.GetFreeSlots',
  type: 'storedProcedure',
  parameters: [
    { name: '@PractitionerId', type: 'Int', value: '1' },
    { name: '@Date', type: 'Date', value: '2126-03-04' },
  ],
};

let conduit: TestConduit;
let database: ClinicDatabase;

beforeAll(async () => {
  conduit = await startConduit({ approval: 'none' });
  database = await ClinicDatabase.connect(conduit, 'admin');
}, 120_000);

afterAll(async () => {
  await database?.close();
  await conduit?.stop();
});

const onSandbox = isSandbox ? test : test.skip;
const headers = asProblem;
const select = (text = 'SELECT 1 AS n'): Promise<Answer> =>
  conduit.query({ text }, {}, '', { headers });

/** The integrator asks anew and the practice decides anew: a new version of the one permission. */
async function approveAnew(...words: string[]): Promise<string> {
  await pair(conduit.conduit, conduit.integrator.subscriptionKey);
  const { integratorId } = conduit.integrator;
  return (await approve(conduit.conduit, integratorId, words)).grantId;
}

/** Starts a query, does something, and gives its answer once the database has let go of it. */
async function endless(meanwhile: () => Promise<unknown>, withinMs: number): Promise<Answer> {
  const answer = select(ENDLESS);
  await database.untilStatementRuns();
  await meanwhile();
  await database.untilNothingRuns(withinMs);
  return answer;
}

function expectRefusal(answer: Answer, status: number, code: string, whoCanFix: string): void {
  expect([answer.status, problemOf(answer).code]).toEqual([status, code]);
  expect(problemOf(answer).whoCanFix).toBe(whoCanFix);
}

describe('before there is a permission', () => {
  test('a site that is not paired looks like one that does not exist', async () => {
    const stranger = await registerIntegrator(conduit.conduit, 'Zz Stranger');
    const look = async (siteId: string): Promise<unknown[]> => {
      const paths = ['', '/queries/immediate', `/queries/${randomUUID()}`];
      return Promise.all(
        paths.map(async (path, i) => {
          const { status, body } = await conduit.call(
            i === 1 ? 'POST' : 'GET',
            `/integrator/sites/${siteId}${path}`,
            {
              key: stranger.subscriptionKey,
              headers,
              ...(i === 1 && { body: { command: { text: 'SELECT 1' } } }),
            },
          );
          return { status, body: { ...(body as object), requestId: '' } };
        }),
      );
    };
    const real = await look(conduit.siteId);
    expect(real).toEqual(await look(randomUUID()));
    expect(real[1]).toMatchObject({ status: 404, body: { code: 'SITE_NOT_FOUND' } });
  });

  test('a request that waits for the practice says so', async () => {
    const answer = await select();
    expectRefusal(answer, 403, 'GRANT_PENDING', 'practice');
    expect(problemOf(answer).remedy).toContain('access request');
  });

  test('the practice cannot permit more than its own ceiling, nor what has ended', async () => {
    const { integratorId } = conduit.integrator;
    await expect(approve(conduit.conduit, integratorId, ['--scopes', 'sql:write'])).rejects.toThrow(
      'sql:write',
    );
    await expect(
      approve(conduit.conduit, integratorId, ['--expires', '2020-01-01']),
    ).rejects.toThrow('must be in the future');
    expectRefusal(await select(), 403, 'GRANT_PENDING', 'practice');
  });
});

describe('a narrow permission', () => {
  beforeAll(async () => {
    const { integratorId } = conduit.integrator;
    const [catalogue] = conduit.conduit.pms?.catalogues ?? [];
    await approve(conduit.conduit, integratorId, [
      ...['--scopes', 'procedure:dbo.GetFreeSlots', '--catalogues', catalogue?.name ?? ''],
    ]);
  });

  test('allows what it names and nothing else', async () => {
    const allowed = await conduit.query(FREE_SLOTS);
    expect(Array.isArray(dataOf(allowed))).toBe(true);
    expectRefusal(await select(), 403, 'GRANT_SCOPE', 'practice');
    const other = { ...FREE_SLOTS, text: 'dbo.FindPatient' };
    expect(refusal(await conduit.query(other))).toEqual([403, 'GRANT_SCOPE']);
    const disguised = { ...FREE_SLOTS, type: 'text', text: 'EXEC dbo.GetFreeSlots' };
    expect(refusal(await conduit.query(disguised))).toEqual([403, 'GRANT_SCOPE']);
  });

  onSandbox('covers no catalogue that it does not name', async () => {
    const answer = await conduit.query(FREE_SLOTS, { catalogue: 'Reference' });
    expect(refusal(answer)).toEqual([403, 'GRANT_CATALOGUE']);
  });
});

describe('a permission for one agreed statement', () => {
  const AGREED = 'SELECT TOP (2) SURNAME FROM dbo.Patient WHERE INTERNALID >= @from';
  const parameters = [{ name: '@from', type: 'Int', value: '0' }];
  const sha256 = createHash('sha256').update(AGREED).digest('hex');

  beforeAll(() => approveAnew('--scopes', `statement:${sha256}`), 30_000);

  test('runs it, with any values, and no other text', async () => {
    const allowed = await conduit.query({ text: AGREED, parameters });
    expect(dataOf(allowed)).toHaveLength(2);
    expectRefusal(await select(), 403, 'GRANT_SCOPE', 'practice');
    for (const text of [`${AGREED} OR 1 = 1`, AGREED.replace('(2)', '(20)'), ` ${AGREED}`])
      expect(refusal(await conduit.query({ text, parameters }))).toEqual([403, 'GRANT_SCOPE']);
  });

  test('holds for queries that wait', async () => {
    const ended = async (text: string) => {
      const { body } = await conduit.call('POST', `${conduit.queriesPath}/async`, {
        body: { command: { text, parameters } },
      });
      const { id } = body as { id: string };
      return settle('the query ends', 10_000, async () => {
        const answer = await conduit.call('GET', `${conduit.queriesPath}/${id}`);
        const { status } = answer.body as { status: string };
        const waits = ['initialising', 'queued', 'executing', 'uploading'].includes(status);
        return waits ? undefined : answer.body;
      });
    };
    expect(await ended(AGREED)).toMatchObject({ status: 'successful' });
    expect(JSON.stringify(await ended(`${AGREED} OR 1 = 1`))).toContain('GRANT_SCOPE');
  });
});

describe('a permission in force', () => {
  test('is replaced by a wider one, and limits the queries of a minute', async () => {
    const first = await approveAnew('--scopes', 'sql:read', '--per-minute', '3');
    const answers = [await select(), await select(), await select(), await select()];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
    const refused = answers[3] as Answer;
    expectRefusal(refused, 429, 'RATE_LIMITED', 'integrator');
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(5);
    expect(await approveAnew('--scopes', 'sql:read', '--per-minute', '120')).toBe(first);
    expect((await select()).status).toBe(200);
  });

  test('is worth nothing while the practice has paused access', async () => {
    const stopped = await endless(() => conduit.agent('pause'), 3_000);
    expect(stopped.status).toBe(403);
    const paused = await select();
    expectRefusal(paused, 403, 'SITE_PAUSED', 'practice');
    expect(problemOf(paused).remedy).toContain('resume');
    await conduit.agent('resume');
    expect(dataOf(await select())).toEqual([{ n: 1 }]);
  });

  test('ends at its hour', async () => {
    const ends = Date.now() + 12_000;
    await approveAnew('--scopes', 'sql:read', '--expires', new Date(ends).toISOString());
    expect((await select()).status).toBe(200);
    await new Promise((resolve) => setTimeout(resolve, ends - Date.now()));
    const expired = await select();
    expectRefusal(expired, 403, 'GRANT_EXPIRED', 'practice');
  }, 60_000);

  test('that is revoked takes its running query along, at the database too', async () => {
    const grantId = await approveAnew('--scopes', 'sql:read');
    const cut = await endless(() => conduit.agent('revoke', grantId), 2_000);
    expectRefusal(cut, 403, 'GRANT_REVOKED', 'practice');
    expectRefusal(await select(), 403, 'GRANT_REVOKED', 'practice');
    await pair(conduit.conduit, conduit.integrator.subscriptionKey);
    expectRefusal(await select(), 403, 'GRANT_PENDING', 'practice');
    await approve(conduit.conduit, conduit.integrator.integratorId, ['--scopes', 'sql:read']);
    expect((await select()).status).toBe(200);
  });
});

describe('a key', () => {
  const siteWith = (key: string): Promise<Answer> =>
    conduit.call('GET', `/integrator/sites/${conduit.siteId}`, { key, headers });

  /** Makes one more key, uses it, revokes it. */
  async function withKey(order: object, use: (key: string) => Promise<void>): Promise<string> {
    const operator = operatorOf(conduit.conduit);
    const { integratorId } = conduit.integrator;
    const { key, keyId } = await operator.expect<{ key: string; keyId: string }>(
      'POST',
      `/operator/integrators/${integratorId}/keys`,
      { name: 'one more', ...order },
    );
    try {
      await use(key);
    } finally {
      await operator.request('DELETE', `/operator/keys/${keyId}`);
      await operator.close();
    }
    return key;
  }

  test('that is missing or wrong lets nobody in', async () => {
    const { subscriptionKey } = conduit.integrator;
    const last = subscriptionKey.endsWith('A') ? 'B' : 'A';
    expectRefusal(await siteWith(''), 401, 'KEY_MISSING', 'integrator');
    for (const key of ['Zz', `${subscriptionKey.slice(0, -1)}${last}`])
      expectRefusal(await siteWith(key), 401, 'KEY_INVALID', 'integrator');
    expect((await siteWith(subscriptionKey)).status).toBe(200);
  });

  test('that is revoked is refused from then on', async () => {
    const key = await withKey({}, async (fresh) => {
      expect((await siteWith(fresh)).status).toBe(200);
    });
    expectRefusal(await siteWith(key), 401, 'KEY_REVOKED', 'integrator');
  });

  test('ends when it was said to', async () => {
    const expiresAt = new Date(Date.now() + 3_000).toISOString();
    await withKey({ expiresAt }, async (key) => {
      const ended = await settle('the key ends', 10_000, async () => {
        const answer = await siteWith(key);
        return answer.status === 200 ? undefined : answer;
      });
      expectRefusal(ended, 401, 'KEY_EXPIRED', 'integrator');
    });
  });

  test('for other sites or other addresses is refused by name', async () => {
    await withKey({ siteIds: [randomUUID()] }, async (key) => {
      expectRefusal(await siteWith(key), 403, 'KEY_SITE_FORBIDDEN', 'integrator');
      const answer = await conduit.query({ text: 'SELECT 1' }, {}, '', { key, headers });
      expectRefusal(answer, 403, 'KEY_SITE_FORBIDDEN', 'integrator');
    });
    await withKey({ addressRanges: ['203.0.113.0/24'] }, async (key) =>
      expectRefusal(await siteWith(key), 403, 'KEY_ADDRESS_FORBIDDEN', 'integrator'),
    );
    const own = { siteIds: [conduit.siteId], addressRanges: ['127.0.0.0/8', '::1/128'] };
    await withKey(own, async (key) => expect((await siteWith(key)).status).toBe(200));
  });
});
