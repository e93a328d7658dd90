import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { appendFileSync, chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Canaries,
  canaryWishes,
  plantAuditRecord,
  pmsFolders,
  searchProcesses,
  searchTables,
} from '#test/e2e/canary.fixture.js';
import { newMarker, searchBytes, searchFolder } from '#test/support/leak-search.js';
import { RedisTap } from '#test/support/redis-tap.js';
import { startConduit, type TestConduit } from '#test/support/start-conduit.js';

let conduit: TestConduit;
let redis: RedisTap;
let canaries: Canaries;
const previousTemporaryFolder = process.env['TMPDIR'];
let temporaryFolder: string;

beforeAll(async () => {
  temporaryFolder = mkdtempSync(join(tmpdir(), 'canary-'));
  // The sandbox's PostgreSQL runs as another user when the test runs as root.
  chmodSync(temporaryFolder, 0o1777);
  process.env['TMPDIR'] = temporaryFolder;
  conduit = await startConduit(canaryWishes);
  redis = await RedisTap.open(conduit.conduit.redis?.url ?? '');
  canaries = new Canaries(conduit);
  await canaries.sendAll();
}, 90_000);

afterAll(async () => {
  redis.close();
  await conduit.stop();
  if (previousTemporaryFolder === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = previousTemporaryFolder;
  rmSync(temporaryFolder, { recursive: true, force: true });
});

const stateFolder = () => conduit.conduit.options.stateDirectory;
const database = () => ({ directory: join(stateFolder(), 'broker', 'database') });
/** What the conduit kept, and what its processes left in the folder for temporary files. */
async function searchDisk(needles: string[]) {
  const state = await searchFolder(stateFolder(), needles, [join(stateFolder(), 'sandbox')]);
  const temporary = await searchFolder(temporaryFolder, needles, pmsFolders(temporaryFolder));
  return { leaks: [...state.leaks, ...temporary.leaks], filesRead: state.filesRead };
}
const searchRedis = async (needles: string[]) => [
  ...searchBytes('commands', redis.commands, needles),
  ...searchBytes('contents', await redis.contents(), needles),
];

test('every canary is answered as its case should be', () => {
  const { answers } = canaries;
  const withStatus = (low: number, high: number) =>
    Object.keys(answers).filter(
      (what) => (answers[what] ?? 0) >= low && (answers[what] ?? 0) <= high,
    );
  expect(withStatus(500, 599)).toEqual(['killed by its limit', 'site that is away']);
  expect(withStatus(200, 299)).toEqual(
    expect.arrayContaining(['row written', 'row updated', 'rows read', 'stream', 'the next query']),
  );
  expect(answers).toMatchObject({
    'result over the limit': 413,
    'other database': 403,
    key: 401,
    'not JSON': 400,
    'content-type': 415,
  });
});

test('the canaries went all the way to the database and back', () => {
  const there = ['parameter', 'literal', 'column alias', 'rows read', 'stream', 'scalar'];
  const inErrors = ['RAISERROR', 'THROW', 'conversion', 'no such table', 'no such column'];
  expect([...canaries.echoed]).toEqual(expect.arrayContaining([...there, ...inErrors]));
});

describe('while the conduit runs', () => {
  test('no command sent to Redis and no key in it holds a canary', async () => {
    expect(redis.commands.length).toBeGreaterThan(500);
    expect(await searchRedis(canaries.needles)).toEqual([]);
  });

  test('no metric holds a canary', async () => {
    const text = await (await fetch(conduit.conduit.metricsUrl)).text();
    expect(text).toContain('conduit_http_requests_total{');
    expect(searchBytes('metrics', Buffer.from(text), canaries.needles)).toEqual([]);
  });

  test('no command line and no environment holds a canary', () => {
    expect(searchProcesses(conduit, canaries.needles)).toEqual([]);
  });

  test('the same search finds what is planted in Redis, as a value, a key and a message', async () => {
    const [value, key, message] = [newMarker('Value'), newMarker('Key'), newMarker('Message')];
    await redis.client.set('planted', Buffer.from(value, 'utf16le'));
    await redis.client.hset(key, 'field', '1');
    await redis.client.publish('planted', Buffer.from(message).toString('base64'));
    const leaks = await searchRedis([value, key, message]);
    expect(leaks).toEqual(
      expect.arrayContaining([
        { where: 'commands', marker: value, form: 'UTF-16LE' },
        { where: 'contents', marker: value, form: 'UTF-16LE' },
        { where: 'contents', marker: key, form: 'raw' },
        { where: 'commands', marker: message, form: 'base64' },
      ]),
    );
  });
});

describe('after the conduit has stopped', () => {
  beforeAll(() => conduit.conduit.stop(), 30_000);

  test('no file that it wrote holds a canary', async () => {
    const { leaks, filesRead } = await searchDisk(canaries.needles);
    expect(leaks).toEqual([]);
    expect(filesRead).toBeGreaterThan(100);
  });

  test('no row of its database holds a canary', async () => {
    expect(await searchTables(database(), canaries.needles)).toEqual([]);
  });

  test('the same search finds what is planted in each kind of file', async () => {
    const markers = ['Log', 'Journal', 'Temp', 'State'].map(newMarker);
    const [log = '', journal = '', temporary = '', state = ''] = markers;
    const at = (...parts: string[]) => join(stateFolder(), ...parts);
    appendFileSync(at('logs', 'agent.log'), Buffer.from(log).toString('hex'));
    writeFileSync(at('agent', 'journal', 'planted'), Buffer.from(journal, 'utf16le'));
    writeFileSync(
      join(temporaryFolder, 'planted'),
      Buffer.from(`x${temporary}`).toString('base64'),
    );
    writeFileSync(at('broker', 'planted'), state);
    const { leaks } = await searchDisk(markers);
    expect(leaks.map(({ marker, form }) => [marker, form])).toEqual(
      expect.arrayContaining([
        [log, 'hex'],
        [journal, 'UTF-16LE'],
        [temporary, 'base64+1'],
        [state, 'raw'],
      ]),
    );
  });

  test('the same search finds what is planted in an audit record, in its file and in its row', async () => {
    const marker = newMarker('Audit');
    await plantAuditRecord(database(), marker);
    expect((await searchTables(database(), [marker])).map(({ where }) => where)).toEqual([
      'table audit_records',
    ]);
    expect((await searchDisk([marker])).leaks).not.toEqual([]);
  });
});
