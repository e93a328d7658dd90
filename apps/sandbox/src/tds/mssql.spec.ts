/** The `mssql` driver as the agent uses it: pools, streams, prepared statements, transactions, bulk. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import sql from 'mssql';

import type { SqlParameter, SqlValue } from '../engine/sql-engine.port.js';
import { resultSet, sendResultSet } from './scripted-engine.fixture.js';
import { startTds, type Harness } from './tds-harness.fixture.js';

let tds: Harness;
let pool: sql.ConnectionPool;

beforeEach(async () => {
  tds = await startTds();
  pool = new sql.ConnectionPool({
    server: 'localhost',
    port: tds.port,
    user: 'reader',
    password: 'right',
    database: 'Patients',
    pool: { max: 4 },
    options: { encrypt: true, trustServerCertificate: true },
  });
  pool.on('error', () => undefined);
  await pool.connect();
  tds.engine.on('SELECT 1;', resultSet({ '': { name: 'int' } }, [[1]]));
});

afterEach(async () => {
  await pool.close();
  await tds.server.close();
});

test('a query returns its result sets and affected rows', async () => {
  tds.engine.on('select two', async ({ sink }) => {
    await sendResultSet(sink, { id: { name: 'int' } }, [[1], [2]]);
    await sink.statementDone({ rowCount: 3, isSelect: false });
    await sendResultSet(sink, { name: { name: 'nvarchar', length: 10 } }, [['Ada']]);
  });
  const result = await pool.request().query('select two');
  expect(result.recordsets).toEqual([[{ id: 1 }, { id: 2 }], [{ name: 'Ada' }]]);
  expect(result.rowsAffected).toEqual([2, 3, 1]);
});

test('a procedure returns outputs and its status', async () => {
  let seen: SqlParameter[] = [];
  tds.engine.on('dbo.p', ({ parameters }) => {
    seen = parameters;
    return {
      returnStatus: 4,
      outputs: [{ name: '@out', type: { name: 'nvarchar', length: 20 }, value: 'back' }],
    };
  });
  const result = await pool
    .request()
    .input('in', sql.Decimal(10, 2), 1.25)
    .output('out', sql.NVarChar(20))
    .execute('dbo.p');
  expect(result.output).toEqual({ out: 'back' });
  expect(result.returnValue).toBe(4);
  expect(seen[0]).toMatchObject({ name: '@in', value: '1.25' });
});

test('a stream with pauses brings every row, in order', async () => {
  function* rows(): Generator<SqlValue[]> {
    for (let i = 0; i < 30_000; i++) yield [i, 'x'.repeat(100)];
  }
  tds.engine.on('stream', ({ sink }) =>
    sendResultSet(sink, { i: { name: 'int' }, t: { name: 'varchar', length: 100 } }, rows()),
  );
  const request = pool.request();
  request.stream = true;
  let count = 0;
  let inOrder = true;
  const done = new Promise<void>((resolve, reject) => {
    request.on('row', (row: { i: number }) => {
      inOrder &&= row.i === count;
      if (++count % 5000 !== 0) return;
      request.pause();
      setImmediate(() => request.resume());
    });
    request.on('error', reject);
    request.on('done', () => resolve());
  });
  void request.query('stream');
  await done;
  expect([count, inOrder]).toEqual([30_000, true]);
});

test('a cancelled request rejects and its connection serves the next', async () => {
  tds.engine.on('wait', ({ cancelled }) => cancelled);
  const request = pool.request();
  const waiting = request.query('wait');
  while (!tds.engine.journal.includes('run wait')) await new Promise(setImmediate);
  request.cancel();
  await expect(waiting).rejects.toMatchObject({ code: 'ECANCEL' });
  expect((await pool.request().query('SELECT 1;')).recordset).toEqual([{ '': 1 }]);
  expect(tds.server.connections).toBe(1);
});

test('a transaction runs its requests on one session and commits', async () => {
  const transaction = new sql.Transaction(pool);
  await transaction.begin(sql.ISOLATION_LEVEL.SERIALIZABLE);
  await transaction.request().query('update x');
  await transaction.commit();
  const words = tds.engine.journal.filter(
    (word) => !word.startsWith('run S') && !word.startsWith('run set'),
  );
  expect(words).toEqual(['begin serializable', 'run update x', 'commit']);
});

test('a prepared statement is executed and unprepared, so that the pool can close', async () => {
  tds.engine.on('select @a', async ({ sink, parameters }) => {
    await sendResultSet(sink, { a: { name: 'int' } }, [[parameters[0]!.value]]);
  });
  const statement = new sql.PreparedStatement(pool);
  statement.input('a', sql.Int);
  await statement.prepare('select @a');
  expect((await statement.execute({ a: 5 })).recordset).toEqual([{ a: 5 }]);
  expect((await statement.execute({ a: 6 })).recordset).toEqual([{ a: 6 }]);
  await statement.unprepare();
});

test('a table is loaded in bulk', async () => {
  const table = new sql.Table('dbo.Imports');
  table.create = false;
  table.columns.add('id', sql.Int, { nullable: false });
  table.columns.add('note', sql.NVarChar(sql.MAX), { nullable: true });
  for (let i = 0; i < 1000; i++) table.rows.add(i, i % 2 === 0 ? null : `note ${i}`);
  const result = await pool.request().bulk(table);
  expect(result.rowsAffected).toBe(1000);
  expect(tds.engine.bulkRows[999]).toEqual([999, 'note 999']);
});

test('an error carries number, state, class, line and procedure', async () => {
  tds.engine.on('fail', ({ sink }) => {
    const message = 'Violation of PRIMARY KEY constraint.';
    sink.message({ number: 2627, class: 14, state: 1, line: 2, message, procedure: 'dbo.p' });
  });
  await expect(pool.request().query('fail')).rejects.toMatchObject({
    number: 2627,
    class: 14,
    state: 1,
    lineNumber: 2,
    procName: 'dbo.p',
  });
});

test('a server that crashes in mid-query fails the request, and the pool recovers', async () => {
  tds.engine.on('wait', ({ cancelled }) => cancelled);
  const waiting = pool.request().query('wait');
  while (!tds.engine.journal.includes('run wait')) await new Promise(setImmediate);
  tds.server.dropConnections();
  await expect(waiting).rejects.toThrow();
  expect((await pool.request().query('SELECT 1;')).recordset).toEqual([{ '': 1 }]);
});
