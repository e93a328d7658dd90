/**
 * The limits of a permission as integrators meet them, for each kind of query: what they are told, by
 * which code, whether the statement ran, and when to come back.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { approve, pair } from '#deploy/dev/demo.js';
import { asProblem, problemOf } from '#test/e2e/answers.fixture.js';
import { AsyncClient } from '#test/e2e/async-client.fixture.js';
import { settle } from '#test/support/settle.js';
import { startConduit, type Answer, type TestConduit } from '#test/support/start-conduit.js';

const WITHIN_MS = 20_000;
const FIVE = 'SELECT TOP 5 INTERNALID AS n FROM dbo.Patient ORDER BY INTERNALID';
/** Some 20,000 bytes. */
const WIDE = "SELECT TOP 20 REPLICATE('x', 1000) AS x FROM dbo.Patient";
/** Seconds of work. */
const SLOW =
  'SELECT COUNT(*) AS n FROM dbo.Patient a CROSS JOIN dbo.Patient b CROSS JOIN dbo.Patient c ' +
  'CROSS JOIN (SELECT TOP 12 INTERNALID FROM dbo.Patient) d';

interface RegisteredView {
  code?: string;
  nextRunAt?: string;
  metrics: { executionSucceededCount: number };
}

let conduit: TestConduit;
let client: AsyncClient;

beforeAll(async () => {
  conduit = await startConduit({
    scale: 100,
    brokerEnv: { CONDUIT_REGISTERED_MIN_SECONDS: '1' },
    site: { limits: { minFrequencySeconds: 1 } },
    approval: 'none',
  });
  client = new AsyncClient(conduit);
  const { integratorId } = conduit.integrator;
  await approve(conduit.conduit, integratorId, ['--scopes', 'sql:read']);
}, 120_000);

afterAll(() => conduit?.stop());

/** What the test before chose would stay: everything is said anew. */
const UNLIMITED = [
  ...['--rows', '100000', '--bytes', '1000000000', '--per-minute', '600', '--concurrency', '4'],
  ...['--hours', 'any'],
];

/** The practice decides anew: a new version of the one permission. */
async function permit(...words: string[]): Promise<void> {
  const { integratorId, subscriptionKey } = conduit.integrator;
  await pair(conduit.conduit, subscriptionKey);
  await approve(conduit.conduit, integratorId, ['--scopes', 'sql:read', ...UNLIMITED, ...words]);
}

const immediate = (text: string, more: object = {}): Promise<Answer> =>
  conduit.query({ text }, more, '', { headers: asProblem });

/** @returns the code that an immediate query is answered with */
const refusedWith = async (text: string, more: object = {}): Promise<string> => {
  const answer = await immediate(text, more);
  const { errorDetails, code } = answer.body as {
    errorDetails?: { errorCode: string };
    code?: string;
  };
  return `${answer.status} ${code ?? errorDetails?.errorCode}`;
};

async function endedAs(text: string): Promise<string> {
  const { status, code } = await client.untilEnded(await client.submit(text));
  return `${status} ${code}`;
}

/** A registered query, as it is once it has run or was refused. */
async function registered(text: string): Promise<RegisteredView> {
  const path = `${conduit.queriesPath}/registered`;
  const made = await conduit.call('POST', path, {
    body: {
      ...{ name: 'Zz', registeredQueryType: 'query', frequency: 1, duration: 600 },
      registerCommand: { command: { text } },
    },
  });
  expect(made.status).toBe(202);
  const { id } = made.body as { id: string };
  const view = await settle('it ran, or says why not', WITHIN_MS, async () => {
    const { body } = await conduit.call('GET', `${path}/${id}`);
    const seen = body as RegisteredView;
    return seen.code !== undefined || seen.metrics.executionSucceededCount > 0 ? seen : undefined;
  });
  await conduit.call('DELETE', `${path}/${id}`);
  return view;
}

const reasonOf = async (id: string): Promise<string | undefined> =>
  ((await client.get(id)).body as { queue?: { reason: string } }).queue?.reason;

function untilReason(id: string, reason: string): Promise<true> {
  return settle(reason, WITHIN_MS, async () => (await reasonOf(id)) === reason || undefined);
}

describe('a permission for so many rows', () => {
  test('ends what gives more with that reason, in each kind', async () => {
    await permit('--rows', '4');
    expect(await refusedWith(FIVE)).toBe('413 RESULT_ROWS_LIMIT');
    expect(await endedAs(FIVE)).toBe('executionFailed RESULT_ROWS_LIMIT');
    expect(await registered(FIVE)).toMatchObject({ code: 'RESULT_ROWS_LIMIT' });
    expect((await immediate(FIVE.replace('5', '4'))).status).toBe(200);
  }, 60_000);
});

describe('a permission for so many bytes', () => {
  test('ends what gives more with that reason, in each kind', async () => {
    await permit('--bytes', '10000');
    expect(await refusedWith(WIDE)).toBe('413 RESULT_BYTES_LIMIT');
    expect(await endedAs(WIDE)).toBe('executionFailed RESULT_BYTES_LIMIT');
    expect(await registered(WIDE)).toMatchObject({ code: 'RESULT_BYTES_LIMIT' });
    expect((await immediate(FIVE)).status).toBe(200);
  }, 60_000);
});

describe('a permission for one at a time', () => {
  test('refuses a second one that may not wait, and lets others wait for their turn', async () => {
    await permit('--concurrency', '1');
    const running = immediate(SLOW);
    await settle(
      'it runs',
      WITHIN_MS,
      async () =>
        (await refusedWith(FIVE, { maxTimeInQueue: 0 })) === '504 QUEUE_EXPIRED' || undefined,
    );
    const waits = immediate(FIVE, { maxTimeInQueue: 30_000 });
    const asyncs = [await client.submit(FIVE), await client.submit(FIVE)];
    expect((await running).status).toBe(200);
    expect((await waits).status).toBe(200);
    for (const id of asyncs)
      expect(await client.untilEnded(id)).toMatchObject({ status: 'successful' });
  }, 60_000);
});

describe('a permission for so many a minute', () => {
  test('says when to come back, and lets what may wait do so', async () => {
    await permit('--per-minute', '6');
    const answers: Answer[] = [];
    while (answers.at(-1)?.status !== 429 && answers.length < 10)
      answers.push(await immediate(FIVE));
    const refused = answers.at(-1) as Answer;
    expect(problemOf(refused)).toMatchObject({ code: 'RATE_LIMITED', retry: 'safe' });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(10);
    const submitted = await client.send(FIVE, {}, { headers: asProblem });
    expect([201, 429]).toContain(submitted.status);
    await settle(
      'it is allowed again',
      WITHIN_MS,
      async () => (await immediate(FIVE)).status === 200 || undefined,
    );
  }, 60_000);
});

describe('a permission for clinic hours', () => {
  /** Two days from now, whatever the day: outside at this moment, for the next 24 hours and more. */
  const otherDay = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'][
    (new Date().getUTCDay() + 3) % 7
  ];

  test('says when they begin, lets async queries wait and holds registered ones back', async () => {
    await permit('--hours', `${otherDay} 00:00-24:00 UTC`);
    const refused = await immediate(FIVE);
    expect(refused.status).toBe(403);
    expect(problemOf(refused)).toMatchObject({
      ...{ code: 'GRANT_OUTSIDE_HOURS', retry: 'safe', whoCanFix: 'practice' },
    });
    const seconds = Number(refused.headers['retry-after']);
    expect(seconds).toBeGreaterThan(2 * 86_400 - 60);
    expect(seconds).toBeLessThanOrEqual(3 * 86_400);
    const id = await client.submit(FIVE);
    await untilReason(id, 'outsideHours');
    expect(await registered(FIVE)).toMatchObject({ code: 'GRANT_OUTSIDE_HOURS' });
    await permit('--hours', 'Mon-Sun 00:00-24:00 UTC');
    expect((await immediate(FIVE)).status).toBe(200);
    expect(await client.untilEnded(id, 45_000)).toMatchObject({ status: 'successful' });
  }, 90_000);
});
