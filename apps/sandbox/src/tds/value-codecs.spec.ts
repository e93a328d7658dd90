/** What is encoded, tedious reads back; what tedious sends, this side reads back. Neither shares code with the other. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { TYPES, type Connection } from 'tedious';

import type { SqlValue, TsqlType } from '../engine/sql-engine.port.js';
import { dateText, parseMoment } from './calendar.js';
import { decimalText, scaledInteger } from './decimal.js';
import { sendResultSet } from './scripted-engine.fixture.js';
import { ask, closed, connect, startTds, type Harness } from './tds-harness.fixture.js';

type TediousType = (typeof TYPES)[keyof typeof TYPES];

let tds: Harness;
let connection: Connection;

beforeAll(async () => {
  tds = await startTds();
  connection = await connect(tds.port, { lowerCaseGuids: true } as never);
});

afterAll(async () => {
  await closed(connection);
  await tds.server.close();
});

/** One column of values through the real client, as the client reads them. */
async function throughClient(type: TsqlType, values: SqlValue[]): Promise<unknown[]> {
  tds.engine.on('values', ({ sink }) =>
    sendResultSet(
      sink,
      { c: type },
      values.map((value) => [value]),
    ),
  );
  const answer = await ask(connection, 'values');
  if (answer.error !== undefined) throw answer.error;
  return answer.rows.map(([value]) => value);
}

/** One parameter from the real client, as this side reads it. */
async function fromClient(
  type: TediousType,
  value: unknown,
  options: object = {},
): Promise<SqlValue> {
  let seen: SqlValue = 'nothing came';
  tds.engine.on('parameter', ({ parameters }) => {
    seen = parameters[0]!.value;
  });
  const answer = await ask(
    connection,
    'parameter',
    (request) => connection.execSql(request),
    (request) => request.addParameter('p', type, value, options),
  );
  if (answer.error !== undefined) throw answer.error;
  return seen;
}

const bigint64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
/** Milliseconds are what a JavaScript Date of tedious can show without its nanosecond extra. */
const dates = fc.date({
  min: new Date('0001-01-01T00:00:00Z'),
  max: new Date('9999-12-31T23:59:59.999Z'),
  noInvalidDate: true,
});
const text = fc.string({ unit: 'binary', maxLength: 60 });
const cp1252 = fc.string({
  unit: fc.constantFrom(...'abc xyz09 éäßÿ€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ'),
  maxLength: 60,
});

function iso(date: Date): string {
  const year = date.toISOString();
  return year.slice(0, 23).replace('T', ' ');
}

interface RoundTrip<T> {
  type: TsqlType;
  wire: TediousType;
  options?: object;
  values: fc.Arbitrary<T>;
  /** The port's representation of a value. */
  toPort: (value: T) => SqlValue;
  /** What tedious shows for it. */
  toClient: (value: T) => unknown;
}

function roundTrip<T>(one: RoundTrip<T>): [string, RoundTrip<unknown>] {
  return [JSON.stringify(one.type), one as unknown as RoundTrip<unknown>];
}

/** tedious truncates ten-thousandths after multiplying in doubles: it would send 49999.9958 as 49999.9957. */
function isSentExactly(tenThousandths: number): boolean {
  return Math.trunc((tenThousandths / 10_000) * 10_000) === tenThousandths;
}

const same = <T>(value: T): T => value;

const roundTrips = [
  roundTrip({
    type: { name: 'int' },
    wire: TYPES.Int,
    values: fc.integer(),
    toPort: same,
    toClient: same,
  }),
  roundTrip({
    type: { name: 'smallint' },
    wire: TYPES.SmallInt,
    values: fc.integer({ min: -32768, max: 32767 }),
    toPort: same,
    toClient: same,
  }),
  roundTrip({
    type: { name: 'tinyint' },
    wire: TYPES.TinyInt,
    values: fc.integer({ min: 0, max: 255 }),
    toPort: same,
    toClient: same,
  }),
  roundTrip({
    type: { name: 'bigint' },
    wire: TYPES.BigInt,
    values: bigint64,
    toPort: String,
    toClient: String,
  }),
  roundTrip({
    type: { name: 'bit' },
    wire: TYPES.Bit,
    values: fc.boolean(),
    toPort: same,
    toClient: same,
  }),
  roundTrip({
    type: { name: 'float' },
    wire: TYPES.Float,
    values: fc.double({ noNaN: true, noDefaultInfinity: true }),
    toPort: same,
    toClient: same,
  }),
  roundTrip({
    type: { name: 'real' },
    wire: TYPES.Real,
    values: fc.float({ noNaN: true, noDefaultInfinity: true }),
    toPort: same,
    toClient: same,
  }),
  roundTrip({
    type: { name: 'decimal', precision: 15, scale: 4 },
    wire: TYPES.Decimal,
    options: { precision: 15, scale: 4 },
    values: fc.integer({ min: -999_999_999, max: 999_999_999 }),
    toPort: (n) => decimalText(n, 4),
    toClient: (n) => n / 10_000,
  }),
  roundTrip({
    type: { name: 'numeric', precision: 9, scale: 0 },
    wire: TYPES.Numeric,
    options: { precision: 9, scale: 0 },
    values: fc.integer({ min: -999_999_999, max: 999_999_999 }),
    toPort: String,
    toClient: same,
  }),
  roundTrip({
    type: { name: 'money' },
    wire: TYPES.Money,
    values: fc.integer({ min: -1_000_000_000, max: 1_000_000_000 }).filter(isSentExactly),
    toPort: (n) => decimalText(n, 4),
    toClient: (n) => n / 10_000,
  }),
  roundTrip({
    type: { name: 'smallmoney' },
    wire: TYPES.SmallMoney,
    values: fc.integer({ min: -2_000_000_000, max: 2_000_000_000 }).filter(isSentExactly),
    toPort: (n) => decimalText(n, 4),
    toClient: (n) => n / 10_000,
  }),
  roundTrip({
    type: { name: 'date' },
    wire: TYPES.Date,
    values: dates.map((d) => new Date(Math.floor(d.getTime() / 86_400_000) * 86_400_000)),
    toPort: (d) => iso(d).slice(0, 10),
    toClient: same,
  }),
  roundTrip({
    type: { name: 'datetime2', scale: 3 },
    wire: TYPES.DateTime2,
    options: { scale: 3 },
    values: dates,
    toPort: iso,
    toClient: same,
  }),
  roundTrip({
    type: { name: 'datetime2', scale: 7 },
    wire: TYPES.DateTime2,
    options: { scale: 7 },
    values: dates,
    toPort: (d) => `${iso(d)}0000`,
    toClient: same,
  }),
  roundTrip({
    type: { name: 'datetimeoffset', scale: 3 },
    wire: TYPES.DateTimeOffset,
    options: { scale: 3 },
    values: dates.filter(
      (d) => d.getTime() > -62_135_000_000_000 && d.getTime() < 253_402_000_000_000,
    ),
    toPort: (d) => `${iso(d)} +00:00`,
    toClient: same,
  }),
  roundTrip({
    type: { name: 'time', scale: 3 },
    wire: TYPES.Time,
    options: { scale: 3 },
    values: fc.integer({ min: 0, max: 86_399_999 }).map((ms) => new Date(ms)),
    toPort: (d) => iso(d).slice(11),
    toClient: same,
  }),
  roundTrip({
    type: { name: 'smalldatetime' },
    wire: TYPES.SmallDateTime,
    values: fc
      .integer({ min: 0, max: 65_535 * 1440 })
      .map((minute) => new Date(Date.UTC(1900, 0, 1) + minute * 60_000)),
    toPort: (d) => iso(d).slice(0, 19),
    toClient: same,
  }),
  roundTrip({
    type: { name: 'datetime' },
    wire: TYPES.DateTime,
    values: fc
      .integer({ min: -4_000_000_000, max: 200_000_000_000 })
      .map((cs) => new Date(cs * 10)),
    toPort: iso,
    toClient: same,
  }),
  roundTrip({
    type: { name: 'nvarchar', length: 60 },
    wire: TYPES.NVarChar,
    options: { length: 60 },
    values: text.filter((t) => t.length <= 60),
    toPort: same,
    toClient: same,
  }),
  roundTrip({
    type: { name: 'nvarchar', length: 'max' },
    wire: TYPES.NVarChar,
    options: { length: Infinity },
    values: text,
    toPort: same,
    toClient: same,
  }),
  roundTrip({
    type: { name: 'ntext' },
    wire: TYPES.NText,
    values: text.filter((t) => t.length > 0),
    toPort: same,
    toClient: same,
  }),
  roundTrip({
    type: { name: 'varchar', length: 60 },
    wire: TYPES.VarChar,
    options: { length: 60 },
    values: cp1252,
    toPort: same,
    toClient: same,
  }),
  roundTrip({
    type: { name: 'varchar', length: 'max' },
    wire: TYPES.VarChar,
    options: { length: Infinity },
    values: cp1252,
    toPort: same,
    toClient: same,
  }),
  roundTrip({
    type: { name: 'text' },
    wire: TYPES.Text,
    values: cp1252,
    toPort: same,
    toClient: same,
  }),
  roundTrip({
    type: { name: 'varbinary', length: 60 },
    wire: TYPES.VarBinary,
    options: { length: 60 },
    values: fc.uint8Array({ maxLength: 60 }).map((a) => Buffer.from(a)),
    toPort: same,
    toClient: same,
  }),
  roundTrip({
    type: { name: 'varbinary', length: 'max' },
    wire: TYPES.VarBinary,
    options: { length: Infinity },
    values: fc.uint8Array({ maxLength: 60 }).map((a) => Buffer.from(a)),
    toPort: same,
    toClient: same,
  }),
  roundTrip({
    type: { name: 'image' },
    wire: TYPES.Image,
    values: fc.uint8Array({ maxLength: 60 }).map((a) => Buffer.from(a)),
    toPort: same,
    toClient: same,
  }),
  roundTrip({
    type: { name: 'uniqueidentifier' },
    wire: TYPES.UniqueIdentifier,
    values: fc.uuid(),
    toPort: same,
    toClient: same,
  }),
];

describe('a value', () => {
  test.each(roundTrips)('of %s reaches the client as it is', async (_, one) => {
    await fc.assert(
      fc.asyncProperty(fc.array(one.values, { minLength: 1, maxLength: 50 }), async (values) => {
        const answers = await throughClient(one.type, [...values.map(one.toPort), null]);
        expect(answers).toEqual([...values.map(one.toClient), null]);
      }),
      { numRuns: 20 },
    );
  });

  test.each(roundTrips)('of %s arrives from the client as it is', async (_, one) => {
    expect(await fromClient(one.wire, null, one.options)).toBeNull();
    await fc.assert(
      fc.asyncProperty(one.values, async (value) => {
        // tedious turns bigints and -0 into plain numbers of its own accord.
        const sent = typeof value === 'bigint' ? value : one.toClient(value);
        const seen = await fromClient(one.wire, sent, one.options);
        if (Object.is(value, -0)) expect(Math.abs(seen as number)).toBe(0);
        else expect(seen).toEqual(one.toPort(value));
      }),
      { numRuns: 25 },
    );
  });

  test('of char, nchar and binary is padded to its column', async () => {
    expect(await throughClient({ name: 'char', length: 5 }, ['ab'])).toEqual(['ab   ']);
    expect(await throughClient({ name: 'nchar', length: 5 }, ['ab'])).toEqual(['ab   ']);
    expect(await throughClient({ name: 'binary', length: 4 }, [Buffer.from('ab')])).toEqual([
      Buffer.from('ab\0\0'),
    ]);
  });

  test('of sql_variant keeps its kind', async () => {
    const values = [1, 2.5, true, 'é€ż', Buffer.from('x'), null];
    expect(await throughClient({ name: 'sql_variant' }, values)).toEqual(values);
  });

  test('of xml, sysname and timestamp reaches the client', async () => {
    expect(await throughClient({ name: 'xml' }, ['<a>é</a>', null])).toEqual(['<a>é</a>', null]);
    expect(await throughClient({ name: 'sysname' }, ['dbo'])).toEqual(['dbo']);
    const stamp = Buffer.from('00000000000007d1', 'hex');
    expect(await throughClient({ name: 'timestamp' }, [stamp])).toEqual([stamp]);
  });

  test('of 38 digits keeps every digit', async () => {
    const value = '-1234567890123456789012345678.0123456789';
    // tedious computes decimals in doubles; free-tds.spec.ts shows the exact digits to another client.
    const type: TsqlType = { name: 'decimal', precision: 38, scale: 10 };
    const [shown] = await throughClient(type, [value]);
    expect((shown as number) / Number(value)).toBeCloseTo(1, 14);
    expect(scaledInteger(value, 10)).toBe(-12345678901234567890123456780123456789n);
  });

  test('of datetime2(7) keeps 100 nanoseconds', async () => {
    const [value] = (await throughClient({ name: 'datetime2', scale: 7 }, [
      '2026-02-28 09:30:00.1234567',
    ])) as (Date & { nanosecondsDelta: number })[];
    expect(value!.toISOString()).toBe('2026-02-28T09:30:00.123Z');
    expect(value!.nanosecondsDelta).toBeCloseTo(0.0004567, 10);
  });

  test.each([
    ['datetime', '2026-12-31 23:59:59.999', '2027-01-01T00:00:00.000Z'],
    ['datetime', '2026-01-01 00:00:00.002', '2026-01-01T00:00:00.003Z'],
    ['datetime', '1753-01-01', '1753-01-01T00:00:00.000Z'],
    ['smalldatetime', '2026-01-01 00:00:29.998', '2026-01-01T00:00:00.000Z'],
    ['smalldatetime', '2026-01-01 00:00:29.999', '2026-01-01T00:01:00.000Z'],
    ['datetime2', '2026-12-31 23:59:59.9999999', '2027-01-01T00:00:00.000Z'],
    ['datetimeoffset', '2026-01-01 05:00:00 +10:30', '2025-12-31T18:30:00.000Z'],
    ['datetimeoffset', '2026-01-01T20:00:00-08:00', '2026-01-02T04:00:00.000Z'],
  ] as const)('of %s %s is rounded to %s', async (name, value, expected) => {
    const [date] = (await throughClient({ name, scale: 3 }, [value])) as Date[];
    expect(date!.toISOString()).toBe(expected);
  });

  test.each([
    [{ name: 'tinyint' }, -1],
    [{ name: 'int' }, 2_147_483_648],
    [{ name: 'bigint' }, '9223372036854775808'],
    [{ name: 'decimal', precision: 4, scale: 2 }, '100.00'],
    [{ name: 'smallmoney' }, '214748.3648'],
    [{ name: 'money' }, '922337203685477.5808'],
    [{ name: 'datetime' }, '1752-12-31'],
    [{ name: 'date' }, '2026-02-29'],
    [{ name: 'uniqueidentifier' }, 'not a guid'],
    [{ name: 'varchar', length: 3 }, 'four'],
    [{ name: 'float' }, Number.NaN],
  ] as [TsqlType, SqlValue][])('that %j cannot hold is refused', async (type, value) => {
    await expect(throughClient(type, [value])).rejects.toMatchObject({ number: 8115 });
  });

  test('row with many nulls is sent with a bitmap and read back', async () => {
    const columns = Object.fromEntries(
      Array.from({ length: 40 }, (_, i) => [`c${i}`, { name: 'int' } as TsqlType]),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.option(fc.integer(), { freq: 2 }), { minLength: 40, maxLength: 40 })),
        async (rows) => {
          tds.engine.on('wide', ({ sink }) => sendResultSet(sink, columns, rows));
          expect((await ask(connection, 'wide')).rows).toEqual(rows);
        },
      ),
      { numRuns: 30 },
    );
  });
});

describe('plain conversions', () => {
  test('every decimal text survives scaling', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n }),
        fc.integer({ min: 0, max: 38 }),
        (n, scale) => {
          expect(BigInt(scaledInteger(decimalText(n, scale), scale)!)).toBe(n);
        },
      ),
    );
  });

  test.each([
    ['1.005', 2, 101],
    ['-1.005', 2, -101],
    ['0.004', 2, 0],
    ['.5', 0, 1],
    ['12', 2, 1200],
    ['99999999999999.995', 2, 10_000_000_000_000_000n],
  ])('%s at scale %i is %s', (value, scale, expected) => {
    expect(scaledInteger(value, scale)).toEqual(expected);
  });

  test.each(['', '-', '1e5', '1.2.3', 'abc', ' 1'])('%j is no decimal', (value) => {
    expect(scaledInteger(value, 2)).toBeUndefined();
    expect(scaledInteger(value, 20)).toBeUndefined();
  });

  test('every day of the calendar has its number', () => {
    for (let day = 0; day < 3_652_059; day += 97) {
      const text = dateText(day);
      expect(parseMoment(text)!.days).toBe(day);
      const ms = Date.parse(`${text}T00:00:00Z`);
      expect(ms / 86_400_000 + 719_162).toBe(day);
    }
  });

  test.each(['2026-13-01', '2026-02-29', '2026-00-10', '24:00', '12:60', 'yesterday', '2026-1-1'])(
    '%j is no moment',
    (value) => expect(parseMoment(value)).toBeUndefined(),
  );
});
