/** Async queries from submit to the last page, over the whole conduit: real Redis, agent and database. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { AsyncClient } from '#test/e2e/async-client.fixture.js';
import { ClinicDatabase } from '#test/e2e/clinic-database.fixture.js';
import { startConduit, type TestConduit } from '#test/support/start-conduit.js';

const SLOW = "WAITFOR DELAY '00:00:30'; SELECT 1 AS n";
const PATIENTS = 'SELECT TOP 3 INTERNALID FROM dbo.Patient ORDER BY INTERNALID';

let conduit: TestConduit;
let client: AsyncClient;
let database: ClinicDatabase;

beforeAll(async () => {
  conduit = await startConduit({
    ceiling: { rawSqlWrites: true },
    approval: ['--scopes', 'sql:read,sql:write'],
  });
  client = new AsyncClient(conduit);
  database = await ClinicDatabase.connect(conduit, 'admin');
}, 120_000);

afterAll(async () => {
  await database?.close();
  await conduit?.stop();
});

describe('an async query', () => {
  test('goes from submit to its page', async () => {
    const id = await client.submit(PATIENTS);
    const done = await client.untilEnded(id);
    expect(done).toMatchObject({ status: 'successful', result: { rows: 3 } });
    expect(await client.page(id, 1)).toEqual([
      { INTERNALID: 1 },
      { INTERNALID: 2 },
      { INTERNALID: 3 },
    ]);
  });

  test('of many rows is cut into pages of about 1 MB at row borders', async () => {
    const text =
      "SELECT TOP 3000 n, REPLICATE('x', 1000) AS x FROM (SELECT ROW_NUMBER() OVER (ORDER BY a.INTERNALID) AS n FROM dbo.Patient a CROSS JOIN dbo.Patient b) t";
    const id = await client.submit(text);
    const done = await client.untilEnded(id);
    expect(done).toMatchObject({ status: 'successful', result: { rows: 3000 } });
    const pages = done.result?.pages ?? [];
    expect(pages.length).toBeGreaterThan(2);
    const rows = (await Promise.all(pages.map((page) => client.page(id, page.pageNumber)))).flat();
    expect(new Set(rows.map((row) => (row as { n: string | number }).n)).size).toBe(3000);
    const streamed = await client.get(`${id}/results/1/stream`);
    expect(streamed.body).toEqual(await client.page(id, 1));
  });

  test('that fails says why to its caller', async () => {
    const id = await client.submit('SELECT Zz FROM dbo.Patient');
    const done = await client.untilEnded(id);
    expect(done).toMatchObject({
      status: 'executionFailed',
      code: 'STATEMENT_FAILED',
      errorMessage: expect.stringContaining('Zz'),
    });
  });

  test('that throws a number of its own tells it to its caller', async () => {
    const id = await client.submit("THROW 51234, 'Zz', 1");
    expect(await client.untilEnded(id)).toMatchObject({
      status: 'executionFailed',
      errorCode: 51_234,
    });
  });

  test('that is cancelled at work stops at the database', async () => {
    const id = await client.submit(SLOW);
    await database.untilStatementRuns();
    const answer = await client.remove(id);
    expect(answer).toMatchObject({
      status: 200,
      body: { status: 'executionFailed', code: 'QUERY_CANCELLED' },
    });
    await database.untilNothingRuns(5_000);
    expect((await client.remove(id)).status).toBe(200);
  });

  test('that an immediate one comes upon lets it pass', async () => {
    const id = await client.submit(SLOW);
    await database.untilStatementRuns();
    expect(await conduit.rows('SELECT 1 AS n')).toEqual([{ n: 1 }]);
    await client.remove(id);
    await database.untilNothingRuns(5_000);
  });
});

describe('a site that is offline', () => {
  test('lets its queries wait, says why, and runs them when it is back', async () => {
    await conduit.conduit.agent?.stop();
    await conduit.untilAvailability('offline');
    const id = await client.submit(PATIENTS);
    const later = await client.submit(PATIENTS, { maxTimeInQueue: 1_500 });
    const waiting = await client.until(id, ['queued']);
    expect(waiting.queue).toEqual({ position: 1, reason: 'siteOffline' });
    expect((await client.get(later)).body).toMatchObject({ queue: { position: 2 } });
    expect(await client.untilEnded(later, 4_000)).toMatchObject({ status: 'expiredInQueue' });
    await conduit.conduit.startAgent();
    expect(await client.untilEnded(id)).toMatchObject({ status: 'successful' });
  }, 60_000);
});
