import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startPostgres, type PostgresServer } from '#libs/db/postgres-server.fixture.js';
import { Receiver } from '#apps/broker/src/webhooks/receiver.fixture.js';
import {
  Canaries,
  canaryWishes,
  plantAuditRecord,
  searchTables,
  webhookEnv,
} from '#test/e2e/canary.fixture.js';
import { stealResult, stealSecrets, tryToOpen } from '#test/e2e/canary-theft.fixture.js';
import { WaitingCanaries } from '#test/e2e/canary-waiting.fixture.js';
import { newMarker, searchFolder } from '#test/support/leak-search.js';
import { RedisTap } from '#test/support/redis-tap.js';
import { startConduit, type TestConduit } from '#test/support/start-conduit.js';

/** PostgreSQL writes down each statement with its parameters, so its folder holds all it was told. */
const tellAll = [
  'log_statement=all',
  'log_parameter_max_length=-1',
  'log_parameter_max_length_on_error=-1',
];

let postgres: PostgresServer | undefined;
let conduit: TestConduit | undefined;
let canaries: Canaries | undefined;
let waiting: WaitingCanaries | undefined;
let receiver: Receiver | undefined;
let redis: RedisTap | undefined;

beforeAll(async () => {
  postgres = await startPostgres(tellAll);
  if (!postgres) return;
  receiver = await Receiver.start();
  const { brokerEnv } = canaryWishes;
  conduit = await startConduit({
    ...canaryWishes,
    brokerEnv: { ...brokerEnv, ...webhookEnv(receiver), DATABASE_URL: postgres.url },
  });
  redis = await RedisTap.open(conduit.conduit.redis?.url ?? '');
  canaries = new Canaries(conduit);
  await canaries.sendAll();
  waiting = new WaitingCanaries(conduit, canaries, receiver, () => Promise.resolve());
  await waiting.sendAll();
}, 180_000);

afterAll(async () => {
  redis?.close();
  await conduit?.stop();
  await receiver?.stop();
  await postgres?.stop();
});

test("all of PostgreSQL, Redis and the broker's secrets together open no stored result", async () => {
  if (!postgres || !conduit || !redis || !waiting) return;
  const stolen = await stealResult(redis.client, waiting.storedQuery);
  const broker = conduit.conduit.path('broker');
  const loot = await stealSecrets({ url: postgres.url }, broker, stolen);
  const { opened, said } = tryToOpen(stolen, loot);
  expect(opened).toEqual([]);
  expect(said).toEqual({
    RESULT_KEY_MISMATCH: loot.length,
    SEAL_BROKEN: expect.any(Number),
  });
}, 60_000);

test('a PostgreSQL server is told, writes and keeps no canary', async () => {
  if (!postgres || !conduit || !canaries) {
    console.warn('SKIPPED: no PostgreSQL server program on this machine.');
    return;
  }
  expect(canaries.echoed.size).toBeGreaterThan(10);
  // Stopped first: the broker writes its last audit records when it ends.
  await conduit.conduit.stop();
  expect(await searchTables({ url: postgres.url }, canaries.needles)).toEqual([]);
  const { leaks, filesRead } = await searchFolder(postgres.folder, canaries.needles);
  expect(leaks).toEqual([]);
  expect(filesRead).toBeGreaterThan(100);
}, 60_000);

test('the same search finds a planted record in the table, the write-ahead log and the statement log', async () => {
  if (!postgres) return;
  const marker = newMarker('Audit');
  await plantAuditRecord({ url: postgres.url }, marker);
  expect(await searchTables({ url: postgres.url }, [marker])).toHaveLength(1);
  const places = (await searchFolder(postgres.folder, [marker])).leaks.map(({ where }) => where);
  expect(places.some((place) => place.includes('/pg_wal/'))).toBe(true);
  expect(places.some((place) => place.endsWith('/server.log'))).toBe(true);
}, 60_000);
