import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { TYPES, type BulkLoad, type Connection } from 'tedious';

import { resultSet } from './scripted-engine.fixture.js';
import { ask, closed, connect, startTds, type Harness } from './tds-harness.fixture.js';

let tds: Harness;
let connection: Connection;

beforeEach(async () => {
  tds = await startTds();
  connection = await connect(tds.port);
  tds.engine.on('select 1', resultSet({ a: { name: 'int' } }, [[1]]));
});

afterEach(async () => {
  await closed(connection);
  await tds.server.close();
});

function bulk(
  describe: (load: BulkLoad) => void,
  rows: Iterable<unknown[]>,
  onLoad: (load: BulkLoad) => void = () => undefined,
): Promise<{ error: (Error & { code?: string; number?: number }) | undefined; count: number }> {
  return new Promise((resolve) => {
    const load = connection.newBulkLoad('dbo.[Odd (name)]', (error, count) =>
      resolve({ error: error ?? undefined, count: count ?? 0 }),
    );
    describe(load);
    onLoad(load);
    connection.execBulkLoad(load, rows as never);
  });
}

test('a bulk load brings every type', async () => {
  const when = new Date('2026-02-28T09:30:15.120Z');
  const { count, error } = await bulk(
    (load) => {
      load.addColumn('i', TYPES.Int, { nullable: false });
      load.addColumn('b', TYPES.BigInt, { nullable: true });
      load.addColumn('bit', TYPES.Bit, { nullable: true });
      load.addColumn('dec', TYPES.Decimal, { nullable: true, precision: 12, scale: 3 });
      load.addColumn('f', TYPES.Float, { nullable: true });
      load.addColumn('m', TYPES.Money, { nullable: true });
      load.addColumn('dt2', TYPES.DateTime2, { nullable: true, scale: 7 });
      load.addColumn('d', TYPES.Date, { nullable: true });
      load.addColumn('nv', TYPES.NVarChar, { nullable: true, length: 50 });
      load.addColumn('max', TYPES.NVarChar, { nullable: true, length: Infinity });
      load.addColumn('v', TYPES.VarChar, { nullable: true, length: 20 });
      load.addColumn('bin', TYPES.VarBinary, { nullable: true, length: 20 });
      load.addColumn('g', TYPES.UniqueIdentifier, { nullable: true });
      load.addColumn('t', TYPES.Text, { nullable: true });
    },
    [
      [
        1,
        123456789,
        true,
        1.5,
        0.1,
        2.25,
        when,
        when,
        'Ada',
        'long',
        'é€',
        Buffer.from('x'),
        '01234567-89ab-cdef-0123-456789abcdef',
        'text',
      ],
      [2, null, null, null, null, null, null, null, null, null, null, null, null, null],
    ],
  );
  expect(error).toBeUndefined();
  expect(count).toBe(2);
  expect(tds.engine.journal).toContain('bulk dbo.[Odd (name)]');
  expect(tds.engine.bulkColumns.slice(0, 4)).toEqual([
    { name: 'i', type: { name: 'int' }, nullable: false },
    { name: 'b', type: { name: 'bigint' }, nullable: true },
    { name: 'bit', type: { name: 'bit' }, nullable: true },
    { name: 'dec', type: { name: 'decimal', precision: 12, scale: 3 }, nullable: true },
  ]);
  expect(tds.engine.bulkRows).toEqual([
    [
      1,
      '123456789',
      true,
      '1.500',
      0.1,
      '2.2500',
      '2026-02-28 09:30:15.1200000',
      '2026-02-28',
      'Ada',
      'long',
      'é€',
      Buffer.from('x'),
      '01234567-89ab-cdef-0123-456789abcdef',
      'text',
    ],
    [2, null, null, null, null, null, null, null, null, null, null, null, null, null],
  ]);
});

test('a bulk load of no rows reports none', async () => {
  const { count, error } = await bulk(
    (load) => load.addColumn('i', TYPES.Int, { nullable: false }),
    [],
  );
  expect([error, count]).toEqual([undefined, 0]);
});

test('a bulk load waits for a slow engine and loses nothing', async () => {
  let sent = 0;
  let aheadOfEngine = 0;
  function* rows(): Generator<unknown[]> {
    for (; sent < 40_000; sent++) {
      aheadOfEngine = Math.max(aheadOfEngine, sent - tds.engine.bulkRows.length);
      yield [sent, 'x'.repeat(200)];
    }
  }
  tds.engine.bulkPace = async () => {
    if (tds.engine.bulkRows.length % 1000 === 1) await new Promise((r) => setTimeout(r, 2));
  };
  const { count } = await bulk((load) => {
    load.addColumn('i', TYPES.Int, { nullable: false });
    load.addColumn('t', TYPES.NVarChar, { nullable: false, length: 200 });
  }, rows());
  expect(count).toBe(40_000);
  expect(tds.engine.bulkRows.every(([id], i) => id === i)).toBe(true);
  // 40,000 rows are 16 MB. Beyond one megabyte here, only sockets and the client hold rows.
  expect(aheadOfEngine).toBeLessThan(30_000);
});

test('a value of several megabytes passes through a bulk load', async () => {
  const text = 'é€'.repeat(1_500_000);
  await bulk(
    (load) => load.addColumn('t', TYPES.NVarChar, { nullable: false, length: Infinity }),
    [[text], ['small']],
  );
  expect(tds.engine.bulkRows.map(([t]) => (t as string).length)).toEqual([text.length, 5]);
  expect(tds.engine.bulkRows[0]![0] === text).toBe(true);
});

test('a bulk load that the engine gives up is answered after its last row', async () => {
  tds.engine.bulkPace = () => Promise.reject(new Error('full'));
  const rows = Array.from({ length: 20_000 }, (_, i) => [i]);
  const { error } = await bulk((load) => load.addColumn('i', TYPES.Int, { nullable: false }), rows);
  expect(error).toMatchObject({ number: 8630 });
  expect((await ask(connection, 'select 1')).rows).toEqual([[1]]);
});

test('a cancelled bulk load ends and the connection goes on', async () => {
  function* rows(load: BulkLoad): Generator<unknown[]> {
    for (let i = 0; ; i++) {
      if (i === 5000) load.cancel();
      yield [i];
    }
  }
  const { error } = await new Promise<{ error: unknown }>((resolve) => {
    const load = connection.newBulkLoad('t', (error) => resolve({ error }));
    load.addColumn('i', TYPES.Int, { nullable: false });
    connection.execBulkLoad(load, rows(load) as never);
  });
  expect(error).toMatchObject({ code: 'ECANCEL' });
  expect((await ask(connection, 'select 1')).rows).toEqual([[1]]);
});
