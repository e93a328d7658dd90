/**
 * What stops, loses its mind or is restarted under a running conduit: agent, database, broker,
 * Redis. Each answer says what became of the query, and all goes on by itself afterwards.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { asLines, asProblem, dataOf, problemOf } from '#test/e2e/answers.fixture.js';
import { ClinicDatabase, isSandbox } from '#test/e2e/clinic-database.fixture.js';
import { settle } from '#test/support/settle.js';
import { startConduit, type Answer, type TestConduit } from '#test/support/start-conduit.js';

const SLOW = "WAITFOR DELAY '00:00:30'; SELECT 1 AS n";

/** Processes start slowly on a busy machine. */
const RESTART_MS = 60_000;

let conduit: TestConduit;
let database: ClinicDatabase;

beforeAll(async () => {
  conduit = await startConduit({
    ceiling: { rawSqlWrites: true },
    approval: ['--scopes', 'sql:read,sql:write'],
  });
  database = await ClinicDatabase.connect(conduit, 'admin');
}, 120_000);

afterAll(async () => {
  await database?.close();
  await conduit?.stop();
});

const ask = (text: string): Promise<Answer> =>
  conduit.query({ text }, {}, '', { headers: asProblem });

/** A query that the database is at work on, and the session it runs in. */
async function running(text = SLOW): Promise<{ answer: Promise<Answer>; session: number }> {
  const answer = ask(text);
  return { answer, session: await database.untilStatementRuns() };
}

const untilItWorks = (withinMs = 20_000): Promise<true> =>
  settle('a query works', withinMs, async () =>
    (await ask('SELECT 1 AS n').catch(() => undefined))?.status === 200 ? true : undefined,
  );

const onSandbox = isSandbox ? test : test.skip;

describe('the agent', () => {
  afterEach(async () => {
    await conduit.conduit.agent?.kill();
    await conduit.conduit.startAgent();
    await conduit.untilAvailability('online');
    await untilItWorks();
  }, RESTART_MS);

  test('that was stopped makes its site offline, and nothing was done', async () => {
    await conduit.conduit.agent?.stop();
    await conduit.untilAvailability('offline');
    const answer = await ask('SELECT 1 AS n');
    expect([answer.status, problemOf(answer).code, problemOf(answer).retry]).toEqual([
      503,
      'SITE_OFFLINE',
      'safe',
    ]);
    expect(answer.headers['retry-after']).toMatch(/^\d+$/);
    expect(problemOf(answer)).toMatchObject({
      whoCanFix: 'practice',
      remedy: expect.stringContaining('agent is running'),
    });
  });

  test('that is asked to stop finishes what it runs', async () => {
    const { answer } = await running("WAITFOR DELAY '00:00:02'; SELECT 1 AS n");
    await conduit.conduit.agent?.stop(20_000);
    expect(dataOf(await answer)).toEqual([{ n: 1 }]);
  });

  test('that is killed at work leaves its caller no doubt that there is doubt', async () => {
    const { answer } = await running();
    await conduit.conduit.agent?.kill();
    const lost = await answer;
    expect([lost.status, problemOf(lost).code, problemOf(lost).retry]).toEqual([
      503,
      'SITE_LOST',
      'unknown',
    ]);
    await database.untilNothingRuns(5_000);
  });

  test('that is killed while rows stream ends them with an error, not as if all were there', async () => {
    const everybody = 'dbo.Patient a CROSS JOIN dbo.Patient b CROSS JOIN dbo.Patient c';
    const answer = await conduit.open('POST', `${conduit.queriesPath}/immediate`, {
      body: { command: { text: `SELECT REPLICATE('z', 900) AS t FROM ${everybody}` } },
      headers: asLines,
    });
    let text = '';
    for await (const chunk of answer.body) {
      if (text === '') await conduit.conduit.agent?.kill();
      text = (text + String(chunk)).slice(-4_000);
    }
    expect(text).not.toContain('"$end"');
    const { $error } = JSON.parse(text.trimEnd().split('\n').at(-1) as string) as {
      $error: { code: string };
    };
    expect($error.code).toBe('SITE_LOST');
  });
});

describe('the database', () => {
  afterEach(() => untilItWorks(), RESTART_MS);

  onSandbox(
    'that goes down is named, and used again when it is back',
    async () => {
      const { answer } = await running();
      await database.close();
      await conduit.conduit.sandbox?.kill();
      const cut = await answer;
      expect([cut.status, problemOf(cut).code, problemOf(cut).retry]).toEqual([
        503,
        'DATABASE_CONNECTION_LOST',
        'unknown',
      ]);
      const down = await ask('SELECT 1 AS n');
      expect([down.status, problemOf(down).code, problemOf(down).retry]).toEqual([
        503,
        'DATABASE_UNAVAILABLE',
        'safe',
      ]);
      expect(problemOf(down)).toMatchObject({ whoCanFix: 'MSP' });
      const { pid } = conduit.conduit.agent ?? {};
      await conduit.conduit.startPms();
      database = await ClinicDatabase.connect(conduit, 'admin');
      await untilItWorks();
      expect(conduit.conduit.agent?.pid).toBe(pid);
    },
    RESTART_MS,
  );

  test('that ends a session mid-query is named, and the next query gets a fresh one', async () => {
    const { answer, session } = await running();
    await database.query(`KILL ${session}`);
    const cut = await answer;
    expect([cut.status, problemOf(cut).code]).toEqual([503, 'DATABASE_CONNECTION_LOST']);
    expect((await ask('SELECT 1 AS n')).status).toBe(200);
  });

  test(
    'that refuses the login is told apart from one that is down',
    async () => {
      const { pms } = conduit.conduit;
      const read = { user: pms?.logins.read.user, password: 'Zz-wrong' };
      await conduit.conduit.agent?.stop();
      conduit.conduit.configureAgent(conduit.siteId, { logins: { ...pms?.logins, read } });
      await conduit.conduit.startAgent();
      await conduit.untilAvailability('online');
      const answer = await ask('SELECT 1 AS n');
      expect([answer.status, problemOf(answer).code]).toEqual([503, 'DATABASE_LOGIN_REFUSED']);
      expect(problemOf(answer).remedy).toContain('doctor');
      expect(JSON.stringify(answer.body)).not.toContain('Zz-wrong');
      await conduit.conduit.agent?.stop();
      conduit.conduit.configureAgent(conduit.siteId);
      await conduit.conduit.startAgent();
    },
    RESTART_MS,
  );
});

describe('the broker', () => {
  test(
    'that is restarted is found again by its agents, with their permissions',
    async () => {
      const { pid } = conduit.conduit.agent ?? {};
      await conduit.conduit.broker?.stop();
      await conduit.conduit.startBroker();
      const early = await ask('SELECT 1 AS n');
      if (early.status !== 200) expect(problemOf(early).retry).toBe('safe');
      await untilItWorks(40_000);
      expect(conduit.conduit.agent?.pid).toBe(pid);
    },
    RESTART_MS,
  );

  test(
    'that is killed mid-query loses the query and nothing else',
    async () => {
      const { answer } = await running();
      const lost = answer.then(
        () => 'answered',
        () => 'cut',
      );
      await conduit.conduit.broker?.kill();
      expect(await lost).toBe('cut');
      await database.untilNothingRuns(5_000);
      await conduit.conduit.startBroker();
      await untilItWorks(40_000);
    },
    RESTART_MS,
  );
});

const ownRedis = process.env['REDIS_URL'] ? test.skip : test;

describe('Redis', () => {
  ownRedis('that is killed does not stop immediate queries', async () => {
    process.kill(conduit.conduit.redis?.pid ?? 0, 'SIGKILL');
    for (let n = 0; n < 5; n += 1) expect(dataOf(await ask(`SELECT ${n} AS n`))).toEqual([{ n }]);
  });
});
