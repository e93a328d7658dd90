import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseApiKey, secretHmac } from '#apps/broker/src/access/api-key.js';
import { failJobOverDamage } from '#test/e2e/canary-jobs.fixture.js';
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
import { Canaries } from '#test/prove/canaries.js';
import { fromItsErrors, fromTheDatabase, fromWhatWaited } from '#test/prove/expected-returns.js';
import { handOut } from '#test/prove/files-given-out.js';
import { LookAround, type SinkProof } from '#test/prove/look-around.js';
import type { Place } from '#test/prove/places.js';
import { ProofRoom } from '#test/prove/proof-room.js';
import type { Sink } from '#test/prove/sink.js';
import { spooled, WaitingCanaries, type Moment } from '#test/prove/waiting-canaries.js';
import { newMarker, searchBytes, searchFolder, type Leak } from '#test/support/leak-search.js';
import { settle } from '#test/support/settle.js';
import type { TestConduit } from '#test/support/start-conduit.js';

let room: ProofRoom;
let conduit: TestConduit;
let canaries: Canaries;
let waiting: WaitingCanaries;
/** What a thief took while it waited. */
let asyncRequests: StolenRequest[];
let values: Map<string, Buffer>;

beforeAll(async () => {
  const opened = await ProofRoom.open('embedded');
  if (!opened) throw new Error('no room');
  room = opened;
  conduit = room.conduit;
  canaries = new Canaries(conduit);
  await canaries.sendAll();
  waiting = new WaitingCanaries(conduit, canaries, room.receiver, async (moment) => {
    seen.set(moment, await lookWhileItWaits());
    if (moment === 'requests wait') {
      asyncRequests = await stealRequests(room.redis.client);
      values = await stealValues(room.redis.client, 'conduit:registered:*');
    }
  });
  await waiting.sendAll();
}, 180_000);

afterAll(() => room.close());

interface Sight {
  leaks: Leak[];
  /** What there was to be searched. */
  keys: string[];
  spooled: number;
}
const seen = new Map<Moment, Sight>();

/** What lies in Redis and with the agent at this moment. */
async function lookWhileItWaits(needles: readonly string[] = canaries.needles): Promise<Sight> {
  const around = new LookAround(needles);
  await around.look(room.whileItWaits());
  return {
    leaks: around.proofs.flatMap(({ leaks }) => leaks),
    keys: await room.redis.client.keys('*'),
    spooled: spooled(conduit).length,
  };
}

/** Nothing is in any of these places, and a word that is put there is found. */
async function prove(sinks: Sink[]): Promise<Map<Place, SinkProof>> {
  const around = new LookAround(canaries.needles);
  await around.lookAndControl(sinks);
  const seenThere = around.proofs.map(({ name, leaks, controlFound }) => [
    name,
    leaks,
    controlFound,
  ]);
  expect(seenThere).toEqual(sinks.map(({ name }) => [name, [], true]));
  return new Map(around.proofs.map((proof) => [proof.name, proof]));
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
  const { echoed } = canaries;
  const expected = [...fromTheDatabase, ...fromItsErrors, ...fromWhatWaited];
  expect(expected.filter((what) => !echoed.has(what))).toEqual([]);
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

  test('is told by webhooks as ids alone', async () => {
    const told = ['query.succeeded', 'query.failed', 'registered.changed'];
    await settle('all kinds are told', 10_000, () => {
      const text = room.receiver.calls.map(({ body }) => body.toString()).join();
      return told.every((type) => text.includes(`"${type}"`)) || undefined;
    });
    const about = ['id', 'occurredAt', 'queryId', 'siteId', 'type', 'webhookSource'];
    for (const { body } of room.receiver.calls)
      expect(about).toEqual(expect.arrayContaining(Object.keys(JSON.parse(body.toString()))));
  });
});

describe('while the conduit runs', () => {
  test('no command, key, command line, metric, webhook, journal or export holds a canary', async () => {
    await handOut(conduit, canaries, room.givenOutFolder);
    // Memory is searched by `npm run prove` alone: it takes too long here.
    const sinks = room.whileItRuns().filter(({ name }) => !/^broker-/.test(name));
    const found = await prove(sinks);
    expect(found.get('redis-commands')?.bytesRead).toBeGreaterThan(50_000);
    expect(found.get('write-journal')?.bytesRead).toBeGreaterThan(500);
    expect(found.get('metrics')?.bytesRead).toBeGreaterThan(1_000);
    expect(canaries.receipts.size).toBeGreaterThan(20);
  }, 60_000);

  test('a job that fails over damaged bytes keeps nothing of them but a code', async () => {
    const marker = newMarker('Job');
    const { failedReason, stacktrace, stored } = await failJobOverDamage(
      room.redis.client,
      conduit.conduit.redis?.url ?? '',
      marker,
    );
    expect([failedReason, stacktrace]).toEqual(['INTERNAL', []]);
    expect(searchBytes('job', stored, [marker])).toEqual([]);
    const logs = await searchFolder(conduit.conduit.path('logs'), [marker]);
    expect(logs.leaks).toEqual([]);
  });
});

test('the same look finds what is planted among what waits, in Redis and in the spool', async () => {
  const { client } = room.redis;
  const [request, page, spool] = [newMarker('Request'), newMarker('Page'), newMarker('Spool')];
  const [packed, packedFile] = [newMarker('Packed'), newMarker('File')];
  await client.set('conduit:query:{planted}:request', Buffer.from(request).toString('hex'));
  await client.set('conduit:result:{planted}:1', Buffer.from(page, 'utf16le'));
  const file = conduit.conduit.path('agent', 'spool', 'planted.page');
  writeFileSync(file, Buffer.from(spool).toString('base64'));
  await client.set('conduit:result:{planted}:2', brotliCompressSync(Buffer.from(packed)));
  const other = conduit.conduit.path('agent', 'spool', 'packed.page');
  writeFileSync(other, brotliCompressSync(Buffer.from(packedFile)));
  const { leaks } = await lookWhileItWaits([request, page, spool, packed, packedFile]);
  expect(leaks).toEqual(
    expect.arrayContaining([
      { where: 'Redis, a key or value', marker: request, form: 'hex' },
      { where: 'Redis, a key or value', marker: page, form: 'UTF-16LE' },
      { where: 'Redis, an unpacked page', marker: packed, form: 'raw' },
      { where: file, marker: spool, form: 'base64' },
      { where: 'an unpacked page of the spool', marker: packedFile, form: 'raw' },
    ]),
  );
});

describe('after the conduit has stopped', () => {
  let stolen: StolenResult;
  let loot: Buffer[];
  let registry: StolenRegistry;
  let callerSecret: Buffer;

  beforeAll(async () => {
    stolen = await stealResult(room.redis.client, waiting.storedQuery);
    const results = await stealValues(room.redis.client, 'conduit:result:*');
    for (const [key, value] of results) values.set(key, value);
    await room.stopPrograms();
    loot = await stealSecrets(room.place, join(room.stateFolder, 'broker'), stolen);
    registry = await stealRegistry(room.place);
    const { secret = '' } = parseApiKey(conduit.integrator.subscriptionKey) ?? {};
    callerSecret = Buffer.from(secret, 'base64url');
  }, 60_000);

  test("all that the servers held opens no stored result; the caller's key does", async () => {
    const pepper = Buffer.from(
      readFileSync(join(room.stateFolder, 'broker', 'key-pepper'), 'utf8'),
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
    const agent = agentKeys(join(room.stateFolder, 'agent', 'identity'));
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
    const pepperFile = join(room.stateFolder, 'broker', 'key-pepper');
    const pepper = Buffer.from(readFileSync(pepperFile, 'utf8'), 'base64');
    const doors = webhookDoors(id, sealed);
    const others = loot.filter((value) => !value.equals(pepper));
    expect(tryDoors(doors, [...others, callerSecret])).toEqual({
      opened: [],
      said: { INTERNAL: others.length + 1 },
    });
    expect(tryDoors(doors, [pepper]).opened).toHaveLength(1);
  }, 60_000);

  test('no row, no file and no line that it left holds a canary', async () => {
    const found = await prove(room.whenItHasStopped());
    for (const name of ['database-rows', 'database-folder'] as const)
      expect(found.get(name)?.bytesRead).toBeGreaterThan(100_000);
    expect(found.get('logs')?.bytesRead).toBeGreaterThan(1_000);
  }, 120_000);
});
