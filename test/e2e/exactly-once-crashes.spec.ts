/**
 * Writes whose agent or database dies under them: sent again under the same key, each is made exactly
 * once, and what is said of it in between is true.
 */
import type { JournalFindings } from '#apps/agent/src/journal/verify-journal.js';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { envelope, refusal } from '#test/e2e/answers.fixture.js';
import { isSandbox } from '#test/e2e/clinic-database.fixture.js';
import { settle } from '#test/support/settle.js';
import { aKey, aWord, adding, Writes, writeWishes } from '#test/e2e/writes.fixture.js';
import { startConduit, type Answer, type TestConduit } from '#test/support/start-conduit.js';

/** Milliseconds that the writes of a round take at the database; the first is surely at work. */
const DURATIONS_MS = [600, 0, 40, 90];
const ROUNDS = 5;

let conduit: TestConduit;
let writes: Writes;

beforeAll(async () => {
  conduit = await startConduit(writeWishes);
  writes = await Writes.open(conduit);
}, 120_000);

afterAll(async () => {
  await writes?.close();
  await conduit?.stop();
});

const lasting = (word: string, ms: number): object =>
  adding(word, `WAITFOR DELAY '00:00:00.${String(ms).padStart(3, '0')}'`);

async function restartAgent(): Promise<void> {
  await conduit.conduit.startAgent();
  await conduit.untilAvailability('online');
}

/** Sends until there is an answer that says how it ended. */
const sendOn = (command: object, key: string): Promise<Answer> =>
  settle('the write has come through', 30_000, async () => {
    const answer = await writes.send(command, key).catch(() => undefined);
    return answer === undefined || answer.status >= 500 || answer.status === 409
      ? undefined
      : answer;
  });

test('an agent that is killed in the middle of writes loses and doubles none', async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const sent = DURATIONS_MS.map((ms) => ({ key: aKey(), word: aWord(), ms }));
    const [longest] = sent as [(typeof sent)[0], ...typeof sent];
    const answers = sent.map(({ key, word, ms }) =>
      writes.send(lasting(word, ms), key).catch(() => undefined),
    );
    await settle('the longest is at work', 10_000, async () =>
      (await writes.find(longest.key)).state === 'inProgress' ? true : undefined,
    );
    await delay(round * 25);
    await conduit.conduit.agent?.kill();
    await restartAgent();
    for (const [at, { key, word, ms }] of sent.entries()) {
      const { state } = await writes.settled(key);
      expect([state, await writes.count(word)]).toEqual([state, state === 'applied' ? 1 : 0]);
      const first = await answers[at];
      if (first?.status === 200) expect(state).toBe('applied');
      else expect(envelope(first!).error).toMatchObject({ idempotencyKey: key });
      if (key === longest.key) expect(['notApplied', 'neverReceived']).toContain(state);
      expect((await sendOn(lasting(word, ms), key)).status).toBe(200);
      expect(await writes.count(word)).toBe(1);
      expect((await writes.find(key)).state).toBe('applied');
    }
  }
  // Its own log went through all of these crashes.
  const log = await conduit.agent<JournalFindings>('audit', 'verify');
  expect(log).toMatchObject({ from: 0, problems: [] });
  expect(log.to).toBeGreaterThan(0);
}, 120_000);

(isSandbox ? test : test.skip)(
  'a database that dies at the commit loses and doubles none',
  async () => {
    for (let round = 0; round < 3; round += 1) {
      const sent = Array.from({ length: 4 }, () => ({ key: aKey(), word: aWord() }));
      const answers = sent.map(({ key, word }) => writes.send(adding(word), key));
      await delay(round * 15);
      await conduit.conduit.sandbox?.kill();
      await conduit.conduit.startPms();
      await writes.reconnect();
      for (const [at, { key, word }] of sent.entries()) {
        const { state } = await writes.settled(key);
        expect([state, await writes.count(word)]).toEqual([state, state === 'applied' ? 1 : 0]);
        if ((await answers[at])?.status === 200) expect(state).toBe('applied');
        expect((await sendOn(adding(word), key)).status).toBe(200);
        expect(await writes.count(word)).toBe(1);
      }
    }
  },
  180_000,
);

describe('without a write journal', () => {
  beforeAll(async () => {
    await conduit.conduit.agent?.stop();
    conduit.conduit.configureAgent(conduit.siteId, { journal: undefined });
    await restartAgent();
  }, 60_000);

  test('a write is refused', async () => {
    const word = aWord();
    const answer = await writes.send(adding(word), aKey());
    expect(refusal(answer)).toEqual([403, 'WRITE_JOURNAL_MISSING']);
    expect(await writes.count(word)).toBe(0);
  });

  test('a practice may permit it, with an answer that is honest after a crash', async () => {
    const { subscriptionKey: key } = await writes.anotherIntegrator([
      ...['--scopes', 'sql:read,sql:write', '--without-write-journal'],
    ]);
    const [cut, whole, word, other] = [aKey(), aKey(), aWord(), aWord()];
    const slow = adding(word, "WAITFOR DELAY '00:00:20'");
    const first = writes.send(slow, cut, { key }).catch(() => undefined);
    await writes.untilStatementRuns();
    await conduit.conduit.agent?.kill();
    await first;
    await restartAgent();
    expect(await writes.find(cut, { key })).toMatchObject({
      state: 'unknown',
      reason: 'noJournal',
    });
    expect(refusal(await writes.send(slow, cut, { key }))).toEqual([409, 'WRITE_OUTCOME_UNKNOWN']);
    expect(await writes.count(word)).toBe(1);
    for (let n = 0; n < 2; n += 1) {
      const answer = await writes.send(adding(other), whole, { key });
      expect(envelope(answer).result).toMatchObject({ rowsAffected: 1 });
    }
    expect(await writes.count(other)).toBe(1);
    expect(await writes.find(whole, { key })).toMatchObject({ state: 'applied' });
    const third = await writes.send(adding(aWord()), whole, { key });
    expect(refusal(third)).toEqual([409, 'IDEMPOTENCY_KEY_REUSED']);
  }, 60_000);
});
