/** Immediate queries over the whole conduit: modes, parameters, rows, the envelope, the headers. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parameterTypes, type ParameterType } from '#libs/contracts/command.js';
import { operatorOf } from '#deploy/dev/demo.js';
import { dataOf, dataText, envelope, refusal } from '#test/e2e/answers.fixture.js';
import { isSandbox } from '#test/e2e/clinic-database.fixture.js';
import { settle } from '#test/support/settle.js';
import { startConduit, type TestConduit } from '#test/support/start-conduit.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

let conduit: TestConduit;

/** Slow to refill, so that a burst beyond it is refused however slow the machine. */
const rates = { CONDUIT_KEY_RATE_BURST: '300', CONDUIT_KEY_RATE_PER_SECOND: '5' };

beforeAll(async () => {
  conduit = await startConduit({
    brokerEnv: rates,
    ceiling: { rawSqlWrites: true },
    approval: ['--scopes', 'sql:read,sql:write', '--per-minute', '6000'],
    site: { limits: { maxConcurrent: 2, maxConcurrentPerIntegrator: 2 } },
  });
}, 120_000);

afterAll(() => conduit?.stop());

describe('a query', () => {
  test('as a reader answers with its rows', async () => {
    const answer = await conduit.query({
      text: 'SELECT TOP 2 INTERNALID FROM dbo.Patient ORDER BY INTERNALID',
    });
    expect(dataText(answer)).toBe('[{"INTERNALID":1},{"INTERNALID":2}]');
    expect(envelope(answer).result).toMatchObject({ rows: 2, size: 35 });
  });

  test('as a scalar answers with the first value of the first row', async () => {
    const answer = await conduit.query({
      text: 'SELECT COUNT(*) AS n, 5 AS other FROM dbo.Patient UNION ALL SELECT 1, 2',
      executionMode: 'scalar',
    });
    expect(dataOf(answer)).toEqual([{ n: expect.any(Number) }]);
    expect(envelope(answer).result.rows).toBe(1);
  });

  test('as a nonQuery answers with how many rows it changed', async () => {
    const answer = await conduit.query({
      text: 'UPDATE dbo.Patient SET UPDATED = UPDATED WHERE INTERNALID <= 5',
      executionMode: 'nonQuery',
    });
    expect([answer.status, envelope(answer).result]).toEqual([200, { rowsAffected: 5, size: 0 }]);
  });

  test('calls a stored procedure with all four directions', async () => {
    const call = (mobile: string) =>
      conduit.query({
        text: 'dbo.UpdateContact',
        type: 'storedProcedure',
        executionMode: 'nonQuery',
        parameters: [
          { name: '@InternalId', type: 'Int', direction: 'input', value: '1' },
          {
            name: '@MobilePhone',
            type: 'VarChar',
            direction: 'inputOutput',
            value: mobile,
            size: 20,
          },
          { name: '@status', type: 'Int', direction: 'returnValue' },
        ],
      });
    await call('0491 570 006');
    expect(envelope(await call('0491 570 156')).result.parameters).toEqual([
      { name: '@MobilePhone', type: 'VarChar', direction: 'inputOutput', value: '0491 570 006' },
      { name: '@status', type: 'Int', direction: 'returnValue', value: '1' },
    ]);
    const added = await conduit.query({
      text: 'dbo.AddPatient',
      type: 'storedProcedure',
      executionMode: 'nonQuery',
      parameters: [
        { name: '@Surname', type: 'NVarChar', value: 'Zztest-Würzburg' },
        { name: '@InternalId', type: 'Int', direction: 'output' },
      ],
    });
    const [{ value } = { value: null }] = envelope(added).result.parameters ?? [];
    const found = await conduit.rows('SELECT SURNAME FROM dbo.Patient WHERE INTERNALID = @id', [
      { name: '@id', type: 'Int', value },
    ]);
    expect(found).toEqual([{ SURNAME: 'Zztest-Würzburg' }]);
  });

  test('reads the rows of a procedure beside its return value', async () => {
    const answer = await conduit.query({
      text: 'dbo.GetFreeSlots',
      type: 'storedProcedure',
      parameters: [
        { name: '@PractitionerId', type: 'Int', value: '1' },
        { name: '@Date', type: 'Date', value: '2126-03-04' },
        { name: '@status', type: 'Int', direction: 'returnValue' },
      ],
    });
    expect(Array.isArray(dataOf(answer))).toBe(true);
    expect(envelope(answer).result.parameters).toMatchObject([{ value: '0' }]);
  });

  test('waits for a place as long as it may, and is then not run', async () => {
    const long = { text: "WAITFOR DELAY '00:00:01.500'; SELECT 1 AS n" };
    const running = [conduit.query(long), conduit.query(long)];
    // Both hold their places once a third finds none.
    const refused = await settle('both run', 5_000, async () => {
      const third = await conduit.query({ text: 'SELECT 2 AS n' }, { maxTimeInQueue: 0 });
      return third.status === 200 ? undefined : third;
    });
    expect(refusal(refused)).toEqual([504, 'QUEUE_EXPIRED']);
    const patient = await conduit.query({ text: 'SELECT 3 AS n' }, { maxTimeInQueue: 20_000 });
    expect(dataOf(patient)).toEqual([{ n: 3 }]);
    const { statusTiming, maxTimeInQueue } = envelope(patient) as unknown as {
      statusTiming: Record<'initialising' | 'executing', { startTime: string }>;
      maxTimeInQueue: number;
    };
    expect(maxTimeInQueue).toBe(20_000);
    expect(Date.parse(statusTiming.executing.startTime)).toBeGreaterThan(
      Date.parse(statusTiming.initialising.startTime) + 300,
    );
    expect((await Promise.all(running)).map(dataOf)).toEqual([[{ n: 1 }], [{ n: 1 }]]);
  });

  const onSandbox = isSandbox ? test : test.skip;

  onSandbox('runs in the default catalogue or in the one it names', async () => {
    const where = { text: 'SELECT DB_NAME() AS name' };
    expect(dataOf(await conduit.query(where))).toEqual([{ name: 'Patients' }]);
    for (const catalogue of ['Reference', 'reference', 'PATIENTS']) {
      const [{ name }] = dataOf(await conduit.query(where, { catalogue })) as [{ name: string }];
      expect(name.toLowerCase()).toBe(catalogue.toLowerCase());
    }
    expect(refusal(await conduit.query(where, { catalogue: 'Nowhere' }))).toEqual([
      400,
      'CATALOGUE_UNKNOWN',
    ]);
  });

  test('describes its columns and gives all its result sets when asked', async () => {
    const command = { text: "SELECT CAST(1.5 AS decimal(9,2)) AS d, N'x' AS t; SELECT 2 AS b" };
    const columns = [
      expect.objectContaining({ name: 'd', type: 'decimal', precision: 9, scale: 2 }),
      expect.objectContaining({ name: 't', type: 'nvarchar' }),
    ];
    const first = await conduit.query(command, {}, '?columns=true');
    expect([dataOf(first), envelope(first).result.columns]).toEqual([
      [{ d: '1.50', t: 'x' }],
      columns,
    ]);
    const all = await conduit.query(command, {}, '?resultSets=all&columns=true');
    expect([dataOf(all), envelope(all).result.columns]).toEqual([
      [[{ d: '1.50', t: 'x' }], [{ b: 2 }]],
      [columns, [expect.objectContaining({ name: 'b', type: 'int' })]],
    ]);
  });
});

type Case = [value: string, more?: { size?: number; comesBack?: unknown }];

/** `refused` types have no text form. Seventh digits are 0: the sandbox counts in microseconds. */
const roundTrips: Record<ParameterType, Case | 'refused'> = {
  BigInt: ['-9223372036854775808'],
  Binary: ['AP8=', { size: 4, comesBack: 'AP8AAA==' }],
  Bit: ['true', { comesBack: true }],
  Char: ['ab', { size: 5, comesBack: 'ab   ' }],
  String: ['Zoë 😀'],
  Date: ['2024-02-29'],
  DateTime: ['2026-04-05T02:30:00.997'],
  DateTime2: ['2026-02-28T09:30:00.1234560'],
  DateTimeOffset: ['2026-02-28T00:15:00.0000010+10:30'],
  Decimal: ['-1234567890123456789012345678.0123456789'],
  Float: ['0.1', { comesBack: 0.1 }],
  Image: ['AAEC'],
  Int: ['-2147483648', { comesBack: -2147483648 }],
  Money: ['-922337203685477.5808'],
  NChar: ['žé', { size: 4, comesBack: 'žé  ' }],
  NText: ['ü'.repeat(9_000)],
  NVarChar: ["O'Brien; DROP TABLE Zz -- שלום"],
  Real: ['0.1', { comesBack: 0.1 }],
  SmallDateTime: ['2079-06-06T23:59:00'],
  SmallInt: ['-32768', { comesBack: -32768 }],
  SmallMoney: ['214748.3647'],
  Structured: 'refused',
  Text: ['plain'],
  Time: ['23:59:59.9999990'],
  Timestamp: ['AAAAAAAAB9E='],
  TinyInt: ['255', { comesBack: 255 }],
  Udt: 'refused',
  UniqueIdentifier: [
    '0E984725-C51C-4BF4-9960-E1C80E27ABA0',
    { comesBack: '0e984725-c51c-4bf4-9960-e1c80e27aba0' },
  ],
  VarBinary: ['AAH/'],
  VarChar: ["O'Brién €"],
  Variant: ['anything'],
  Xml: ['<a b="1"/>'],
};

describe('a parameter', () => {
  test.each(parameterTypes.filter((type) => roundTrips[type] !== 'refused'))(
    'of type %s comes back as it was sent, and as NULL',
    async (type) => {
      const [value, { size, comesBack = value } = {}] = roundTrips[type] as Case;
      const parameter = { name: '@p', type, ...(size !== undefined && { size }) };
      const select = 'SELECT @p AS v';
      expect(await conduit.rows(select, [{ ...parameter, value }])).toEqual([{ v: comesBack }]);
      expect(await conduit.rows(select, [{ ...parameter, value: null }])).toEqual([{ v: null }]);
    },
  );

  test.each(['Structured', 'Udt'])('of type %s is refused by name', async (type) => {
    const parameters = [{ name: '@p', type, value: 'x' }];
    const answer = await conduit.query({ text: 'SELECT @p AS v', parameters });
    expect(refusal(answer)).toEqual([400, 'REQUEST_INVALID']);
    expect(envelope(answer).error.message).toContain('command.parameters[0].type');
  });

  test('whose value is not of its type is named and not quoted', async () => {
    const parameters = [{ name: '@p', type: 'Int', value: 'Zzsecret' }];
    const answer = await conduit.query({ text: 'SELECT @p AS v', parameters });
    expect(refusal(answer)).toEqual([400, 'REQUEST_INVALID']);
    expect(envelope(answer).error.message).toContain('command.parameters[0].value');
    expect(JSON.stringify(answer.body)).not.toContain('Zzsecret');
  });
});

describe('a row', () => {
  const edge = (label: string) =>
    conduit
      .rows('SELECT * FROM dbo.EdgeValues WHERE LABEL = @label', [
        { name: '@label', type: 'VarChar', value: label },
      ])
      .then(([row]) => row);

  test('holds the highest values exactly', async () => {
    expect(await edge('highest')).toMatchObject({
      BITVALUE: true,
      TINYINTVALUE: 255,
      SMALLINTVALUE: 32767,
      INTVALUE: 2147483647,
      BIGINTVALUE: '9223372036854775807',
      DECIMALWIDE: '9'.repeat(38),
      DECIMALFINE: `${'9'.repeat(18)}.${'9'.repeat(20)}`,
      MONEYVALUE: '922337203685477.5807',
      SMALLMONEYVALUE: '214748.3647',
      FLOATVALUE: Number.MAX_VALUE,
      DATEVALUE: '9999-12-31',
      TIMEVALUE: '23:59:59.9999990',
      DATETIMEVALUE: '9999-12-31T23:59:59.997',
      SMALLDATETIMEVALUE: '2079-06-06T23:59:00',
      DATETIME2VALUE: '9999-12-31T23:59:59.9999990',
      OFFSETVALUE: '9999-12-31T09:59:59.9999990-14:00',
      NCHARVALUE: 'ž'.repeat(10),
      NVARCHARMAXVALUE: 'ž'.repeat(5_000),
      BINARYVALUE: Buffer.alloc(8, 0xff).toString('base64'),
      VARBINARYVALUE: Buffer.alloc(16, 0xff).toString('base64'),
      GUIDVALUE: 'ffffffff-ffff-ffff-ffff-ffffffffffff',
    });
  });

  test('holds the lowest values, the smallest steps and odd text exactly', async () => {
    expect(await edge('lowest')).toMatchObject({
      BITVALUE: false,
      BIGINTVALUE: '-9223372036854775808',
      MONEYVALUE: '-922337203685477.5808',
      DATEVALUE: '0001-01-01',
      DATETIMEVALUE: '1753-01-01T00:00:00.000',
      OFFSETVALUE: '0001-01-01T14:00:00.0000000+14:00',
    });
    expect(await edge('smallest step')).toMatchObject({
      DECIMALFINE: '0.00000000000000000001',
      MONEYVALUE: '0.0001',
      TIMEVALUE: '00:00:00.0000010',
    });
    expect(await edge('text oddities')).toMatchObject({
      VARCHARMAXVALUE: 'line one\r\nline two\ttab \'quoted\' "double" back\\slash',
      NVARCHARVALUE: '😀👩🏽‍⚕️',
    });
  });

  test('is NULL where the database has nothing', async () => {
    const { EDGEID, LABEL, ...values } = (await edge('all null')) ?? {};
    expect([typeof EDGEID, LABEL]).toEqual(['number', 'all null']);
    expect(new Set(Object.values(values))).toEqual(new Set([null]));
  });

  test('keeps columns apart that share a name or have none', async () => {
    const answer = await conduit.query({ text: 'SELECT 1 AS a, 2 AS a, 3, 4 AS a_2' });
    expect(dataText(answer)).toBe('[{"a":1,"a_3":2,"column_3":3,"a_2":4}]');
  });
});

describe('the envelope', () => {
  test('has every field of the contract', async () => {
    const text = 'SELECT 1 AS a';
    const answer = await conduit.query({ text }, { maxTimeInQueue: 5_000 });
    expect(answer.body).toEqual({
      id: expect.stringMatching(UUID),
      integratorId: conduit.integrator.integratorId,
      siteId: conduit.siteId,
      mode: 'immediate',
      status: 'successful',
      maxTimeInQueue: 5_000,
      commandSize: text.length,
      requestSize: JSON.stringify({ command: { text }, maxTimeInQueue: 5_000 }).length,
      resultSize: 9,
      createdAt: expect.stringMatching(ISO_TIME),
      updatedAt: expect.stringMatching(ISO_TIME),
      completedAt: expect.stringMatching(ISO_TIME),
      statusTiming: {
        initialising: { startTime: expect.stringMatching(ISO_TIME) },
        executing: { startTime: expect.stringMatching(ISO_TIME) },
        downloading: { startTime: expect.stringMatching(ISO_TIME) },
        uploading: { startTime: expect.stringMatching(ISO_TIME) },
      },
      metrics: { sqlExecutionDuration: expect.any(Number) },
      result: { rows: 1, size: 9, data: Buffer.from('[{"a":1}]').toString('base64') },
    });
  });

  test('can be read again later, without its rows and by nobody else', async () => {
    const { id } = envelope(await conduit.query({ text: 'SELECT 1 AS a' }));
    const status = await conduit.call('GET', `${conduit.queriesPath}/${id}`);
    expect(status.status).toBe(200);
    expect(status.body).toMatchObject({ id, status: 'successful', result: { rows: 1, size: 9 } });
    expect(JSON.stringify(status.body)).not.toContain('"data"');
    const unknown = `${conduit.queriesPath}/${id.replaceAll(/[0-9a-f]/g, '0')}`;
    expect(refusal(await conduit.call('GET', unknown))).toEqual([404, 'QUERY_NOT_FOUND']);
  });

  test('of a failing statement is a true 400 with the words of the database', async () => {
    const failed = await conduit.query({ text: 'SELECT Zz FROM dbo.Patient' });
    expect(failed.status).toBe(400);
    expect(failed.body).toMatchObject({
      id: expect.stringMatching(UUID),
      mode: 'immediate',
      status: 'executionFailed',
      errorDetails: {
        errorType: 'mssql',
        errorCode: 207,
        errorMessage: "Invalid column name 'Zz'.",
      },
    });
    // The words were for that answer only: they are kept nowhere.
    const { id } = envelope(failed);
    const later = await conduit.call('GET', `${conduit.queriesPath}/${id}`);
    expect(later.body).toMatchObject({ status: 'executionFailed', code: 'STATEMENT_FAILED' });
    expect(JSON.stringify(later.body)).not.toContain('Invalid column');
  });
});

describe('the headers', () => {
  test('name the request and say how much of the rate is left', async () => {
    const { headers } = await conduit.query({ text: 'SELECT 1 AS a' });
    const { headers: next } = await conduit.query({ text: 'SELECT 1 AS a' });
    expect(headers['x-request-id']).toMatch(UUID);
    expect(next['x-request-id']).not.toBe(headers['x-request-id']);
    expect(headers['ratelimit-limit']).toMatch(/^\d+$/);
    expect(Number(headers['ratelimit-remaining'])).toBeLessThan(Number(headers['ratelimit-limit']));
    expect(headers['ratelimit-reset']).toMatch(/^\d+$/);
    expect(headers['ratelimit-policy']).toContain('"grant";q=6000;w=60');
  });

  test('of a caller in too much haste say when to come back', async () => {
    const operator = operatorOf(conduit.conduit);
    const { key } = await operator.expect<{ key: string }>(
      'POST',
      `/operator/integrators/${conduit.integrator.integratorId}/keys`,
      { name: 'hasty' },
    );
    await operator.close();
    const path = `/integrator/sites/${conduit.siteId}`;
    const answers = await Promise.all(
      Array.from({ length: 420 }, () => conduit.call('GET', path, { key })),
    );
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(20);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 429]));
    for (const { headers } of refused) {
      expect(Number(headers['retry-after'])).toBeGreaterThanOrEqual(1);
      expect(headers['ratelimit-remaining']).toBe('0');
    }
    // Another key of the same integrator is not made to wait.
    expect((await conduit.query({ text: 'SELECT 1 AS a' })).status).toBe(200);
  });
});
