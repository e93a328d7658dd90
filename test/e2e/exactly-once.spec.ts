/** Writes under a key, over the whole conduit: made once, answered again, and told about. */
import { statSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { asLines, dataOf, envelope, refusal } from '#test/e2e/answers.fixture.js';
import { aKey, aWord, adding, Writes, writeWishes } from '#test/e2e/writes.fixture.js';
import { newMarker } from '#test/support/leak-search.js';
import { startConduit, type TestConduit } from '#test/support/start-conduit.js';

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

const withOutput = (word: string): object => ({
  text: `INSERT INTO dbo.ZzOnce (Word) OUTPUT inserted.Id, inserted.Word VALUES ('${word}'), ('${word}')`,
});

const addPatient = (surname: string): object => ({
  text: 'dbo.AddPatient',
  type: 'storedProcedure',
  executionMode: 'nonQuery',
  parameters: [
    { name: '@Surname', type: 'NVarChar', value: surname },
    { name: '@InternalId', type: 'Int', direction: 'output' },
  ],
});

describe('the same request under the same key', () => {
  test('is answered again with the same rows, and runs once', async () => {
    const [key, word] = [aKey(), aWord()];
    const first = await writes.send(withOutput(word), key);
    const again = await writes.send(withOutput(word), key);
    expect(dataOf(first)).toHaveLength(2);
    expect(envelope(again).result).toEqual(envelope(first).result);
    expect(first.headers).not.toHaveProperty('idempotent-replayed');
    expect(again.headers).toMatchObject({ 'idempotency-key': key, 'idempotent-replayed': 'true' });
    expect(await writes.count(word)).toBe(2);
  });

  test('is answered again as lines, with columns, whichever way it was answered first', async () => {
    const [key, word] = [aKey(), aWord()];
    const first = await writes.send(withOutput(word), key, { headers: asLines });
    const again = await writes.send(withOutput(word), key, { headers: asLines });
    expect(again.body).toBe(first.body);
    expect(again.headers).toMatchObject({ 'idempotent-replayed': 'true' });
    const whole = await writes.send(withOutput(word), key, { search: '?columns=true' });
    const rows = String(first.body).split('\n').slice(0, 2);
    expect(dataOf(whole)).toEqual(rows.map((line) => JSON.parse(line) as object));
    expect(envelope(whole).result.columns).toMatchObject([{ name: 'Id' }, { name: 'Word' }]);
    expect(await writes.count(word)).toBe(2);
  });

  test('gives all result sets again', async () => {
    const [key, word] = [aKey(), aWord()];
    const text = `INSERT INTO dbo.ZzOnce (Word) OUTPUT inserted.Word VALUES ('${word}'); SELECT 1 AS a, 2 AS b; SELECT 3 AS c WHERE 1 = 0`;
    const search = '?resultSets=all';
    const first = await writes.send({ text }, key, { search });
    expect(dataOf(first)).toEqual([[{ Word: word }], [{ a: 1, b: 2 }], []]);
    expect(dataOf(await writes.send({ text }, key, { search }))).toEqual(dataOf(first));
    expect(refusal(await writes.send({ text }, key))).toEqual([409, 'IDEMPOTENCY_KEY_REUSED']);
  });

  test('of a procedure gives its output parameters again', async () => {
    const key = aKey();
    const first = await writes.send(addPatient(aWord()), key);
    const { parameters } = envelope(first).result;
    expect(parameters?.[0]?.value).toMatch(/^\d+$/);
    expect(await writes.find(key)).toMatchObject({
      state: 'applied',
      outcome: { parameters, kept: true },
    });
  });

  test('sent ten times at once runs once', async () => {
    const [key, word] = [aKey(), aWord()];
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => writes.send(withOutput(word), key)),
    );
    expect(await writes.count(word)).toBe(2);
    const [first] = answers.filter(({ status }) => status === 200);
    for (const answer of answers) {
      if (answer.status === 200) expect(dataOf(answer)).toEqual(dataOf(first!));
      else expect(refusal(answer)).toEqual([409, 'WRITE_IN_PROGRESS']);
    }
  });

  test('but with another body is refused, and nothing runs', async () => {
    const [key, word, other] = [aKey(), aWord(), aWord()];
    await writes.send(adding(word), key);
    expect(refusal(await writes.send(adding(other), key))).toEqual([409, 'IDEMPOTENCY_KEY_REUSED']);
    expect([await writes.count(word), await writes.count(other)]).toEqual([1, 0]);
  });
});

describe('a key', () => {
  test('of 255 odd characters serves as well as any', async () => {
    const key = `!"#$%&'()*+,-./:;<=>?@[]^_\`{|}~${'k'.repeat(300)}`.slice(0, 255);
    const word = aWord();
    await writes.send(adding(word), key);
    await writes.send(adding(word), key);
    expect(await writes.count(word)).toBe(1);
    expect((await writes.find(key)).state).toBe('applied');
  });

  test('that nobody sent is minted, and leads to the outcome', async () => {
    const word = aWord();
    const answer = await writes.send(adding(word));
    const key = String(answer.headers['idempotency-key']);
    expect(await writes.find(key)).toMatchObject({
      state: 'applied',
      outcome: { rowsAffected: 1, rows: 0, kept: true },
    });
  });

  test('of another integrator is another key, and its outcome ends with its permission', async () => {
    const [key, word] = [aKey(), aWord()];
    const other = await writes.anotherIntegrator([
      ...['--scopes', 'sql:read,sql:write', '--require-idempotency-key'],
    ]);
    const theirs = { key: other.subscriptionKey };
    await writes.send(adding(word), key);
    expect((await writes.find(key, theirs)).state).toBe('neverReceived');
    await writes.send(adding(word), key, theirs);
    expect(await writes.count(word)).toBe(2);
    expect(refusal(await writes.send(adding(aWord()), undefined, theirs))).toEqual([
      400,
      'IDEMPOTENCY_KEY_REQUIRED',
    ]);
    expect((await writes.send({ text: 'SELECT 1 AS n' }, undefined, theirs)).status).toBe(200);
    expect(await writes.find(key, theirs)).toHaveProperty('outcome');
    await conduit.agent('revoke', other.grantId);
    const after = await writes.find(key, theirs);
    expect(after.state).toBe('applied');
    expect(after).not.toHaveProperty('outcome');
  });

  test('that was never used leads to nothing', async () => {
    expect(await writes.find(aKey())).toMatchObject({ state: 'neverReceived' });
  });
});

describe('a write that did not come through', () => {
  test('because the database refused it left nothing, and may be sent again', async () => {
    const [key, word] = [aKey(), aWord()];
    const failing = adding(word, `THROW 50001, 'no', 1`);
    for (let n = 0; n < 2; n += 1) {
      const answer = await writes.send(failing, key);
      expect(refusal(answer)).toEqual([400, 'STATEMENT_FAILED']);
      expect(envelope(answer).error).toMatchObject({ idempotencyKey: key });
    }
    expect(await writes.count(word)).toBe(0);
    expect((await writes.find(key)).state).toBe('notApplied');
  });

  test('because its caller left is undone, and made when it is sent again', async () => {
    const [key, word] = [aKey(), aWord()];
    const slow = adding(word, "IF @@SPID > 0 WAITFOR DELAY '00:00:02'");
    const gone = new AbortController();
    const first = writes.send(slow, key, { signal: gone.signal }).catch(() => undefined);
    await writes.untilStatementRuns();
    expect((await writes.find(key)).state).toBe('inProgress');
    gone.abort();
    await first;
    expect(await writes.settled(key)).toMatchObject({ state: 'notApplied' });
    expect(await writes.count(word)).toBe(0);
    expect((await writes.send(slow, key)).status).toBe(200);
    expect(await writes.count(word)).toBe(1);
  }, 20_000);

  test('to its caller because its answer was too large was made all the same', async () => {
    const [key, word] = [aKey(), aWord()];
    const large = {
      text: `INSERT INTO dbo.ZzOnce (Word) VALUES ('${word}'); SELECT TOP 100 REPLICATE(CAST('x' AS varchar(max)), 100000) AS v FROM dbo.Patient`,
    };
    const answer = await writes.send(large, key);
    expect(refusal(answer)).toEqual([413, 'RESULT_TOO_LARGE']);
    expect(envelope(answer).error.message).toContain('The statement was run.');
    expect(envelope(answer).error).toMatchObject({ idempotencyKey: key });
    expect(await writes.count(word)).toBe(1);
    expect(await writes.find(key)).toMatchObject({ state: 'applied', outcome: { kept: false } });
    expect(refusal(await writes.send(large, key))).toEqual([409, 'WRITE_RESULT_NOT_KEPT']);
    expect(await writes.count(word)).toBe(1);
  }, 20_000);

  test('because its site was away may be asked for when it is back', async () => {
    const key = aKey();
    await conduit.conduit.agent?.stop();
    await conduit.untilAvailability('offline');
    const answer = await writes.send(adding(aWord()), key);
    expect([answer.status, envelope(answer).error]).toMatchObject([503, { idempotencyKey: key }]);
    expect(await writes.find(key)).toMatchObject({ state: 'unknown', reason: 'SITE_OFFLINE' });
    await conduit.conduit.startAgent();
    await conduit.untilAvailability('online');
    expect(await writes.find(key)).toMatchObject({ state: 'neverReceived' });
  }, 60_000);
});

test('the write journal holds hashes and ciphertext, and the key to it stays with the agent', async () => {
  const marker = newMarker('Once');
  const key = `${aKey()}-${marker}`;
  const text = `INSERT INTO dbo.ZzOnce (Word) OUTPUT inserted.Word VALUES ('${marker}')`;
  expect(dataOf(await writes.send({ text }, key))).toEqual([{ Word: marker }]);
  const rows = await writes.query('SELECT * FROM ConduitJournal.dbo.WriteJournal');
  expect(rows.filter(({ Outcome }) => Outcome !== null).length).toBeGreaterThan(0);
  const kept = rows.map((row) =>
    Object.values(row)
      .map((value) => (Buffer.isBuffer(value) ? value.toString('latin1') : String(value)))
      .join(),
  );
  expect(kept.join()).not.toContain(marker);
  const { mode } = statSync(conduit.conduit.path('agent', 'write-outcomes.key'));
  expect(mode & 0o777).toBe(0o600);
});

test('no statement reaches the write journal', async () => {
  const answer = await writes.send({ text: 'SELECT * FROM ConduitJournal.dbo.WriteJournal' });
  expect(refusal(answer)).toEqual([403, 'GRANT_CATALOGUE']);
});
