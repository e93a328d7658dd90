import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Connection } from 'tedious';

import type { SqlValue } from '../engine/sql-engine.port.js';
import { sendResultSet } from './scripted-engine.fixture.js';
import { ask, closed, connect, startTds, type Harness } from './tds-harness.fixture.js';

let tds: Harness;
let connection: Connection;

beforeEach(async () => {
  tds = await startTds();
});

afterEach(async () => {
  await closed(connection);
  await tds.server.close();
});

const columns = { id: { name: 'int' }, text: { name: 'varchar', length: 200 } } as const;

describe.each([false, true])('a long result (encrypt: %s)', (encrypt) => {
  beforeEach(async () => {
    connection = await connect(tds.port, { encrypt, packetSize: 32767 });
  });

  test('arrives whole and in order', async () => {
    const rows = Array.from({ length: 50_000 }, (_, i): SqlValue[] => [i, `row ${i}`]);
    tds.engine.on('long', ({ sink }) => sendResultSet(sink, columns, rows));
    const answer = await ask(connection, 'long');
    expect(answer.rowCount).toBe(50_000);
    expect(answer.rows.length).toBe(50_000);
    expect(answer.rows.every(([id, text], i) => id === i && text === `row ${i}`)).toBe(true);
  });

  test('waits for a reader that has stopped, and loses no row over pauses', async () => {
    let produced = 0;
    function* rows(): Generator<SqlValue[]> {
      for (; produced < 200_000; produced++) yield [produced, 'x'.repeat(150)];
    }
    tds.engine.on('long', ({ sink }) => sendResultSet(sink, columns, rows()));
    let producedWhilePaused = 0;
    let seen = 0;
    let inOrder = true;
    const answer = await ask(connection, 'long', undefined, (request) => {
      request.on('row', (row: { value: number }[]) => {
        inOrder &&= row[0]!.value === seen;
        seen++;
        if (seen !== 1 && seen % 40_000 !== 0) return;
        request.pause();
        setTimeout(() => {
          if (seen === 1) producedWhilePaused = produced;
          request.resume();
        }, 200);
      });
    });
    // 200,000 rows are 31 MB; what runs ahead of the reader are kernel and client buffers.
    expect(producedWhilePaused).toBeLessThan(100_000);
    expect(inOrder).toBe(true);
    expect(answer.rows.length).toBe(200_000);
  }, 60_000);

  test('carries large values of every large type, small ones beside them', async () => {
    const text = 'aé€ż'.repeat(300_000);
    const latin = 'aé€'.repeat(300_000);
    const bytes = Buffer.alloc(1_000_000, 'bytes');
    tds.engine.on('large', ({ sink }) =>
      sendResultSet(
        sink,
        {
          a: { name: 'nvarchar', length: 'max' },
          b: { name: 'varchar', length: 'max' },
          c: { name: 'varbinary', length: 'max' },
          d: { name: 'ntext' },
          e: { name: 'text' },
          f: { name: 'image' },
          g: { name: 'xml' },
          h: { name: 'int' },
        },
        [
          [text, latin, bytes, text, latin, bytes, text, 1],
          ['', '', Buffer.alloc(0), '', '', Buffer.alloc(0), '', 2],
          [null, null, null, null, null, null, null, 3],
        ],
      ),
    );
    const { rows } = await ask(connection, 'large');
    const expected = [text, latin, bytes, text, latin, bytes, text, 1];
    expect(rows[0]!.map((value, i) => String(value) === String(expected[i]))).toEqual(
      expected.map(() => true),
    );
    expect(rows[1]!.map((value) => (value as string).length ?? value)).toEqual([
      0, 0, 0, 0, 0, 0, 0, 2,
    ]);
    expect(rows[2]).toEqual([null, null, null, null, null, null, null, 3]);
  });
});
