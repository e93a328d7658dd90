import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { GatheringSink, run, startTestEngine, type TestEngine } from './engine.fixture.js';
import { CancelledError, type SqlSession } from './sql-engine.port.js';

let server: TestEngine;
let one: SqlSession;
let two: SqlSession;

beforeAll(async () => {
  server = await startTestEngine();
  await server.engine.runScript(
    'Patients',
    'CREATE TABLE Slot (Id int NOT NULL PRIMARY KEY, Taken int NOT NULL)',
  );
});

beforeEach(async () => {
  one = await server.session();
  two = await server.session();
  await run(one, 'DELETE FROM Slot; INSERT INTO Slot VALUES (1, 0), (2, 0)');
});

afterEach(async () => {
  await one.close();
  await two.close();
});

afterAll(() => server.stop());

const taken = async (session: SqlSession): Promise<unknown> =>
  (await run(session, 'SELECT Taken FROM Slot ORDER BY Id')).rows;

/** Resolves once a session waits for a lock that another holds. */
async function blocked(spid: number): Promise<void> {
  const admin = await server.session();
  for (;;) {
    const { rows } = await run(
      admin,
      `SELECT blocking_session_id FROM sys.dm_exec_requests WHERE session_id = ${spid}`,
    );
    if (rows[0]?.[0]) break;
    await delay(10);
  }
  await admin.close();
}

describe('transactions', () => {
  test('rollback undoes, commit keeps, and nesting only counts', async () => {
    const { events } = await run(
      one,
      'BEGIN TRAN; UPDATE Slot SET Taken = 1; ROLLBACK; BEGIN TRAN; BEGIN TRAN; UPDATE Slot SET Taken = 2 WHERE Id = 1; COMMIT; COMMIT',
    );
    expect(events).toEqual(['begun', 'rolledBack', 'begun', 'committed']);
    expect(await taken(two)).toEqual([[2], [0]]);
  });

  test('a failed statement leaves the transaction as it was', async () => {
    await run(one, 'BEGIN TRAN; UPDATE Slot SET Taken = 1; INSERT INTO Slot VALUES (1, 9); COMMIT');
    expect(await taken(two)).toEqual([[1], [1]]);
  });

  test('XACT_ABORT and a failed conversion end the transaction', async () => {
    for (const failing of [
      'SET XACT_ABORT ON; INSERT INTO Slot VALUES (1, 9)',
      "SELECT CAST('x' AS int)",
    ]) {
      await run(one, `BEGIN TRAN; UPDATE Slot SET Taken = 1; ${failing}`);
      expect(one.inTransaction).toBe(false);
    }
    expect(await taken(two)).toEqual([[0], [0]]);
  });

  test('savepoints', async () => {
    await run(
      one,
      'BEGIN TRAN; UPDATE Slot SET Taken = 1 WHERE Id = 1; SAVE TRAN here; UPDATE Slot SET Taken = 1 WHERE Id = 2; ROLLBACK TRAN here; COMMIT',
    );
    expect(await taken(two)).toEqual([[1], [0]]);
  });

  test('a doomed transaction is read-only until rolled back, and reported at the end of the batch', async () => {
    const doomed =
      'SET XACT_ABORT ON; BEGIN TRAN; BEGIN TRY INSERT INTO Slot VALUES (1, 1) END TRY BEGIN CATCH SELECT XACT_STATE(), @@TRANCOUNT';
    expect((await run(one, `${doomed}; ROLLBACK END CATCH`)).rows).toEqual([[-1, 1]]);
    const { errors } = await run(one, `${doomed}; DELETE FROM Slot END CATCH`);
    expect(errors.map(({ number }) => number)).toEqual([3930]);
    expect(one.inTransaction).toBe(false);
    expect((await run(one, `${doomed} END CATCH`)).errors.map(({ number }) => number)).toEqual([
      3998,
    ]);
  });

  test('by request of the driver, with an isolation level', async () => {
    const sink = new GatheringSink();
    await one.begin('snapshot', sink);
    await run(one, 'SELECT * FROM Slot');
    await run(two, 'UPDATE Slot SET Taken = 5');
    expect(await taken(one)).toEqual([[0], [0]]);
    expect(
      (await run(one, 'UPDATE Slot SET Taken = 6')).errors.map(({ number }) => number),
    ).toEqual([3960]);
    expect(one.inTransaction).toBe(false);
  });

  test('SET options outlive a rollback', async () => {
    const { rows } = await run(
      one,
      "BEGIN TRAN; SET LOCK_TIMEOUT 70; SET DATEFORMAT dmy; ROLLBACK; SELECT CAST('02/03/2026' AS date)",
    );
    expect(rows).toEqual([['2026-03-02']]);
    await run(two, 'BEGIN TRAN; UPDATE Slot SET Taken = 1 WHERE Id = 1');
    expect(
      (await run(one, 'UPDATE Slot SET Taken = 2 WHERE Id = 1')).errors.map(({ number }) => number),
    ).toEqual([1222]);
  });

  test('definitions roll back too', async () => {
    await run(one, 'BEGIN TRAN; CREATE TABLE Gone (a int); INSERT INTO Gone VALUES (1)');
    expect((await run(two, 'SELECT * FROM Gone')).errors.map(({ number }) => number)).toEqual([
      208,
    ]);
    expect(
      (await run(one, 'SELECT * FROM Gone; ROLLBACK; SELECT * FROM Gone')).errors.map(
        ({ number }) => number,
      ),
    ).toEqual([208]);
  });
});

describe('locks', () => {
  test('the second writer of a row waits for the first and then sees its work', async () => {
    await run(one, 'BEGIN TRAN; UPDATE Slot SET Taken = Taken + 1 WHERE Id = 1');
    const second = run(two, 'UPDATE Slot SET Taken = Taken + 1 WHERE Id = 1');
    await blocked(two.spid);
    await run(one, 'COMMIT');
    await second;
    expect(await taken(one)).toEqual([[2], [0]]);
  });

  test('LOCK_TIMEOUT gives up with 1222', async () => {
    await run(one, 'BEGIN TRAN; UPDATE Slot SET Taken = 1 WHERE Id = 1');
    expect(
      (await run(two, 'SET LOCK_TIMEOUT 50; UPDATE Slot SET Taken = 2 WHERE Id = 1')).errors.map(
        ({ number }) => number,
      ),
    ).toEqual([1222]);
  });

  test('one of two that wait for each other is the victim', async () => {
    await run(one, 'BEGIN TRAN; UPDATE Slot SET Taken = 1 WHERE Id = 1');
    await run(two, 'BEGIN TRAN; UPDATE Slot SET Taken = 1 WHERE Id = 2');
    const [a, b] = await Promise.all([
      run(one, 'UPDATE Slot SET Taken = 1 WHERE Id = 2'),
      run(two, 'UPDATE Slot SET Taken = 1 WHERE Id = 1'),
    ]);
    expect(
      [...a.errors, ...b.errors].map(({ number, class: severity }) => [number, severity]),
    ).toEqual([[1205, 13]]);
    expect([one.inTransaction, two.inTransaction].filter(Boolean)).toHaveLength(1);
  });

  test('UPDLOCK with HOLDLOCK keeps a second booker out until the first has committed', async () => {
    const book =
      'BEGIN TRAN; IF NOT EXISTS (SELECT 1 FROM Slot WITH (UPDLOCK, HOLDLOCK) WHERE Id = 7) INSERT INTO Slot VALUES (7, @@SPID)';
    await run(one, book);
    const second = run(two, `${book}; COMMIT`);
    await blocked(two.spid);
    await run(one, 'COMMIT');
    expect((await second).errors).toEqual([]);
    expect((await run(one, 'SELECT Taken FROM Slot WHERE Id = 7')).rows).toEqual([[one.spid]]);
  });
});

describe('cancelling', () => {
  const soon = async (session: SqlSession, work: Promise<unknown>): Promise<number> => {
    const start = performance.now();
    session.cancel();
    await expect(work).rejects.toBeInstanceOf(CancelledError);
    return performance.now() - start;
  };

  test('ends a wait for a lock, and the transaction stays', async () => {
    await run(one, 'BEGIN TRAN; UPDATE Slot SET Taken = 1 WHERE Id = 1');
    const waiting = run(two, 'BEGIN TRAN; UPDATE Slot SET Taken = 2');
    await blocked(two.spid);
    expect(await soon(two, waiting)).toBeLessThan(500);
    expect(two.inTransaction).toBe(true);
    expect((await run(two, 'SELECT @@TRANCOUNT; ROLLBACK')).rows).toEqual([[1]]);
  });

  test('ends WAITFOR, a busy query and a result whose reader has stopped', async () => {
    const waiting = run(one, "WAITFOR DELAY '00:01:00'");
    await delay(20);
    expect(await soon(one, waiting)).toBeLessThan(500);
    const busy = run(
      one,
      'WITH n AS (SELECT CAST(1 AS bigint) x UNION ALL SELECT x + 1 FROM n) SELECT COUNT(*) FROM n',
    );
    await delay(50);
    expect(await soon(one, busy)).toBeLessThan(1000);
    const stuck = new GatheringSink();
    let reached: () => void = () => undefined;
    const reading = new Promise<void>((settle) => (reached = settle));
    stuck.row = () => {
      reached();
      return new Promise(() => undefined) as never;
    };
    const streaming = one.batch(
      "SELECT value, REPLICATE('x', 100) FROM GENERATE_SERIES(1, 1000000)",
      stuck,
    );
    await reading;
    expect(await soon(one, streaming)).toBeLessThan(1000);
    expect((await run(one, 'SELECT 1')).rows).toEqual([[1]]);
  });

  test('KILL ends another session', async () => {
    const dropped = new Promise<number>((settle) =>
      server.engine.onSessionKilled((spid) => settle(spid)),
    );
    expect((await run(one, `KILL ${two.spid}`)).errors).toEqual([]);
    expect(await dropped).toBe(two.spid);
    expect(
      (await run(one, `SELECT COUNT(*) FROM sys.dm_exec_sessions WHERE session_id = ${two.spid}`))
        .rows,
    ).toEqual([[0]]);
  });
});
