/**
 * A large result of an async query, from the clinic's database through agent, spool, link and store to
 * a caller who fetches page after page: every row once, bounded memory, immediate answers in between,
 * and a statement that is over long before its caller is. CONDUIT_TEST_LARGE=1 makes it 2 GB.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { peakMb, resetPeak, residentMb } from '#test/bench/peak-memory.js';
import { AsyncClient, UNPACKABLE } from '#test/e2e/async-client.fixture.js';
import { startConduit, type TestConduit } from '#test/support/start-conduit.js';

const isLarge = process.env['CONDUIT_TEST_LARGE'] === '1';
const MEGABYTES = isLarge ? 2_048 : 160;
const PATIENCE_MS = isLarge ? 550_000 : 110_000;
/** What a program may grow by while it passes a result of any size on. */
const GROWTH_MB = 128;

/** About a kilobyte a row. */
const ROWS = MEGABYTES * 1_000;
const TEXT = `SELECT TOP ${ROWS} a.INTERNALID AS a, b.INTERNALID AS b, c.INTERNALID AS c,
  ${UNPACKABLE} AS t
  FROM dbo.Patient a CROSS JOIN dbo.Patient b CROSS JOIN dbo.Patient c`;

let conduit: TestConduit;
let client: AsyncClient;

beforeAll(async () => {
  conduit = await startConduit({
    site: { limits: { maxResultBytes: 2 ** 32, maxSpoolBytes: 2 ** 32 } },
    ceiling: { maxRows: 5_000_000, maxBytes: 2 ** 32 },
    approval: ['--rows', '5000000'],
    // Far less than the result: the rest has to wait at the practice.
    brokerEnv: {
      CONDUIT_MAX_TRANSIENT_BYTES: String(32 * 1024 * 1024),
      CONDUIT_MAX_TRANSIENT_BYTES_EACH: String(32 * 1024 * 1024),
    },
  });
  client = new AsyncClient(conduit);
}, 120_000);

afterAll(() => conduit?.stop());

interface AgentSites {
  sites: { running: { async: number }; spoolBytes: number }[];
}

const site = async () => (await conduit.agent<AgentSites>('status')).sites[0]!;

/** One page, if it is there already. @returns the numbers of its rows and the bytes of its text */
async function fetchPage(id: string, page: number) {
  const path = `${conduit.queriesPath}/${id}/results/${page}/stream`;
  const { statusCode, headers, body } = await conduit.open('GET', path);
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) bytes += chunk.length;
  if (statusCode !== 200) return undefined;
  return {
    from: Number(headers['rows-range-start']),
    to: Number(headers['rows-range-end']),
    bytes,
  };
}

/** Fetches every page as it comes; earlier ones make room for later ones. @returns bytes of text */
async function fetchAll(id: string): Promise<number> {
  let [rows, bytes] = [0, 0];
  for (let page = 1; rows < ROWS;) {
    const fetched = await fetchPage(id, page);
    if (fetched === undefined) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      continue;
    }
    expect(fetched.from).toBe(rows);
    rows = fetched.to + 1;
    bytes += fetched.bytes;
    page += 1;
  }
  expect(rows).toBe(ROWS);
  return bytes;
}

test(
  'a large result that is fetched late comes whole, in bounded memory, past immediate answers',
  async () => {
    const pids = { agent: conduit.conduit.agent!.pid, broker: conduit.conduit.broker!.pid };
    const before = { agent: residentMb(pids.agent), broker: residentMb(pids.broker) };
    for (const pid of Object.values(pids)) resetPeak(pid);
    const id = await client.submit(TEXT);
    await client.until(id, ['uploading', 'successful'], 60_000);
    // Nobody fetches: the statement ends all the same.
    while ((await site()).running.async > 0) {
      expect(await conduit.rows('SELECT 1 AS n')).toEqual([{ n: 1 }]);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    // Half of it is packed away; store, memory and the line hold a little.
    expect((await site()).spoolBytes).toBeGreaterThan((MEGABYTES / 2 - 60) * 1e6);
    const bytes = await fetchAll(id);
    expect(bytes).toBeGreaterThan(MEGABYTES * 1e6 * 0.98);
    expect(await client.untilEnded(id)).toMatchObject({
      status: 'successful',
      result: { rows: ROWS },
    });
    expect((await site()).spoolBytes).toBe(0);
    expect(peakMb(pids.agent) - before.agent).toBeLessThan(GROWTH_MB);
    expect(peakMb(pids.broker) - before.broker).toBeLessThan(GROWTH_MB);
  },
  PATIENCE_MS,
);
