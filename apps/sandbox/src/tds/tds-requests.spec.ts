import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Request, TYPES, type Connection } from 'tedious';

import type { SqlParameter } from '../engine/sql-engine.port.js';
import { resultSet, sendResultSet } from './scripted-engine.fixture.js';
import { ask, closed, connect, startTds, type Harness } from './tds-harness.fixture.js';

let tds: Harness;
let connection: Connection;

beforeEach(async () => {
  tds = await startTds();
  connection = await connect(tds.port);
});

afterEach(async () => {
  await closed(connection);
  await tds.server.close();
});

describe('a batch', () => {
  test('returns several result sets, with and without counts', async () => {
    tds.engine.on('several', async ({ sink }) => {
      await sendResultSet(sink, { a: { name: 'int' } }, [[1], [2]]);
      await sink.statementDone({ isSelect: false });
      await sink.statementDone({ rowCount: 7, isSelect: false });
      await sendResultSet(sink, { b: { name: 'bit' } }, []);
    });
    const answer = await ask(connection, 'several');
    expect(answer.rows).toEqual([[1], [2]]);
    expect(answer.dones).toEqual([
      'done 2 true',
      'done undefined true',
      'done 7 true',
      'done 0 false',
    ]);
  });

  test('without any statement still ends', async () => {
    expect((await ask(connection, '-- nothing')).dones).toEqual(['done undefined false']);
  });

  test('brings messages in order, with number, class, state, line and procedure', async () => {
    const messages: unknown[] = [];
    connection.on('infoMessage', (m) => messages.push(['info', m.number, m.class, m.message]));
    tds.engine.on('talk', async ({ sink }) => {
      sink.message({ number: 0, class: 0, state: 1, line: 1, message: 'printed' });
      await sendResultSet(sink, { a: { name: 'int' } }, [[1]]);
      sink.message({
        number: 208,
        class: 16,
        state: 2,
        line: 3,
        message: "Invalid object name 'x'.",
        procedure: 'p',
      });
      await sink.statementDone({ isSelect: false });
    });
    const answer = await ask(connection, 'talk');
    expect(messages).toEqual([['info', 0, 0, 'printed']]);
    expect(answer.error).toMatchObject({
      number: 208,
      class: 16,
      state: 2,
      lineNumber: 3,
      procName: 'p',
      serverName: 'SANDBOX',
      message: "Invalid object name 'x'.",
    });
    expect(answer.rows).toEqual([[1]]);
  });

  test('that ends in an error without a DONE of its own still ends', async () => {
    tds.engine.on('fail', ({ sink }) => {
      sink.message({ number: 102, class: 15, state: 1, line: 1, message: 'Incorrect syntax.' });
    });
    const answer = await ask(connection, 'fail');
    expect(answer.error?.number).toBe(102);
    expect(answer.dones).toEqual(['done undefined false']);
  });

  test('that fails inside the engine says 8630 and nothing of the cause', async () => {
    tds.engine.on('crash', () => Promise.reject(new Error('secret words')));
    const answer = await ask(connection, 'crash');
    expect(answer.error).toMatchObject({ number: 8630, class: 16 });
    expect(JSON.stringify([answer, tds.log])).not.toContain('secret words');
    expect(tds.log).toEqual(['request.failed: Error']);
    expect((await ask(connection, 'next')).error).toBeUndefined();
  });

  test('changes the catalogue', async () => {
    const catalogues: string[] = [];
    connection.on('databaseChange', (name) => catalogues.push(name));
    tds.engine.on('use billing', ({ sink }) => sink.catalogueChanged('Clinic', 'Billing'));
    await ask(connection, 'use billing');
    expect(catalogues).toEqual(['Billing']);
  });

  test('with a value its column cannot hold ends with 8115 and the rows before it', async () => {
    tds.engine.on('overflow', ({ sink }) =>
      sendResultSet(sink, { id: { name: 'int' }, n: { name: 'tinyint' } }, [
        [1, 255],
        [2, 256],
      ]),
    );
    const answer = await ask(connection, 'overflow');
    expect(answer.rows).toEqual([[1, 255]]);
    expect(answer.error).toMatchObject({ number: 8115 });
    expect((await ask(connection, 'next')).error).toBeUndefined();
  });

  test('carries text of any length and any character', async () => {
    const sql = `select '${'ż€𝄞'.repeat(20_000)}'`;
    tds.engine.on(sql, resultSet({ a: { name: 'int' } }, [[1]]));
    expect((await ask(connection, sql)).rows).toEqual([[1]]);
  });
});

describe('sp_executesql', () => {
  test('binds typed parameters and returns outputs', async () => {
    let seen: SqlParameter[] = [];
    tds.engine.on('exec me', async ({ sink, parameters }) => {
      seen = parameters;
      await sendResultSet(sink, { a: { name: 'int' } }, [[1]]);
      return { outputs: [{ name: '@sum', type: { name: 'int' }, value: 42 }] };
    });
    const answer = await ask(
      connection,
      'exec me',
      (request) => connection.execSql(request),
      (request) => {
        request.addParameter('id', TYPES.Int, 7);
        request.addParameter('name', TYPES.NVarChar, 'Ada', { length: 40 });
        request.addParameter('price', TYPES.Decimal, 12.5, { precision: 10, scale: 2 });
        request.addOutputParameter('sum', TYPES.Int);
      },
    );
    expect(seen).toEqual([
      { name: '@id', type: { name: 'int' }, value: 7, output: false },
      { name: '@name', type: { name: 'nvarchar', length: 40 }, value: 'Ada', output: false },
      {
        name: '@price',
        type: { name: 'decimal', precision: 10, scale: 2 },
        value: '12.50',
        output: false,
      },
      { name: '@sum', type: { name: 'int' }, value: null, output: true },
    ]);
    expect(answer.outputs).toEqual({ sum: 42 });
    expect(answer.returnStatus).toBe(0);
    expect(answer.dones).toEqual(['inProc 1 true', 'proc undefined false']);
  });

  test('carries a parameter of several megabytes', async () => {
    const text = 'é€'.repeat(1_000_000);
    let length = 0;
    tds.engine.on('long', ({ parameters }) => {
      length = (parameters[0]!.value as string).length;
      return { outputs: [{ ...parameters[0]!, value: parameters[0]!.value }] };
    });
    const answer = await ask(
      connection,
      'long',
      (request) => connection.execSql(request),
      (request) => request.addOutputParameter('t', TYPES.NVarChar, text, { length: Infinity }),
    );
    expect(length).toBe(text.length);
    expect(answer.outputs['t'] === text).toBe(true);
  });

  test('refuses more than 2,100 parameters with 8003 and goes on', async () => {
    const answer = await ask(
      connection,
      'many',
      (request) => connection.execSql(request),
      (request) => {
        for (let i = 0; i < 2200; i++) request.addParameter(`p${i}`, TYPES.Int, i);
      },
    );
    expect(answer.error?.number).toBe(8003);
    expect((await ask(connection, 'next')).error).toBeUndefined();
  });
});

describe('a prepared statement', () => {
  test('is prepared, executed twice and unprepared', async () => {
    const seen: unknown[] = [];
    tds.engine.on('select @n', async ({ sink, parameters }) => {
      seen.push(parameters);
      await sendResultSet(sink, { n: { name: 'int' } }, [[parameters[0]!.value]]);
    });
    const rows: unknown[] = [];
    await new Promise<void>((resolve, reject) => {
      let step = 1;
      const request = new Request('select @n', (error) => {
        if (error != null) reject(error);
        else if (step === 1) connection.execute(request, { n: ++step });
        else if (step++ === 2) connection.unprepare(request);
        else resolve();
      });
      request.addParameter('n', TYPES.Int, undefined);
      request.on('row', (columns: { value: unknown }[]) => rows.push(columns[0]!.value));
      request.once('prepared', () => connection.execute(request, { n: 1 }));
      connection.prepare(request);
    });
    expect(rows).toEqual([1, 2]);
    expect(seen).toEqual([
      [{ name: '@n', type: { name: 'int' }, value: 1, output: false }],
      [{ name: '@n', type: { name: 'int' }, value: 2, output: false }],
    ]);
  });

  test('that was never prepared is error 8179', async () => {
    const answer = await ask(
      connection,
      'sp_execute',
      (request) => connection.callProcedure(request),
      (request) => request.addParameter('handle', TYPES.Int, 99),
    );
    expect(answer.error).toMatchObject({ number: 8179 });
  });
});

describe('a procedure', () => {
  test('has inputs, outputs, a return value and result sets', async () => {
    let seen: SqlParameter[] = [];
    tds.engine.on('dbo.Find', async ({ sink, parameters }) => {
      seen = parameters;
      await sendResultSet(sink, { a: { name: 'int' } }, [[1]]);
      return {
        returnStatus: -6,
        outputs: [
          { name: '@both', type: { name: 'varchar', length: 20 }, value: 'changed' },
          { name: '@out', type: { name: 'bigint' }, value: '9007199254740993' },
        ],
      };
    });
    const answer = await ask(
      connection,
      'dbo.Find',
      (request) => connection.callProcedure(request),
      (request) => {
        request.addParameter('in', TYPES.VarChar, 'x', { length: 20 });
        request.addOutputParameter('both', TYPES.VarChar, 'given', { length: 20 });
        request.addOutputParameter('out', TYPES.BigInt);
      },
    );
    expect(seen.map(({ name, value, output }) => [name, value, output])).toEqual([
      ['@in', 'x', false],
      ['@both', 'given', true],
      ['@out', null, true],
    ]);
    expect(answer.outputs).toEqual({ both: 'changed', out: '9007199254740993' });
    expect(answer.returnStatus).toBe(-6);
    expect(answer.dones).toEqual(['inProc 1 true', 'proc undefined false']);
  });

  test('that fails reports the error and no more', async () => {
    tds.engine.on('gone', ({ sink }) => {
      const message = "Could not find stored procedure 'gone'.";
      sink.message({ number: 2812, class: 16, state: 62, line: 1, message });
    });
    const answer = await ask(connection, 'gone', (request) => connection.callProcedure(request));
    expect(answer.error).toMatchObject({ number: 2812, state: 62 });
    expect(answer.dones).toEqual(['proc undefined false']);
  });
});

describe('a reset connection', () => {
  test('resets the session before the next request and forgets the transaction', async () => {
    await new Promise<void>((resolve, reject) =>
      connection.beginTransaction((error) => (error == null ? resolve() : reject(error))),
    );
    await new Promise<void>((resolve, reject) =>
      connection.reset((error) => (error == null ? resolve() : reject(error))),
    );
    expect(tds.engine.sessions[0]!.resets).toBe(1);
    expect((connection as unknown as { inTransaction: boolean }).inTransaction).toBe(false);
  });
});
