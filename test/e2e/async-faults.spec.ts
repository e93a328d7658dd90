/** What is killed or lost under async queries: each of them ends, and says how. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { AsyncClient, UNPACKABLE, type AsyncQueryView } from '#test/e2e/async-client.fixture.js';
import { ClinicDatabase, isSandbox } from '#test/e2e/clinic-database.fixture.js';
import { settle } from '#test/support/settle.js';
import { startConduit, type TestConduit } from '#test/support/start-conduit.js';
import { openRedis } from '#libs/redis/open-redis.js';

const MB = 1024 * 1024;
/** Seconds of work that only reads. */
const SLOW_READ =
  'SELECT COUNT(*) AS n FROM dbo.Patient a CROSS JOIN dbo.Patient b CROSS JOIN dbo.Patient c ' +
  'CROSS JOIN (SELECT TOP 4 INTERNALID FROM dbo.Patient) d';
const FEW = 'SELECT TOP 3 INTERNALID FROM dbo.Patient ORDER BY INTERNALID';

const manyRows = (rows: number): string =>
  `SELECT TOP ${rows} a.INTERNALID AS n, ${UNPACKABLE} AS x ` +
  'FROM dbo.Patient a CROSS JOIN dbo.Patient b';

let conduit: TestConduit;
let client: AsyncClient;
let database: ClinicDatabase;

beforeAll(async () => {
  conduit = await startConduit({
    brokerEnv: { CONDUIT_MAX_TRANSIENT_BYTES_EACH: String(2 * MB) },
  });
  client = new AsyncClient(conduit);
  database = await ClinicDatabase.connect(conduit, 'admin');
}, 120_000);

afterAll(async () => {
  await database?.close();
  await conduit?.stop();
});

afterEach(() => conduit.untilAvailability('online'), 60_000);

const rowsOf = async (id: string, pages: number[]): Promise<unknown[]> =>
  (await Promise.all(pages.map((page) => client.page(id, page)))).flat();

/** Numbers of the pages that are there. */
const cached = ({ result }: AsyncQueryView): number[] =>
  (result?.pages ?? []).filter(({ status }) => status === 'cached').map((one) => one.pageNumber);

(isSandbox ? describe : describe.skip)('a read at work', () => {
  test('is run again when the broker is killed', async () => {
    const id = await client.submit(SLOW_READ);
    await database.untilStatementRuns();
    await conduit.conduit.broker?.kill();
    await conduit.conduit.startBroker();
    const done = await client.untilEnded(id, 45_000);
    expect(done).toMatchObject({ status: 'successful', result: { rows: 1 } });
    expect(await client.page(id, 1)).toEqual([{ n: 32_000_000 }]);
  }, 90_000);

  test('is run again when the agent is killed', async () => {
    const id = await client.submit(SLOW_READ);
    await database.untilStatementRuns();
    await conduit.conduit.agent?.kill();
    await conduit.conduit.startAgent();
    expect(await client.untilEnded(id, 45_000)).toMatchObject({ status: 'successful' });
    expect(await client.page(id, 1)).toEqual([{ n: 32_000_000 }]);
  }, 90_000);
});

describe('a full store', () => {
  test('holds a result back at the practice until pages are deleted', async () => {
    const id = await client.submit(manyRows(8_000));
    const pages = await settle('the share is full', 20_000, async () => {
      const view = await client.until(id, ['uploading', 'successful']);
      // One that came and found no room comes up for as long as there is none.
      const isFull = view.result?.pages.some(({ status }) => status === 'uploading');
      return isFull ? cached(view) : undefined;
    });
    expect(pages.length).toBeGreaterThanOrEqual(3);
    expect((await client.get(id)).body).toMatchObject({ status: 'uploading' });
    const refused = await client.send(FEW);
    expect([201, 503]).toContain(refused.status);
    const rows = await rowsOf(id, pages);
    for (const page of pages) await client.remove(`${id}/results/${page}`);
    let last = pages.at(-1) ?? 0;
    for (let end = false; !end;) {
      const view = await client.until(id, ['uploading', 'successful']);
      const next = cached(view).filter((page) => page > last);
      for (const pageNumber of next) {
        rows.push(...(await client.page(id, pageNumber)));
        await client.remove(`${id}/results/${pageNumber}`);
        last = pageNumber;
      }
      end = view.status === 'successful' && next.length === 0;
    }
    expect(rows).toHaveLength(8_000);
    expect((await client.get(`${id}/results/1`)).status).toBe(410);
  }, 60_000);
});

describe('a Redis that lost everything', () => {
  test('leaves honest answers: gone, and send it again', async () => {
    await conduit.conduit.agent?.stop();
    await conduit.untilAvailability('offline');
    const waiting = await client.submit(FEW);
    const redis = openRedis(conduit.conduit.redis?.url ?? '', 'waits');
    await redis.flushall();
    redis.disconnect();
    expect(await client.get(waiting)).toMatchObject({
      status: 410,
      body: { error: { code: 'QUERY_GONE' } },
    });
    expect((await client.get(`${waiting}/results/1`)).status).toBe(410);
    await conduit.conduit.startAgent();
    await conduit.untilAvailability('online');
    const again = await client.submit(FEW);
    expect(await client.untilEnded(again)).toMatchObject({ status: 'successful' });
  }, 60_000);
});
