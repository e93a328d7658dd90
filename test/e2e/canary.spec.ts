import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  appendFileSync,
  chmodSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { parseApiKey, secretHmac } from '#apps/broker/src/access/api-key.js';
import { Receiver } from '#apps/broker/src/webhooks/receiver.fixture.js';
import { failJobOverDamage } from '#test/e2e/canary-jobs.fixture.js';
import {
  Canaries,
  canaryWishes,
  plantAuditRecord,
  pmsFolders,
  searchProcesses,
  searchTables,
  webhookEnv,
} from '#test/e2e/canary.fixture.js';
import {
  agentKeys,
  registeredDoors,
  registeredRequests,
  requestDoors,
  stealRegistry,
  stealRequests,
  stealValues,
  webhookDoors,
  type StolenRegistry,
  type StolenRequest,
} from '#test/e2e/canary-theft-waiting.fixture.js';
import {
  stealResult,
  stealSecrets,
  tryDoors,
  tryToOpen,
  type StolenResult,
} from '#test/e2e/canary-theft.fixture.js';
import {
  spooled,
  spooledPages,
  unpacked,
  WaitingCanaries,
  type Moment,
} from '#test/e2e/canary-waiting.fixture.js';
import { ClinicDatabase } from '#test/e2e/clinic-database.fixture.js';
import { settle } from '#test/support/settle.js';
import { newMarker, searchBytes, searchFolder, type Leak } from '#test/support/leak-search.js';
import { RedisTap } from '#test/support/redis-tap.js';
import { startConduit, type TestConduit } from '#test/support/start-conduit.js';

let conduit: TestConduit;
let redis: RedisTap;
let canaries: Canaries;
let waiting: WaitingCanaries;
let receiver: Receiver;
/** What a thief took while it waited. */
let asyncRequests: StolenRequest[];
let values: Map<string, Buffer>;
const previousTemporaryFolder = process.env['TMPDIR'];
let temporaryFolder: string;

beforeAll(async () => {
  temporaryFolder = mkdtempSync(join(tmpdir(), 'canary-'));
  // The sandbox's PostgreSQL runs as another user when the test runs as root.
  chmodSync(temporaryFolder, 0o1777);
  process.env['TMPDIR'] = temporaryFolder;
  receiver = await Receiver.start();
  const { brokerEnv } = canaryWishes;
  conduit = await startConduit({
    ...canaryWishes,
    brokerEnv: { ...brokerEnv, ...webhookEnv(receiver) },
  });
  redis = await RedisTap.open(conduit.conduit.redis?.url ?? '');
  canaries = new Canaries(conduit);
  await canaries.sendAll();
  waiting = new WaitingCanaries(conduit, canaries, receiver, async (moment) => {
    seen.set(moment, await lookAround(canaries.needles));
    if (moment === 'requests wait') {
      asyncRequests = await stealRequests(redis.client);
      values = await stealValues(redis.client, 'conduit:registered:*');
    }
  });
  await waiting.sendAll();
}, 180_000);

afterAll(async () => {
  redis.close();
  await conduit.stop();
  await receiver.stop();
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
const searchRedis = async (needles: string[], commands = redis.commands) => [
  ...searchBytes('commands', commands, needles),
  ...searchBytes('contents', await redis.contents(), needles),
];

interface Sight {
  leaks: Leak[];
  /** What there was to be searched. */
  keys: string[];
  spooled: number;
}
const seen = new Map<Moment, Sight>();

/** What lies in Redis and with the agent at this moment. */
async function lookAround(needles: string[]): Promise<Sight> {
  const agent = await searchFolder(conduit.conduit.agentFolder, needles);
  const stored = await stealValues(redis.client, 'conduit:result:*');
  const pages = [...stored.values(), ...spooledPages(conduit)];
  return {
    leaks: [
      ...agent.leaks,
      ...searchBytes('contents', await redis.contents(), needles),
      ...searchBytes('packed pages', unpacked(pages), needles),
    ],
    keys: await redis.client.keys('*'),
    spooled: spooled(conduit).length,
  };
}
const keysLike = (moment: Moment, pattern: RegExp): number =>
  seen.get(moment)?.keys.filter((key) => pattern.test(key)).length ?? 0;

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
  const asyncs = ['literal', 'column name', 'parameter', 'output parameter', 'write'];
  const failed = ['RAISERROR', 'conversion', 'no such table'];
  const waited = [
    ...[...asyncs, ...failed].map((what) => `async ${what}`),
    ...['result', 'change', 'error', 'name'].map((what) => `registered ${what}`),
    'spooled',
  ];
  expect(waited.filter((what) => !canaries.echoed.has(what))).toEqual([]);
});

describe('what waits', () => {
  test('shows no canary while requests wait for a site that is away', () => {
    expect(keysLike('requests wait', /^conduit:query:.*:request$/)).toBe(8);
    expect(keysLike('requests wait', /^conduit:registered:/)).toBe(2);
    expect(seen.get('requests wait')?.leaks).toEqual([]);
  });

  test('shows no canary while results and changes rest', () => {
    expect(keysLike('results rest', /^conduit:result:.*:[0-3]$/)).toBeGreaterThan(8);
    expect(seen.get('results rest')?.leaks).toEqual([]);
  });

  test('shows no canary while pages lie in files at the practice', () => {
    expect(seen.get('pages are spooled')?.spooled).toBeGreaterThan(1);
    expect(seen.get('pages are spooled')?.leaks).toEqual([]);
  });

  test('shows no canary in the outcomes of the write journal', async () => {
    const database = await ClinicDatabase.connect(conduit, 'admin');
    const rows = await database.query('SELECT Outcome FROM ConduitJournal.dbo.WriteJournal');
    await database.close();
    const outcomes = rows.map(({ Outcome }) => Outcome).filter(Buffer.isBuffer);
    expect(outcomes.length).toBeGreaterThan(3);
    const all = Buffer.concat(outcomes);
    expect(searchBytes('journal', all, canaries.needles)).toEqual([]);
  });

  test('is told by webhooks as ids alone', async () => {
    const told = ['query.succeeded', 'query.failed', 'registered.changed'];
    await settle('all kinds are told', 10_000, () => {
      const text = receiver.calls.map(({ body }) => body.toString()).join();
      return told.every((type) => text.includes(`"${type}"`)) || undefined;
    });
    for (const { body, headers, path } of receiver.calls) {
      const about = ['id', 'occurredAt', 'queryId', 'siteId', 'type', 'webhookSource'];
      expect(about).toEqual(expect.arrayContaining(Object.keys(JSON.parse(body.toString()))));
      const call = Buffer.from(`${path} ${JSON.stringify(headers)} ${body.toString()}`);
      expect(searchBytes('webhook', call, canaries.needles)).toEqual([]);
    }
  });
});

describe('while the conduit runs', () => {
  test('no command sent to Redis and no key in it holds a canary', async () => {
    const { commands } = redis;
    expect(commands.length).toBeGreaterThan(500);
    expect(await searchRedis(canaries.needles, commands)).toEqual([]);
  });

  test('a job that fails over damaged bytes keeps nothing of them but a code', async () => {
    const marker = newMarker('Job');
    const { failedReason, stacktrace, stored } = await failJobOverDamage(
      redis.client,
      conduit.conduit.redis?.url ?? '',
      marker,
    );
    expect([failedReason, stacktrace]).toEqual(['INTERNAL', []]);
    expect(searchBytes('job', stored, [marker])).toEqual([]);
    const logs = await searchFolder(conduit.conduit.path('logs'), [marker]);
    expect(logs.leaks).toEqual([]);
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

test('the same look finds what is planted among what waits, in Redis and in the spool', async () => {
  const [request, page, spool] = [newMarker('Request'), newMarker('Page'), newMarker('Spool')];
  const [packed, packedFile] = [newMarker('Packed'), newMarker('File')];
  await redis.client.set('conduit:query:{planted}:request', Buffer.from(request).toString('hex'));
  await redis.client.set('conduit:result:{planted}:1', Buffer.from(page, 'utf16le'));
  const file = conduit.conduit.path('agent', 'spool', 'planted.page');
  writeFileSync(file, Buffer.from(spool).toString('base64'));
  await redis.client.set('conduit:result:{planted}:2', brotliCompressSync(Buffer.from(packed)));
  const other = conduit.conduit.path('agent', 'spool', 'packed.page');
  writeFileSync(other, brotliCompressSync(Buffer.from(packedFile)));
  const { leaks } = await lookAround([request, page, spool, packed, packedFile]);
  expect(leaks).toEqual(
    expect.arrayContaining([
      { where: 'contents', marker: request, form: 'hex' },
      { where: 'contents', marker: page, form: 'UTF-16LE' },
      { where: file, marker: spool, form: 'base64' },
      { where: 'packed pages', marker: packed, form: 'raw' },
      { where: 'packed pages', marker: packedFile, form: 'raw' },
    ]),
  );
});

describe('after the conduit has stopped', () => {
  let stolen: StolenResult;
  let loot: Buffer[];
  let registry: StolenRegistry;
  let callerSecret: Buffer;

  beforeAll(async () => {
    stolen = await stealResult(redis.client, waiting.storedQuery);
    const results = await stealValues(redis.client, 'conduit:result:*');
    for (const [key, value] of results) values.set(key, value);
    await conduit.conduit.stop();
    loot = await stealSecrets(database(), join(stateFolder(), 'broker'), stolen);
    registry = await stealRegistry(database());
    const { secret = '' } = parseApiKey(conduit.integrator.subscriptionKey) ?? {};
    callerSecret = Buffer.from(secret, 'base64url');
  }, 60_000);

  test("all that the servers held opens no stored result; the caller's key does", async () => {
    const pepper = Buffer.from(
      readFileSync(join(stateFolder(), 'broker', 'key-pepper'), 'utf8'),
      'base64',
    );
    // The loot is what it should be: the key's own MAC and the pepper that made it.
    const hexes = loot.map((value) => value.toString('hex'));
    const secret = callerSecret.toString('base64url');
    expect(hexes).toContain(secretHmac(secret, pepper).toString('hex'));
    expect(hexes).toContain(pepper.toString('hex'));
    const { opened, said } = tryToOpen(stolen, loot);
    expect(opened).toEqual([]);
    expect(said).toEqual({ RESULT_KEY_MISMATCH: loot.length, SEAL_BROKEN: expect.any(Number) });
    const byKey = tryToOpen(stolen, [callerSecret]);
    expect(byKey.opened).toEqual([expect.stringContaining(canaries.needles[0] ?? '')]);
  }, 60_000);

  test("all that the servers held, and the caller's key with it, opens no request that waited; the agent's key does", () => {
    const [first] = asyncRequests;
    const [second] = registeredRequests(registry, values);
    const agent = agentKeys(join(stateFolder(), 'agent', 'identity'));
    for (const request of [first, second]) {
      if (!request) throw new Error('no request waited');
      const doors = requestDoors(request);
      const { opened, said } = tryDoors(doors, [...loot, callerSecret]);
      expect([opened, Object.keys(said)]).toEqual([[], ['SEAL_BROKEN']]);
      const [plain] = tryDoors(doors, agent).opened;
      expect(canaries.needles.some((needle) => plain?.includes(needle))).toBe(true);
    }
  }, 60_000);

  test("all that the servers held opens no result and no name of a registered query; the caller's key does", () => {
    const row = registry.rows.find(({ changed_run: run }) => Number(run) > 0);
    if (!row) throw new Error('no registered query has run');
    const doors = registeredDoors(row, values);
    const { opened, said } = tryDoors(doors, loot);
    expect(opened).toEqual([]);
    expect(said).toEqual({ RESULT_KEY_MISMATCH: loot.length, SEAL_BROKEN: expect.any(Number) });
    const byKey = tryDoors(doors, [callerSecret]).opened;
    expect(byKey).toHaveLength(2);
    for (const plain of byKey)
      expect(canaries.needles.some((needle) => plain.includes(needle))).toBe(true);
  }, 60_000);

  test('secrets of webhooks open under the key pepper, because the broker signs alone, and under nothing else', () => {
    const [[id, sealed] = ['', Buffer.alloc(0)]] = registry.webhooks;
    const pepperFile = join(stateFolder(), 'broker', 'key-pepper');
    const pepper = Buffer.from(readFileSync(pepperFile, 'utf8'), 'base64');
    const doors = webhookDoors(id, sealed);
    const others = loot.filter((value) => !value.equals(pepper));
    expect(tryDoors(doors, [...others, callerSecret])).toEqual({
      opened: [],
      said: { INTERNAL: others.length + 1 },
    });
    expect(tryDoors(doors, [pepper]).opened).toHaveLength(1);
  }, 60_000);

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
