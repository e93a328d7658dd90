import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Request, TYPES, type Connection } from 'tedious';

import type { SqlValue } from '../engine/sql-engine.port.js';
import { resultSet, sendResultSet } from './scripted-engine.fixture.js';
import { ask, closed, connect, startTds, type Harness } from './tds-harness.fixture.js';

let tds: Harness;
let connection: Connection;

beforeEach(async () => {
  tds = await startTds();
  connection = await connect(tds.port, { cancelTimeout: 20_000 });
  tds.engine.on('select 1', resultSet({ a: { name: 'int' } }, [[1]]));
});

afterEach(async () => {
  await closed(connection);
  await tds.server.close();
});

/** The proof that no token was lost or doubled: the same connection answers rightly afterwards. */
async function expectHealthy(): Promise<void> {
  for (let i = 0; i < 3; i++) {
    const answer = await ask(connection, 'select 1');
    expect(answer.error).toBeUndefined();
    expect(answer.rows).toEqual([[1]]);
    expect(answer.dones).toEqual(['done 1 false']);
  }
}

function* endless(): Generator<SqlValue[]> {
  for (let i = 0; ; i++) yield [i, 'some text that fills packets'];
}

const columns = { id: { name: 'int' }, text: { name: 'nvarchar', length: 100 } } as const;

describe('an attention', () => {
  test('ends a request that is waiting and has sent nothing', async () => {
    tds.engine.on('wait', ({ cancelled }) => cancelled);
    const answer = await ask(connection, 'wait', undefined, (request) => {
      const watch = setInterval(() => {
        if (!tds.engine.journal.includes('run wait')) return;
        clearInterval(watch);
        request.cancel();
      }, 1);
    });
    expect(answer.error).toMatchObject({ code: 'ECANCEL' });
    await expectHealthy();
  });

  test.each([false, true])('ends a stream in its middle (encrypt: %s)', async (encrypt) => {
    await closed(connection);
    connection = await connect(tds.port, { encrypt, cancelTimeout: 20_000 });
    tds.engine.on('endless', ({ sink }) => sendResultSet(sink, columns, endless()));
    let seen = 0;
    const answer = await ask(connection, 'endless', undefined, (request) =>
      request.on('row', () => {
        if (++seen === 5000) request.cancel();
      }),
    );
    expect(answer.error).toMatchObject({ code: 'ECANCEL' });
    await expectHealthy();
  });

  test('ends a stream whose reader has stopped', async () => {
    tds.engine.on('endless', ({ sink }) => sendResultSet(sink, columns, endless()));
    const answer = await ask(connection, 'endless', undefined, (request) =>
      request.once('row', () => {
        request.pause();
        setTimeout(() => request.cancel(), 50);
      }),
    );
    expect(answer.error).toMatchObject({ code: 'ECANCEL' });
    await expectHealthy();
  });

  test('ends a procedure call and leaves the connection in order', async () => {
    tds.engine.on('slow', async ({ sink, cancelled }) => {
      await sendResultSet(sink, columns, [[1, 'first']]);
      await cancelled;
    });
    const answer = await ask(
      connection,
      'slow',
      (request) => connection.callProcedure(request),
      (request) => setTimeout(() => request.cancel(), 20),
    );
    expect(answer.error).toMatchObject({ code: 'ECANCEL' });
    await expectHealthy();
  });

  test('in the middle of a large value ends it early', async () => {
    const value = 'x'.repeat(50_000_000);
    tds.engine.on('large', ({ sink }) =>
      sendResultSet(sink, { a: { name: 'int' }, b: { name: 'nvarchar', length: 'max' } }, [
        [1, 'small'],
        [2, value],
      ]),
    );
    const answer = await ask(connection, 'large', undefined, (request) =>
      request.once('row', () => request.cancel()),
    );
    expect(answer.error).toMatchObject({ code: 'ECANCEL' });
    await expectHealthy();
  });

  test('after a request timeout is the same', async () => {
    tds.engine.on('wait', ({ cancelled }) => cancelled);
    const answer = await ask(connection, 'wait', undefined, (request) => request.setTimeout(30));
    expect(answer.error).toMatchObject({ code: 'ETIMEOUT' });
    await expectHealthy();
  });

  test('at any moment leaves the connection in order', async () => {
    tds.engine.on('short', ({ sink }) =>
      sendResultSet(
        sink,
        columns,
        Array.from({ length: 300 }, (_, i) => [i, 'text']),
      ),
    );
    for (let turn = 0; turn < 60; turn++) {
      await ask(connection, 'short', undefined, (request) => {
        if (turn % 3 === 0) setImmediate(() => request.cancel());
        else if (turn % 3 === 1) setTimeout(() => request.cancel(), turn % 7);
        else request.once('row', () => request.cancel());
      });
    }
    await expectHealthy();
  });

  test('before the request was fully sent is answered too', async () => {
    const request = new Request('ignored', () => undefined);
    const finished = new Promise((resolve) => {
      request.callback = resolve as never;
    });
    request.addParameter('t', TYPES.NVarChar, 'x'.repeat(1_000_000));
    connection.execSql(request);
    request.cancel();
    expect(await finished).toMatchObject({ code: 'ECANCEL' });
    await expectHealthy();
  });
});
