/**
 * Registered queries through a whole conduit. A second between two runs: both the broker's and the
 * practice's floor are settings that only an installation for tests lowers.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ClinicDatabase } from '#test/e2e/clinic-database.fixture.js';
import { startConduit, type TestConduit } from '#test/support/start-conduit.js';
import { settle } from '#test/support/settle.js';

interface Registered {
  id: string;
  name: string;
  status: string;
  lastHash?: string;
  completedAt?: string;
  endsAt: string;
  code?: string;
  lastErrorDetails?: { errorMessage: string; errorCode: number };
  metrics: Record<string, number>;
}

interface Result {
  data: string;
  rows: number;
  cursor: string;
}

interface Changes {
  added: Record<string, unknown>[];
  changed: Record<string, unknown>[];
  removed: Record<string, unknown>[];
  cursor: string;
}

const WITHIN_MS = 30_000;
const TABLE = 'dbo.ZzRegistered';

let conduit: TestConduit;
let database: ClinicDatabase;

beforeAll(async () => {
  conduit = await startConduit({
    scale: 100,
    brokerEnv: {
      CONDUIT_REGISTERED_MIN_SECONDS: '1',
      CONDUIT_WEBHOOK_PRIVATE_RANGES: '127.0.0.0/8,::1',
    },
    site: { limits: { minFrequencySeconds: 1 } },
    approval: ['--per-minute', '6000'],
  });
  database = await ClinicDatabase.connect(conduit, 'admin');
  await write(`CREATE TABLE ${TABLE} (Id int NOT NULL PRIMARY KEY, Name nvarchar(50) NULL)`);
}, 120_000);

afterAll(async () => {
  await database.close();
  await conduit.stop();
});

const write = (text: string): Promise<unknown> => database.query(text);

const path = (id = ''): string => `${conduit.queriesPath}/registered${id && `/${id}`}`;

async function create(more: object = {}): Promise<string> {
  const body = {
    name: 'Zz names',
    registeredQueryType: 'query',
    frequency: 1,
    duration: 600,
    registerCommand: { command: { text: `SELECT Id, Name FROM ${TABLE} ORDER BY Id` } },
    keyColumns: ['Id'],
    ...more,
  };
  const answer = await conduit.call('POST', path(), { body });
  expect(answer).toMatchObject({ status: 202, body: { id: expect.any(String) } });
  return (answer.body as { id: string }).id;
}

const read = async (id: string): Promise<Registered> =>
  (await conduit.call('GET', path(id))).body as Registered;

const seen = (id: string, wanted: (query: Registered) => boolean): Promise<Registered> =>
  settle('it happens', WITHIN_MS, async () => {
    const query = await read(id);
    return wanted(query) ? query : undefined;
  });

async function result(id: string): Promise<Result> {
  return settle('it happens', WITHIN_MS, async () => {
    const answer = await conduit.call('GET', `${path(id)}/results`);
    return answer.status === 200 ? (answer.body as Result) : undefined;
  });
}

const rowsOf = ({ data }: Result): unknown => JSON.parse(Buffer.from(data, 'base64').toString());

const since = (id: string, cursor: string) =>
  conduit.call('GET', `${path(id)}/results?since=${cursor}`);

async function changesSince(id: string, cursor: string): Promise<Changes> {
  return settle('it happens', WITHIN_MS, async () => {
    const answer = await since(id, cursor);
    const changes = answer.body as Changes;
    return answer.status === 200 && changes.cursor !== cursor ? changes : undefined;
  });
}

describe('a registered query', () => {
  test('gives its result, then what changed, and its history', async () => {
    await write(`INSERT ${TABLE} VALUES (1, 'Zz one'), (2, 'Zz two')`);
    // Nobody is there: what is to be told is in the log of deliveries.
    const hook = {
      url: 'https://localhost:9443/hooks',
      events: ['registered.changed', 'registered.ended'],
    };
    const hooked = await conduit.call('POST', '/integrator/webhooks', { body: hook });
    expect(hooked).toMatchObject({ status: 201 });
    const id = await create();
    const first = await result(id);
    expect(rowsOf(first)).toEqual([
      { Id: 1, Name: 'Zz one' },
      { Id: 2, Name: 'Zz two' },
    ]);
    const query = await read(id);
    expect(query).toMatchObject({ name: 'Zz names', status: 'enabled' });
    expect((await since(id, first.cursor)).body).toMatchObject({ added: [], cursor: first.cursor });
    await write(`UPDATE ${TABLE} SET Name = 'Zz uno' WHERE Id = 1`);
    const second = await changesSince(id, first.cursor);
    await write(`DELETE ${TABLE} WHERE Id = 2; INSERT ${TABLE} VALUES (3, 'Zz three')`);
    const third = await changesSince(id, second.cursor);
    expect(second).toMatchObject({ changed: [{ Id: 1, Name: 'Zz uno' }], added: [], removed: [] });
    expect(third).toMatchObject({ removed: [{ Id: 2 }], added: [{ Id: 3, Name: 'Zz three' }] });
    const both = await changesSince(id, first.cursor);
    expect(both).toMatchObject({
      ...{ changed: [{ Id: 1, Name: 'Zz uno' }], removed: [{ Id: 2 }] },
      ...{ added: [{ Id: 3, Name: 'Zz three' }], cursor: third.cursor },
    });
    const { runs } = (await conduit.call('GET', `${path(id)}/runs`)).body as {
      runs: { outcome: string; hash: string }[];
    };
    expect(runs.filter(({ outcome }) => outcome === 'changed')).toHaveLength(3);
    expect((await read(id)).lastHash).not.toBe(query.lastHash);
    expect(await conduit.call('DELETE', path(id))).toMatchObject({ status: 204 });
    expect((await read(id)).status).toBe('cancelled');
    const gone = await conduit.call('GET', `${path(id)}/results`);
    expect(gone).toMatchObject({ status: 410, body: { error: { code: 'RESULT_GONE' } } });
    const { id: hookId } = hooked.body as { id: string };
    const kinds = await settle('it happens', WITHIN_MS, async () => {
      const log = await conduit.call('GET', `/integrator/webhooks/${hookId}/deliveries`);
      const { deliveries } = log.body as { deliveries: { type: string; queryId: string }[] };
      const own = deliveries.filter(({ queryId }) => queryId === id).map(({ type }) => type);
      return own.includes('registered.ended') ? own : undefined;
    });
    expect(kinds.filter((kind) => kind === 'registered.changed')).toHaveLength(3);
    await conduit.call('DELETE', `/integrator/webhooks/${hookId}`);
  }, 60_000);

  test('created while the site is offline is delivered when it comes back', async () => {
    await conduit.conduit.agent?.stop();
    await conduit.untilAvailability('offline');
    const id = await create();
    const cancelled = await create();
    await conduit.call('DELETE', path(cancelled));
    expect(await read(id)).toMatchObject({
      status: 'enabled',
      metrics: { executionSucceededCount: 0 },
    });
    const early = await conduit.call('GET', `${path(id)}/results`);
    expect(early).toMatchObject({ status: 404, body: { error: { code: 'RESULT_NOT_READY' } } });
    await conduit.conduit.startAgent();
    expect((await result(id)).rows).toBeGreaterThan(0);
    expect((await read(cancelled)).metrics['executionSucceededCount']).toBe(0);
    await conduit.call('DELETE', path(id));
  }, 60_000);

  test('outlives restarts of agent and broker, and a Redis that lost everything', async () => {
    const id = await create();
    const first = await result(id);
    await conduit.conduit.agent?.kill();
    await conduit.conduit.startAgent();
    await conduit.untilAvailability('online');
    await write(`INSERT ${TABLE} VALUES (10, 'Zz ten')`);
    const changes = await changesSince(id, first.cursor);
    expect(changes.added).toEqual([{ Id: 10, Name: 'Zz ten' }]);
    await conduit.conduit.broker?.kill();
    await conduit.conduit.redis?.stop();
    await conduit.conduit.startRedis();
    await conduit.conduit.startBroker();
    await conduit.untilAvailability('online');
    const again = await result(id);
    expect(again.cursor).toBe(changes.cursor);
    expect((await changesSince(id, first.cursor)).added).toEqual([{ Id: 10, Name: 'Zz ten' }]);
    await write(`INSERT ${TABLE} VALUES (11, NULL)`);
    expect((await changesSince(id, again.cursor)).added).toEqual([{ Id: 11, Name: null }]);
    await conduit.call('DELETE', path(id));
  }, 90_000);

  test('ends at its time and not after, unless it is renewed', async () => {
    const [short, renewed] = await Promise.all([
      create({ duration: 3 }),
      create({ duration: 3, name: 'Zz old' }),
    ]);
    const body = { duration: 600, name: 'Zz renewed' };
    const patched = await conduit.call('PATCH', path(renewed), { body });
    expect(patched).toMatchObject({ status: 200, body: { name: 'Zz renewed', duration: 600 } });
    const done = await seen(short, ({ completedAt, status }) => {
      return status === 'completed' && completedAt !== undefined;
    });
    const runsOf = async (id: string) =>
      ((await conduit.call('GET', `${path(id)}/runs`)).body as { runs: { startedAt: string }[] })
        .runs;
    const atEnd = (await read(renewed)).metrics['executionSucceededCount'] ?? 0;
    await seen(renewed, ({ metrics }) => (metrics['executionSucceededCount'] ?? 0) > atEnd + 2);
    const starts = (await runsOf(short)).map(({ startedAt }) => startedAt);
    expect(starts.length).toBeGreaterThan(0);
    expect(starts.every((startedAt) => startedAt < done.endsAt)).toBe(true);
    const late = await conduit.call('PATCH', path(short), { body: { duration: 60 } });
    expect(late).toMatchObject({ status: 409, body: { error: { code: 'REGISTERED_ENDED' } } });
    expect((await result(short)).rows).toBeGreaterThan(0);
    await conduit.call('DELETE', path(renewed));
  }, 60_000);

  test('that fails shows the reason and waits longer', async () => {
    const id = await create({
      registerCommand: { command: { text: 'SELECT * FROM dbo.ZzNoSuchTable' } },
    });
    // The database's words follow the report: an agent does not wait for Redis.
    const failed = await seen(
      id,
      ({ lastErrorDetails }) => lastErrorDetails?.errorMessage.includes('ZzNoSuchTable') === true,
    );
    expect(failed).toMatchObject({ status: 'enabled', code: 'STATEMENT_FAILED' });
    expect(failed.lastErrorDetails).toMatchObject({ errorType: 'mssql', errorCode: 208 });
    expect(failed.metrics['executionFailedCount']).toBeGreaterThan(0);
    await conduit.call('DELETE', path(id));
  }, 60_000);
});
