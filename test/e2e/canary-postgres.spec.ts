import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { stealResult, stealSecrets, tryToOpen } from '#test/e2e/canary-theft.fixture.js';
import { Canaries } from '#test/prove/canaries.js';
import { LookAround } from '#test/prove/look-around.js';
import { ProofRoom } from '#test/prove/proof-room.js';
import { plantAuditRecord } from '#test/prove/searched-store.js';
import { WaitingCanaries } from '#test/prove/waiting-canaries.js';
import { newMarker, searchFolder } from '#test/support/leak-search.js';

let room: ProofRoom | undefined;
let canaries: Canaries;
let waiting: WaitingCanaries;

beforeAll(async () => {
  room = await ProofRoom.open('postgresql');
  if (!room) return;
  const { conduit, receiver } = room;
  canaries = new Canaries(conduit);
  await canaries.sendAll();
  waiting = new WaitingCanaries(conduit, canaries, receiver, () => Promise.resolve());
  await waiting.sendAll();
}, 180_000);

afterAll(() => room?.close());

test("all of PostgreSQL, Redis and the broker's secrets together open no stored result", async () => {
  if (!room) return;
  const stolen = await stealResult(room.redis.client, waiting.storedQuery);
  const loot = await stealSecrets(room.place, room.conduit.conduit.path('broker'), stolen);
  const { opened, said } = tryToOpen(stolen, loot);
  expect(opened).toEqual([]);
  expect(said).toEqual({
    RESULT_KEY_MISMATCH: loot.length,
    SEAL_BROKEN: expect.any(Number),
  });
}, 60_000);

test('a PostgreSQL server is told, writes and keeps no canary', async () => {
  if (!room) {
    console.warn('SKIPPED: no PostgreSQL server program on this machine.');
    return;
  }
  expect(canaries.echoed.size).toBeGreaterThan(10);
  // Stopped first: the broker writes its last audit records when it ends.
  await room.stopPrograms();
  const around = new LookAround(canaries.needles);
  const sinks = room.whenItHasStopped().filter(({ name }) => name.startsWith('database-'));
  await around.lookAndControl(sinks);
  for (const { leaks, controlFound, bytesRead } of around.proofs) {
    expect([leaks, controlFound]).toEqual([[], true]);
    expect(bytesRead).toBeGreaterThan(50_000);
  }
  expect(around.proofs.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['database-rows', 'database-folder']),
  );
}, 60_000);

test('the same search finds a planted record in the write-ahead log and the statement log', async () => {
  if (!room?.postgres) return;
  const marker = newMarker('Audit');
  await plantAuditRecord(room.place, marker);
  const places = (await searchFolder(room.postgres.folder, [marker])).leaks;
  expect(places.some(({ where }) => where.includes('/pg_wal/'))).toBe(true);
  expect(places.some(({ where }) => where.endsWith('/server.log'))).toBe(true);
}, 60_000);
