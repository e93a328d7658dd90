/**
 * Statements that fail, never end, answer far too much or try what they may not. Each answer says
 * what to do, and the next good request on the same connection works.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { clinicTables } from '#apps/sandbox/src/clinic/tables.js';
import {
  asLines,
  asProblem,
  dataText,
  envelope,
  problemOf,
  refusal,
  residentBytes,
} from '#test/e2e/answers.fixture.js';
import { ClinicDatabase, isSandbox } from '#test/e2e/clinic-database.fixture.js';
import { startConduit, type Answer, type TestConduit } from '#test/support/start-conduit.js';

const MEGABYTE = 1_048_576;
/** Of the writes below, those that need more than the right to read. */
const FORBIDDEN_TO_THE_LOGIN = /^(UPDATE|DELETE|INSERT|DROP|TRUNCATE|SELECT \*|EXEC)/;
const LIMIT_MS = 1_500;
const EVERYBODY_FOUR_TIMES =
  'dbo.Patient a CROSS JOIN dbo.Patient b CROSS JOIN dbo.Patient c CROSS JOIN dbo.Patient d';

const onSandbox = isSandbox ? test : test.skip;

let conduit: TestConduit;
let database: ClinicDatabase;

beforeAll(async () => {
  conduit = await startConduit({ site: { limits: { maxExecutionMs: LIMIT_MS } } });
  database = await ClinicDatabase.connect(conduit, 'admin');
}, 120_000);

afterAll(async () => {
  await database?.close();
  await conduit?.stop();
});

afterEach(async () => {
  await database.untilNothingRuns(5_000);
  expect(await conduit.rows('SELECT 1 AS n')).toEqual([{ n: 1 }]);
});

const read = (text: string, parameters: object[] = []): Promise<Answer> =>
  conduit.query({ text, parameters });

/** The refusal of a read, which must also say what to do. */
async function refusedWith(text: string, code: string, executionMode = 'reader') {
  const answer = await conduit.query({ text, executionMode }, {}, '', { headers: asProblem });
  expect(problemOf(answer)).toMatchObject({ code });
  return answer;
}

describe('a statement that fails', () => {
  test.each([
    ['names nothing', 'SELECT * FROM dbo.ZzNowhere', 208],
    ['names no column', 'SELECT Zz FROM dbo.Patient', 207],
    ['names no function', 'SELECT dbo.ZzNothing(1)', 4121],
    ['divides by zero', 'SELECT 1 / (INTERNALID - 1) FROM dbo.Patient ORDER BY INTERNALID', 8134],
    ['overflows', 'SELECT CAST(300 AS tinyint)', 220],
    ['converts what it cannot', "SELECT CAST('Zz' AS int)", 245],
    ['has no columns', 'SELECT', 102],
  ])('because it %s answers with the number of the database', async (_why, text, number) => {
    const answer = await read(text);
    expect([answer.status, envelope(answer).status]).toEqual([400, 'executionFailed']);
    expect(envelope(answer).errorDetails).toMatchObject({ errorType: 'mssql', errorCode: number });
    expect(envelope(answer).error.code).toBe('STATEMENT_FAILED');
  });

  onSandbox('at what the login may not read is refused by the database', async () => {
    const secret = clinicTables.find(({ denied }) => denied === 'table')?.name ?? '';
    const answer = await read(`SELECT * FROM dbo.${secret}`);
    expect(envelope(answer).errorDetails).toMatchObject({ errorType: 'mssql', errorCode: 229 });
  });

  test('for it never closes what it opens is refused before it travels', async () => {
    for (const text of ["SELECT 'Zz", 'SELECT 1 /* Zz', 'SELECT [Zz', 'SELECT (1'])
      await refusedWith(text, 'STATEMENT_FORBIDDEN');
  });
});

describe('a statement that never ends', () => {
  test.each([
    [
      'counts for ever',
      `SELECT COUNT_BIG(*) FROM ${EVERYBODY_FOUR_TIMES}
      WHERE a.SURNAME + b.SURNAME + c.SURNAME <> d.SURNAME`,
    ],
    [
      'recurses for ever',
      `WITH n AS (SELECT 1 AS i UNION ALL SELECT i + 1 - i FROM n)
      SELECT MAX(i) FROM n OPTION (MAXRECURSION 0)`,
    ],
  ])('because it %s is stopped at its limit, also at the database', async (_why, text) => {
    const startedAt = performance.now();
    const answer = await refusedWith(text, 'EXECUTION_TIMEOUT');
    expect(answer.status).toBe(504);
    expect(performance.now() - startedAt).toBeGreaterThan(LIMIT_MS - 100);
    await database.untilNothingRuns(2_000);
  });

  test('holds no place of those who come after it', async () => {
    const endless = `SELECT COUNT_BIG(*) FROM ${EVERYBODY_FOUR_TIMES} WHERE a.SURNAME + b.SURNAME <> c.SURNAME`;
    const answers = await Promise.all(Array.from({ length: 4 }, () => read(endless)));
    expect(answers.map(({ status }) => status)).toEqual([504, 504, 504, 504]);
    await database.untilNothingRuns(3_000);
  });
});

describe('an answer that is too much', () => {
  test('by its rows, ten million, is cut at the permitted number', async () => {
    const text = `SELECT TOP 10000000 a.INTERNALID AS n FROM ${EVERYBODY_FOUR_TIMES}`;
    expect((await refusedWith(text, 'RESULT_ROWS_LIMIT')).status).toBe(413);
    const streamed = await conduit.query({ text }, {}, '', { headers: asLines });
    const lines = (streamed.body as string).trimEnd().split('\n');
    expect(lines).toHaveLength(100_001);
    expect(JSON.parse(lines.at(-1) as string)).toMatchObject({
      $error: { code: 'RESULT_ROWS_LIMIT', remedy: expect.any(String), rows: 100_000 },
    });
  });

  test('by its bytes is cut at eight megabytes', async () => {
    const text = `SELECT TOP 9000 REPLICATE('z', 1000) AS t FROM ${EVERYBODY_FOUR_TIMES}`;
    const answer = await refusedWith(text, 'RESULT_TOO_LARGE');
    expect(answer.status).toBe(413);
    expect(problemOf(answer).remedy).toContain('x-ndjson');
    const fits = text.replace('9000', '8000');
    expect(dataText(await read(fits)).length).toBeGreaterThan(8_000_000);
  });

  test('by one huge value costs nobody the memory', async () => {
    const pids = [conduit.conduit.broker, conduit.conduit.agent].map((part) => part?.pid ?? 0);
    const before = pids.map(residentBytes);
    const text = "SELECT REPLICATE(CAST('z' AS varchar(max)), 60000000) AS t";
    const code = envelope(await read(text)).error.code;
    // A slow machine may come to the end of its time first.
    expect(['RESULT_TOO_LARGE', 'EXECUTION_TIMEOUT']).toContain(code);
    const grown = pids.map((pid, i) => residentBytes(pid) - (before[i] as number));
    expect(Math.max(...grown)).toBeLessThan(60 * MEGABYTE);
  });
});

describe('odd shapes', () => {
  test('a procedure without rows answers an empty list', async () => {
    const answer = await conduit.query({
      text: 'dbo.CancelAppointment',
      type: 'storedProcedure',
      parameters: [{ name: '@AppointmentId', type: 'Int', value: '-1' }],
    });
    expect(dataText(answer)).toBe('[]');
  });

  test('columns of one name are kept apart', async () => {
    expect(dataText(await read('SELECT 1 AS Zz, 2 AS Zz, 3 AS Zz'))).toBe(
      '[{"Zz":1,"Zz_2":2,"Zz_3":3}]',
    );
  });

  test('a lone half of a surrogate pair is refused wherever it stands', async () => {
    const post = (raw: string) => conduit.call('POST', `${conduit.queriesPath}/immediate`, { raw });
    for (const [raw, field] of [
      [String.raw`{"command":{"text":"SELECT N'\ud83d' AS t"}}`, 'command.text'],
      [
        String.raw`{"command":{"text":"SELECT @p AS t","parameters":[{"name":"@p","value":"\udc00"}]}}`,
        'command.parameters[0].value',
      ],
      [String.raw`{"command":{"text":"SELECT 1"},"catalogue":"\ud83dZz"}`, 'catalogue'],
    ] as const) {
      const answer = await post(raw);
      expect(refusal(answer)).toEqual([400, 'REQUEST_INVALID']);
      expect(envelope(answer).error.message).toContain(field);
    }
    // Whole pairs pass, and so does a half that the database itself makes.
    expect(await conduit.rows("SELECT N'😀' AS t")).toEqual([{ t: '😀' }]);
  });

  test('NUL is refused in a statement, and in a value it is kept or refused, never cut', async () => {
    const inText = await read("SELECT 'a\u0000b' AS t");
    expect(refusal(inText)).toEqual([400, 'REQUEST_INVALID']);
    expect(envelope(inText).error.message).toContain('command.text');
    const inValue = await read('SELECT @p AS t', [
      { name: '@p', type: 'NVarChar', value: 'a\u0000b' },
    ]);
    if (isSandbox) expect(envelope(inValue).errorDetails.errorCode).toBe(40515);
    else expect(dataText(inValue)).toBe(String.raw`[{"t":"a\u0000b"}]`);
    const bytes = { name: '@p', type: 'VarBinary', value: 'YQBi' };
    expect(await conduit.rows('SELECT @p AS t', [bytes])).toEqual([{ t: 'YQBi' }]);
  });
});

describe('parameters', () => {
  test('by the ten thousand are refused before they travel', async () => {
    const parameters = Array.from({ length: 10_000 }, (_none, i) => ({
      name: `@p${i}`,
      value: '',
    }));
    const answer = await read('SELECT @p1 AS n', parameters);
    expect(refusal(answer)).toEqual([400, 'REQUEST_INVALID']);
    expect(envelope(answer).error.message).toContain('command.parameters');
  });

  test('by the thousand work', async () => {
    const parameters = Array.from({ length: 1_000 }, (_none, i) => ({
      name: `@p${i}`,
      type: 'Int',
      value: String(i),
    }));
    expect(await conduit.rows('SELECT @p0 + @p999 AS n', parameters)).toEqual([{ n: 999 }]);
  });

  test('of a megabyte come back whole', async () => {
    const value = 'Zz-ü'.repeat(MEGABYTE / 4);
    const [row] = await conduit.rows('SELECT @p AS t, LEN(@p) AS n', [
      { name: '@p', type: 'NVarChar', value },
    ]);
    expect(row?.['n']).toBe(MEGABYTE);
    expect(row?.['t'] === value).toBe(true);
  });

  test.each([
    ['an unknown field', { command: { text: 'SELECT 1', timeout: 5 } }, 'command.timeout'],
    ['an unknown field outside', { command: { text: 'SELECT 1' }, zz: 1 }, 'zz'],
    [
      'a mode that is none',
      { command: { text: 'SELECT 1', executionMode: 'write' } },
      'executionMode',
    ],
    [
      'a type that is none',
      { command: { text: 'SELECT 1', parameters: [{ name: '@p', type: 'Blob' }] } },
      'command.parameters[0].type',
    ],
    ['a number as text', { command: { text: 5 } }, 'command.text'],
    ['no text', { command: { text: '' } }, 'command.text'],
    ['no command', {}, 'command'],
    [
      'a wait beyond the limit',
      { command: { text: 'SELECT 1' }, maxTimeInQueue: 60_001 },
      'maxTimeInQueue',
    ],
  ])('and fields: %s is named', async (_what, body, field) => {
    const answer = await conduit.call('POST', `${conduit.queriesPath}/immediate`, { body });
    expect(refusal(answer)).toEqual([400, 'REQUEST_INVALID']);
    expect(envelope(answer).error.message).toContain(field);
  });
});

describe('a write under a permission to read', () => {
  const writes = [
    "UPDATE dbo.Patient SET SURNAME = 'Zzhacked'",
    'DELETE FROM dbo.Appointment',
    "INSERT INTO dbo.Patient (SURNAME) VALUES ('Zzhacked')",
    'DROP TABLE dbo.Appointment',
    'TRUNCATE TABLE dbo.Appointment',
    'SELECT * INTO dbo.ZzCopy FROM dbo.Patient',
    "SELECT 1; UPDATE dbo.Patient SET SURNAME = 'Zzhacked'",
    "WITH p AS (SELECT * FROM dbo.Patient) UPDATE p SET SURNAME = 'Zzhacked'",
    'EXEC dbo.CancelAppointment @AppointmentId = 1',
    "SELECT 1 /* ' */ EXEC('DELETE FROM dbo.Appointment') -- ",
    'BEGIN TRANSACTION',
    "CREATE LOGIN Zz WITH PASSWORD = 'Zz'",
    "WAITFOR DELAY '00:00:10'",
  ];

  test.each(writes)('is not even sent: %s', async (text) => {
    for (const mode of ['reader', 'nonQuery']) {
      const answer = await refusedWith(text, 'STATEMENT_FORBIDDEN', mode);
      expect(answer.status).toBe(403);
    }
  });

  onSandbox('would be refused by the database itself', async () => {
    const login = await ClinicDatabase.connect(conduit, 'read');
    const before = await database.query('SELECT COUNT(*) AS n FROM dbo.Patient');
    for (const text of writes.filter((write) => FORBIDDEN_TO_THE_LOGIN.test(write))) {
      await expect(login.query(text)).rejects.toThrow(/permission|denied/i);
    }
    await login.close();
    expect(await database.query('SELECT COUNT(*) AS n FROM dbo.Patient')).toEqual(before);
    expect(
      await conduit.rows("SELECT SURNAME FROM dbo.Patient WHERE SURNAME = 'Zzhacked'"),
    ).toEqual([]);
  });
});
