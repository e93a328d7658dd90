/** The agent's driver against a real TDS server over TCP: every value arrives exactly as stored. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sendResultSet } from '#apps/sandbox/src/tds/scripted-engine.fixture.js';
import { startTds, type Harness } from '#apps/sandbox/src/tds/tds-harness.fixture.js';
import type { SqlValue, TsqlType } from '#apps/sandbox/src/engine/sql-engine.port.js';
import { MssqlPmsDriver } from '#apps/agent/src/pms/pms-driver.mssql.js';
import { aCommand, gather } from '#apps/agent/src/pms/rows/result.fixture.js';
import { aSite } from '#apps/agent/src/pms/site-settings.fixture.js';

let tds: Harness;
let driver: MssqlPmsDriver;

beforeAll(async () => {
  tds = await startTds();
  driver = new MssqlPmsDriver(aSite(tds.port));
});

afterAll(async () => {
  await driver.close();
  await tds.server.close();
});

const cases: [type: TsqlType, value: SqlValue, json: string][] = [
  [{ name: 'int' }, -2147483648, '-2147483648'],
  [{ name: 'smallint' }, -32768, '-32768'],
  [{ name: 'tinyint' }, 255, '255'],
  [{ name: 'bigint' }, '9007199254740991', '9007199254740991'],
  [{ name: 'bigint' }, '-9007199254740992', '"-9007199254740992"'],
  [{ name: 'bigint' }, '9223372036854775807', '"9223372036854775807"'],
  [{ name: 'bit' }, true, 'true'],
  [{ name: 'float' }, 0.1, '0.1'],
  [{ name: 'float' }, 1.7976931348623157e308, '1.7976931348623157e+308'],
  [{ name: 'real' }, Math.fround(0.1), '0.1'],
  [{ name: 'real' }, Math.fround(16777217.5), '16777218'],
  [{ name: 'money' }, '-922337203685477.5808', '"-922337203685477.5808"'],
  [{ name: 'money' }, '0.0001', '"0.0001"'],
  [{ name: 'smallmoney' }, '214748.3647', '"214748.3647"'],
  [
    { name: 'decimal', precision: 38, scale: 10 },
    '-1234567890123456789012345678.0123456789',
    '"-1234567890123456789012345678.0123456789"',
  ],
  [{ name: 'decimal', precision: 5, scale: 2 }, '-0.05', '"-0.05"'],
  [{ name: 'numeric', precision: 18, scale: 0 }, '123456789012345678', '"123456789012345678"'],
  [{ name: 'date' }, '0001-01-01', '"0001-01-01"'],
  [{ name: 'date' }, '9999-12-31', '"9999-12-31"'],
  [{ name: 'date' }, '2024-02-29', '"2024-02-29"'],
  [{ name: 'datetime' }, '1753-01-01 00:00:00.003', '"1753-01-01T00:00:00.003"'],
  [{ name: 'datetime' }, '2026-04-05 02:30:00.997', '"2026-04-05T02:30:00.997"'],
  [{ name: 'smalldatetime' }, '2079-06-06 23:59:00', '"2079-06-06T23:59:00"'],
  [{ name: 'datetime2', scale: 7 }, '2026-02-28 09:30:00.1234567', '"2026-02-28T09:30:00.1234567"'],
  [{ name: 'datetime2', scale: 0 }, '2026-02-28 09:30:01', '"2026-02-28T09:30:01"'],
  [
    { name: 'datetimeoffset', scale: 7 },
    '2026-02-28 00:15:00.0000001 +10:30',
    '"2026-02-28T00:15:00.0000001+10:30"',
  ],
  [
    { name: 'datetimeoffset', scale: 3 },
    '2025-12-31 23:45:00.500 -05:00',
    '"2025-12-31T23:45:00.500-05:00"',
  ],
  [{ name: 'time', scale: 7 }, '23:59:59.9999999', '"23:59:59.9999999"'],
  [{ name: 'time', scale: 3 }, '00:00:00.001', '"00:00:00.001"'],
  [
    { name: 'uniqueidentifier' },
    '0e984725-c51c-4bf4-9960-e1c80e27aba0',
    '"0e984725-c51c-4bf4-9960-e1c80e27aba0"',
  ],
  [{ name: 'binary', length: 4 }, Buffer.from('00ff10ab', 'hex'), '"AP8Qqw=="'],
  [
    { name: 'varbinary', length: 'max' },
    Buffer.alloc(10_001, 7),
    `"${Buffer.alloc(10_001, 7).toString('base64')}"`,
  ],
  [{ name: 'image' }, Buffer.alloc(20_003, 9), `"${Buffer.alloc(20_003, 9).toString('base64')}"`],
  [{ name: 'timestamp' }, Buffer.from('00000000000007d1', 'hex'), '"AAAAAAAAB9E="'],
  [
    { name: 'nvarchar', length: 50 },
    'Zoë "Zz" \\ \n\t\u0001 😀 שלום',
    '"Zoë \\"Zz\\" \\\\ \\n\\t\\u0001 😀 שלום"',
  ],
  [{ name: 'nvarchar', length: 9 }, 'a\u0000b\ud83d', '"a\\u0000b\\ud83d"'],
  [{ name: 'nvarchar', length: 'max' }, '', '""'],
  [{ name: 'nvarchar', length: 'max' }, '😀'.repeat(30_001), JSON.stringify('😀'.repeat(30_001))],
  [{ name: 'nvarchar', length: 4000 }, 'é'.repeat(4000), JSON.stringify('é'.repeat(4000))],
  [{ name: 'ntext' }, 'ü'.repeat(20_001), JSON.stringify('ü'.repeat(20_001))],
  [{ name: 'varchar', length: 20 }, "O'Brién €", '"O\'Brién €"'],
  [{ name: 'varchar', length: 'max' }, 'x"é'.repeat(9_001), JSON.stringify('x"é'.repeat(9_001))],
  [{ name: 'text' }, 'plain', '"plain"'],
  [{ name: 'char', length: 5 }, 'ab   ', '"ab   "'],
  [{ name: 'xml' }, '<a b="1"/>', '"<a b=\\"1\\"/>"'],
];

describe('a value on its way from the database', () => {
  test.each(cases)('%j arrives exactly', async (type, value, json) => {
    tds.engine.on('select it', ({ sink }) => sendResultSet(sink, { v: type }, [[value], [null]]));
    const answer = await gather(driver, aCommand('select it'));
    expect(answer.error).toBeUndefined();
    expect(answer.text).toBe(`[{"v":${json}},{"v":null}]`);
  });

  test('columns that share a name or have none get distinct keys', async () => {
    tds.engine.on('select names', async ({ sink }) => {
      const type: TsqlType = { name: 'int' };
      await sink.columns(
        ['a', 'a', '', 'a_2', 'a'].map((name) => ({ name, type, nullable: false })),
      );
      await sink.row([1, 2, 3, 4, 5]);
      await sink.statementDone({ rowCount: 1, isSelect: true });
    });
    const answer = await gather(driver, aCommand('select names'));
    expect(JSON.parse(answer.text)).toEqual([{ a: 1, a_3: 2, column_3: 3, a_2: 4, a_4: 5 }]);
  });

  test('many rows over many packets all arrive, in order, also when the reader is slow', async () => {
    const count = 60_000;
    tds.engine.on('select many', ({ sink }) =>
      sendResultSet(
        sink,
        { n: { name: 'int' }, t: { name: 'nvarchar', length: 40 } },
        manyRows(count),
      ),
    );
    const answer = await gather(driver, aCommand('select many'), { form: 'ndjson' });
    const lines = answer.text.trimEnd().split('\n');
    expect(lines).toHaveLength(count + 1);
    lines.slice(0, -1).forEach((line, n) => {
      if (line !== `{"n":${n},"t":"Zz row ${n}"}`) throw new Error(`row ${n} is wrong`);
    });
    expect(JSON.parse(lines[count] as string)).toMatchObject({ $end: { rows: count } });
  });
});

function* manyRows(count: number): Generator<SqlValue[]> {
  for (let n = 0; n < count; n += 1) yield [n, `Zz row ${n}`];
}
