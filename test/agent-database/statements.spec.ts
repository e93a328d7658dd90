/** Statements of every kind, and everything that can go wrong with them, over TCP against a scripted engine. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ParameterDto } from '#libs/contracts/command.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { sendResultSet, type Script } from '#apps/sandbox/src/tds/scripted-engine.fixture.js';
import { startTds, type Harness } from '#apps/sandbox/src/tds/tds-harness.fixture.js';
import type { SqlValue } from '#apps/sandbox/src/engine/sql-engine.port.js';
import { PatientFilter } from '#apps/agent/src/consent/row-filter.js';
import type { PmsDriver } from '#apps/agent/src/pms/pms-driver.port.js';
import { MssqlPmsDriver } from '#apps/agent/src/pms/pms-driver.mssql.js';
import { aCommand, gather } from '#apps/agent/src/pms/rows/result.fixture.js';
import { aLogin, aSite } from '#apps/agent/src/pms/site-settings.fixture.js';

let tds: Harness;
let driver: MssqlPmsDriver;

beforeEach(async () => {
  tds = await startTds();
  driver = new MssqlPmsDriver(aSite(tds.port, { limits: { connectTimeoutMs: 2_000 } }));
});

afterEach(async () => {
  await driver.close();
  await tds.server.close();
});

const one: Script = ({ sink }) => sendResultSet(sink, { n: { name: 'int' } }, [[1]]);

const failing =
  (number: number, message: string): Script =>
  ({ sink }) => {
    sink.message({ number, class: 16, state: 1, line: 1, message });
  };

/** Rows for ever, until the client cancels. */
const endless: Script = async ({ sink, cancelled }) => {
  await sink.columns([{ name: 'n', type: { name: 'int' }, nullable: false }]);
  let isCancelled = false;
  cancelled.catch(() => (isCancelled = true));
  for (let n = 0; !isCancelled; n += 1) {
    await sink.row([n]);
    if (n % 1000 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
};

describe('a statement', () => {
  test('that returns several result sets gives the first, or all when asked', async () => {
    tds.engine.on('select both', async ({ sink }) => {
      await sendResultSet(sink, { a: { name: 'int' } }, [[1], [2]]);
      await sendResultSet(sink, { b: { name: 'int' } }, [[3]]);
    });
    expect((await gather(driver, aCommand('select both'))).text).toBe('[{"a":1},{"a":2}]');
    const all = await gather(driver, aCommand('select both'), { resultSets: 'all' });
    expect(all.text).toBe('[[{"a":1},{"a":2}],[{"b":3}]]');
    const lines = await gather(driver, aCommand('select both'), {
      resultSets: 'all',
      form: 'ndjson',
    });
    expect(lines.text).toMatch(
      /^\{"\$set":1\}\n\{"a":1\}\n\{"a":2\}\n\{"\$set":2\}\n\{"b":3\}\n\{"\$end":/,
    );
  });

  test('leaves the rows of patients who withdrew out, not a byte of them on the way, however large', async () => {
    const large = (letter: string) => letter.repeat(300_000);
    const rows = ['a', 'b', 'c'].map((letter, n) => [large(letter), `${n + 1}`.padEnd(10)]);
    tds.engine.on('select notes', ({ sink }) =>
      sendResultSet(
        sink,
        { note: { name: 'nvarchar', length: 'max' }, InternalID: { name: 'char', length: 10 } },
        rows,
      ),
    );
    const filtered: Pick<PmsDriver, 'run'> = {
      run: (command, sink, signal) => {
        sink.filter = new PatientFilter(['internalid'], (patient) => patient === '2');
        return driver.run(command, sink, signal);
      },
    };
    const { text, sink } = await gather(filtered as PmsDriver, aCommand('select notes'), {
      form: 'ndjson',
    });
    expect(sink.rows).toBe(2);
    expect(text).not.toContain('bbb');
    const kept = text
      .split('\n')
      .slice(0, 2)
      .map((line) => JSON.parse(line) as unknown);
    expect(kept).toEqual(
      [rows[0], rows[2]].map((row) => ({ note: row?.[0], InternalID: row?.[1] })),
    );
  });

  test('without a result set answers an empty list', async () => {
    expect((await gather(driver, aCommand('do nothing'))).text).toBe('[]');
    const all = await gather(driver, aCommand('do nothing'), { resultSets: 'all' });
    expect(all.text).toBe('[]');
  });

  test('in scalar mode gives the first column of the first row', async () => {
    tds.engine.on('select pairs', ({ sink }) =>
      sendResultSet(sink, { a: { name: 'int' }, b: { name: 'int' } }, [
        [1, 2],
        [3, 4],
      ]),
    );
    const answer = await gather(driver, aCommand('select pairs', { executionMode: 'scalar' }));
    expect(answer.text).toBe('[{"a":1}]');
  });

  test('in nonQuery mode counts the rows changed and sends no body', async () => {
    tds.engine.on('change', async ({ sink }) => {
      await sink.statementDone({ rowCount: 3, isSelect: false });
      await sendResultSet(sink, { a: { name: 'int' } }, [[1], [2]]);
      await sink.statementDone({ rowCount: 4, isSelect: false });
    });
    const changed = await gather(
      driver,
      aCommand('change', { executionMode: 'nonQuery', tier: 'write' }),
    );
    expect(changed.outcome?.rowsAffected).toBe(7);
    expect(changed.text).toBe('');
    tds.engine.on('only select', one);
    const selected = await gather(driver, aCommand('only select', { executionMode: 'nonQuery' }));
    expect(selected.outcome?.rowsAffected).toBe(-1);
  });

  test('with column facts tells names, types and sizes', async () => {
    tds.engine.on('select typed', ({ sink }) =>
      sendResultSet(
        sink,
        {
          s: { name: 'nvarchar', length: 40 },
          m: { name: 'varchar', length: 'max' },
          d: { name: 'decimal', precision: 12, scale: 2 },
          t: { name: 'datetime2', scale: 3 },
        },
        [],
      ),
    );
    const { sink } = await gather(driver, aCommand('select typed'), { columns: true });
    expect(sink.columnsOfSets).toEqual([
      [
        { name: 's', type: 'nvarchar', length: 40, nullable: true },
        { name: 'm', type: 'varchar', length: -1, nullable: true },
        { name: 'd', type: 'decimal', precision: 12, scale: 2, nullable: true },
        { name: 't', type: 'datetime2', scale: 3, nullable: true },
      ],
    ]);
  });

  test('that SQL Server refuses is a value with its number and words, and the next one works', async () => {
    tds.engine.on('select bad', failing(207, "Invalid column name 'x'."));
    tds.engine.on('select 1', one);
    const answer = await gather(driver, aCommand('select bad'));
    expect(answer.outcome?.failure).toEqual({ number: 207, message: "Invalid column name 'x'." });
    expect((await gather(driver, aCommand('select 1'))).text).toBe('[{"n":1}]');
    expect(tds.engine.logins.filter(({ appName }) => appName === 'conduit-agent').length).toBe(2);
  });

  test('that fails after rows began ends NDJSON with an error line', async () => {
    tds.engine.on('select half', async (call) => {
      await sendResultSet(call.sink, { t: { name: 'nvarchar', length: 4000 } }, bigRows(100));
      await failing(8134, 'Divide by zero error encountered.')(call);
    });
    const answer = await gather(driver, aCommand('select half'), { form: 'ndjson' });
    const lines = answer.text.trimEnd().split('\n');
    expect(lines).toHaveLength(101);
    expect(JSON.parse(lines[100] as string)).toEqual({
      $error: { code: 'STATEMENT_FAILED', rows: 100 },
    });
  });
});

describe('a procedure', () => {
  test('takes every direction and returns exact values and its status', async () => {
    let seen: unknown;
    tds.engine.on('[dbo].[book]', ({ parameters }) => {
      seen = parameters.map(({ name, value, output }) => [name, value, output]);
      return {
        returnStatus: 41,
        outputs: [
          {
            name: '@fee',
            type: { name: 'decimal', precision: 38, scale: 10 },
            value: '12.3456789012',
          },
          {
            name: '@at',
            type: { name: 'datetime2', scale: 7 },
            value: '2026-02-28 09:30:00.1234567',
          },
          { name: '@free', type: { name: 'bit' }, value: null },
        ],
      };
    });
    const parameters: ParameterDto[] = [
      { name: '@who', type: 'Int', value: '7' },
      { name: 'fee', type: 'Decimal', direction: 'inputOutput', value: '99999999999999999999.01' },
      { name: '@at', type: 'DateTime2', direction: 'output' },
      { name: 'free', type: 'Bit', direction: 'output', value: 'ignored' },
      { name: 'status', type: 'Int', direction: 'returnValue' },
    ];
    const command = aCommand('dbo.book', { type: 'storedProcedure', tier: 'write', parameters });
    const { outcome, error } = await gather(driver, command);
    expect(error).toBeUndefined();
    expect(seen).toEqual([
      ['@who', 7, false],
      ['@fee', '99999999999999999999.01', true],
      ['@at', null, true],
      ['@free', null, true],
    ]);
    expect(outcome?.parameters).toEqual([
      { name: 'fee', type: 'Decimal', direction: 'inputOutput', value: '12.3456789012' },
      { name: '@at', type: 'DateTime2', direction: 'output', value: '2026-02-28T09:30:00.1234567' },
      { name: 'free', type: 'Bit', direction: 'output', value: null },
      { name: 'status', type: 'Int', direction: 'returnValue', value: '41' },
    ]);
  });

  test.each([
    ['BookSlot', '[dbo].[BookSlot]'],
    ['DBO.[BookSlot]', '[DBO].[BookSlot]'],
    [' "web" . BookSlot\t', '[web].[BookSlot]'],
    ['Clinic.dbo.BookSlot', '[Clinic].[dbo].[BookSlot]'],
  ])('named %j is sent under the name that was permitted', async (text, sent) => {
    await gather(driver, aCommand(text, { type: 'storedProcedure', tier: 'write' }));
    expect(tds.engine.journal).toContain(`run ${sent}`);
  });

  test.each([
    ['no-break space', 'dbo.\u00a0BookSlot'],
    ['wide space', '\u3000BookSlot'],
    ['byte order mark', '\ufeffBookSlot'],
    ['NUL in brackets', '[Book\u0000Slot]'],
    ['four parts', 'a.b.c.d'],
    ['length of a procedure number', 'a'.repeat(0xffff)],
  ])('whose name holds a %s is not sent', async (_what, text) => {
    const command = aCommand(text, { type: 'storedProcedure', tier: 'write' });
    const { error } = await gather(driver, command);
    expect(error).toMatchObject({ code: 'REQUEST_INVALID', facts: { field: 'command.text' } });
    expect(tds.engine.journal.filter((line) => /Book|a.b/i.test(line))).toEqual([]);
  });

  test('cannot return more in its parameters, all together, than an answer may hold', async () => {
    tds.engine.on('[dbo].[large]', () => ({
      outputs: ['@a', '@b', '@c'].map((name) => ({
        name,
        type: { name: 'nvarchar', length: 4000 },
        value: 'x'.repeat(4000),
      })),
    }));
    const parameters: ParameterDto[] = ['a', 'b', 'c'].map((name) => ({
      ...{ name, type: 'NVarChar', direction: 'output', size: 4000 },
    }));
    const command = aCommand('dbo.large', { type: 'storedProcedure', tier: 'write', parameters });
    const held = await gather(driver, command, { maxBytes: 13_000 });
    expect(held.outcome?.parameters).toHaveLength(3);
    const { error } = await gather(driver, command, { maxBytes: 11_000 });
    expect(error).toMatchObject({ code: 'RESULT_TOO_LARGE' });
  });

  const good: [type: ParameterDto['type'], value: string, stored: SqlValue][] = [
    ['BigInt', '-9223372036854775808', '-9223372036854775808'],
    ['SmallInt', '-32768', -32768],
    ['TinyInt', '255', 255],
    ['Bit', 'True', true],
    ['Float', '-1.5e-3', -0.0015],
    ['Real', '0.5', 0.5],
    ['Money', '-922337203685477.5808', '-922337203685477.5808'],
    ['SmallMoney', '1.25', '1.2500'],
    ['Date', '2026-02-28', '2026-02-28'],
    ['DateTime', '02/28/2026 09:30:00', '2026-02-28 09:30:00.000'],
    ['SmallDateTime', '2026-02-28T09:30:29', '2026-02-28 09:30:00'],
    ['DateTime2', '2026-02-28T09:30:00.1234567', '2026-02-28 09:30:00.1234567'],
    ['DateTimeOffset', '2026-02-28T09:30:00.1234567+10:30', '2026-02-28 09:30:00.1234567 +10:30'],
    ['Time', '23:59:59.9999999', '23:59:59.9999999'],
    [
      'UniqueIdentifier',
      '0E984725-C51C-4BF4-9960-E1C80E27ABA0',
      '0e984725-c51c-4bf4-9960-e1c80e27aba0',
    ],
    ['String', 'a\u0000b\ud83d "Zë"', 'a\u0000b\ud83d "Zë"'],
    ['NVarChar', 'x'.repeat(5000), 'x'.repeat(5000)],
    ['NChar', 'ab', 'ab'],
    ['NText', 'é', 'é'],
    ['VarChar', 'é', 'é'],
    ['Char', 'c', 'c'],
    ['Text', 't', 't'],
    ['Binary', 'AP8=', Buffer.from('00ff', 'hex')],
    ['VarBinary', Buffer.alloc(9000, 1).toString('base64'), Buffer.alloc(9000, 1)],
    ['Image', 'AQ==', Buffer.of(1)],
    ['Timestamp', 'AAAAAAAAB9E=', Buffer.from('00000000000007d1', 'hex')],
    ['Xml', '<a/>', '<a/>'],
    ['Variant', 'v', 'v'],
  ];

  test.each(good)('takes a %s from text', async (type, value, stored) => {
    let seen: SqlValue | undefined;
    tds.engine.on('[dbo].[take]', ({ parameters }) => {
      seen = parameters[0]?.value;
    });
    const parameters = [{ name: 'p', value, ...(type === undefined ? {} : { type }) }];
    const command = aCommand('dbo.take', { type: 'storedProcedure', parameters });
    expect((await gather(driver, command)).error).toBeUndefined();
    expect(seen).toEqual(stored);
    const asText = await gather(driver, aCommand('select @p', { parameters }));
    expect(asText.error).toBeUndefined();
  });

  const bad: [parameter: Partial<ParameterDto>, field: string][] = [
    [{ type: 'Int', value: '2147483648' }, 'value'],
    [{ type: 'Int', value: '1.5' }, 'value'],
    [{ type: 'TinyInt', value: '-1' }, 'value'],
    [{ type: 'Decimal', value: '1'.repeat(39) }, 'value'],
    [{ type: 'Money', value: '0.00001' }, 'value'],
    [{ type: 'Float', value: 'NaN' }, 'value'],
    [{ type: 'Date', value: '2026-02-30' }, 'value'],
    [{ type: 'DateTime', value: '1752-12-31' }, 'value'],
    [{ type: 'DateTime2', value: '2026-02-28T09:30:00Z' }, 'value'],
    [{ type: 'Time', value: '24:00' }, 'value'],
    [{ type: 'Bit', value: 'yes' }, 'value'],
    [{ type: 'UniqueIdentifier', value: 'abc' }, 'value'],
    [{ type: 'VarBinary', value: 'not base64!' }, 'value'],
    [{ type: 'VarChar', value: '😀' }, 'value'],
    [{ type: 'Structured', value: 'x' }, 'type'],
    [{ type: 'Udt', value: 'x' }, 'type'],
    [{ name: 'a int; drop table t --', value: 'x' }, 'name'],
    [{ name: '@stmt', value: 'x' }, 'name'],
    [{ name: 'Statement', value: 'x' }, 'name'],
    [{ name: '@PARAMS', value: 'x' }, 'name'],
  ];

  test.each(bad)('refuses %j by its field, without repeating it', async (parameter, field) => {
    const parameters = [{ name: 'ok' }, { name: 'p', ...parameter }];
    const { error } = await gather(driver, aCommand('select 1', { parameters }));
    expect(error).toBeInstanceOf(ConduitError);
    const { code, facts } = error as ConduitError;
    expect([code, facts.field]).toEqual(['REQUEST_INVALID', `command.parameters[1].${field}`]);
    expect(JSON.stringify(facts)).not.toContain(
      parameter.value === 'x' ? '"x"' : String(parameter.value),
    );
  });
});

describe('a statement that must stop', () => {
  test('is cancelled at the database while it streams, and its connection serves on', async () => {
    tds.engine.on('select endless', endless);
    tds.engine.on('select 1', one);
    const stopper = new AbortController();
    const command = aCommand('select endless');
    const running = gather(driver, command, { form: 'ndjson', maxRows: 5_000 }, stopper.signal);
    const answer = await running;
    expect(answer.sink.fault).toBe('RESULT_ROWS_LIMIT');
    expect(answer.sink.rows).toBe(5_000);
    expect((await gather(driver, aCommand('select 1'))).text).toBe('[{"n":1}]');
    expect(tds.engine.sessions.filter(({ isClosed }) => !isClosed)).toHaveLength(1);
  });

  test('is cancelled while nobody reads its rows', async () => {
    tds.engine.on('select endless', endless);
    const stopper = new AbortController();
    const { ResultWriter } = await import('#apps/agent/src/pms/rows/result-writer.js');
    const { anyShape } = await import('#apps/agent/src/pms/rows/result.fixture.js');
    const sink = new ResultWriter({ ...anyShape, form: 'ndjson' }, () =>
      stopper.abort(new Error('stop')),
    );
    const run = driver.run(aCommand('select endless'), sink, stopper.signal);
    while (sink.chunks.heldBytes < 256 * 1024)
      await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(sink.chunks.heldBytes).toBeLessThan(512 * 1024);
    sink.refuse('CLIENT_GONE');
    await expect(run).rejects.toThrow('stop');
  });

  test('is killed and its socket dropped when the server does not obey', async () => {
    let killed = '';
    const script: Script = () => new Promise(() => {});
    tds.engine.on('select deaf', script);
    tds.engine.on('select @@spid', ({ sink, session }) =>
      sendResultSet(sink, { n: { name: 'int' } }, [[session.spid]]),
    );
    const deaf = new MssqlPmsDriver(
      aSite(tds.port, { logins: { kill: aLogin('killer', 'right') } }),
    );
    const stopper = new AbortController();
    const run = gather(deaf, aCommand('select deaf'), {}, stopper.signal);
    while (!tds.engine.journal.includes('run select deaf')) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    const { spid } = tds.engine.sessions.at(-1) as { spid: number };
    (tds.engine.sessions.at(-1) as { cancel(): void }).cancel = () => {};
    tds.engine.on(`kill ${spid}`, () => {
      killed = `kill ${spid}`;
    });
    stopper.abort(new Error('stop'));
    expect((await run).error).toEqual(new Error('stop'));
    expect(killed).toBe(`kill ${spid}`);
    await deaf.close();
  });

  test('stops at the byte cap in the middle of a large value', async () => {
    tds.engine.on('select large', ({ sink }) =>
      sendResultSet(sink, { v: { name: 'varchar', length: 'max' } }, [['x'.repeat(20_000_000)]]),
    );
    const answer = await gather(driver, aCommand('select large'), { maxBytes: 1_000_000 });
    expect(answer.sink.fault).toBe('RESULT_TOO_LARGE');
    expect(answer.text.length).toBeLessThan(1_100_000);
  });
});

describe('a session', () => {
  test('that a write left in a transaction is rolled back and reset before it serves again', async () => {
    tds.engine.on('begin tran', ({ sink, session }) => {
      session.inTransaction = true;
      sink.transactionChanged('begun');
    });
    tds.engine.on('select 1', one);
    await gather(driver, aCommand('begin tran', { tier: 'write' }));
    await gather(driver, aCommand('select 1', { tier: 'write' }));
    const { journal } = tds.engine;
    const asked = journal.slice(journal.indexOf('run begin tran'));
    expect(asked[1]).toBe('run IF @@TRANCOUNT > 0 ROLLBACK');
    expect(asked[2]).toContain('set deadlock_priority low');
    expect(tds.engine.sessions.some(({ resets }) => resets > 0)).toBe(true);
  });

  test('that a read left changed is reset before it serves again, after the answer', async () => {
    tds.engine.on('select 1', one);
    for (let n = 0; n < 5; n += 1) {
      expect((await gather(driver, aCommand('select 1'))).error).toBeUndefined();
    }
    await driver.close();
    const resets = tds.engine.sessions.reduce((sum, session) => sum + session.resets, 0);
    expect(resets).toBe(5);
    expect(tds.engine.sessions.length).toBeLessThanOrEqual(3);
  });

  test('starts with a lock timeout and the lowest deadlock priority, under our name', async () => {
    tds.engine.on('select 1', one);
    await gather(driver, aCommand('select 1'));
    expect(
      tds.engine.journal.some((asked) =>
        /set lock_timeout 5000\nset deadlock_priority low/.test(asked),
      ),
    ).toBe(true);
    expect(tds.engine.logins.every(({ appName }) => appName === 'conduit-agent')).toBe(true);
  });
});

describe('a database', () => {
  test('that is down, refuses the login or comes back is told apart and recovers by itself', async () => {
    tds.engine.on('select 1', one);
    const refused = new MssqlPmsDriver(
      aSite(tds.port, { logins: { read: aLogin('reader', 'wrong') } }),
    );
    expect((await gather(refused, aCommand('select 1'))).error).toMatchObject({
      code: 'DATABASE_LOGIN_REFUSED',
    });
    expect((await gather(driver, aCommand('select 1'))).text).toBe('[{"n":1}]');
    const { port } = tds;
    await tds.server.close();
    const down = (await gather(driver, aCommand('select 1'))).error as ConduitError;
    expect(['DATABASE_UNAVAILABLE', 'DATABASE_CONNECTION_LOST']).toContain(down.code);
    expect((await gather(driver, aCommand('select 1'))).error).toMatchObject({
      code: 'DATABASE_UNAVAILABLE',
    });
    tds = await startTds({ port });
    tds.engine.on('select 1', one);
    expect((await gather(driver, aCommand('select 1'))).text).toBe('[{"n":1}]');
    await refused.close();
  });

  test('that goes away in the middle of a result is a lost connection, never a short answer', async () => {
    tds.engine.on('select endless', endless);
    const running = gather(driver, aCommand('select endless'), { form: 'ndjson' });
    while (!tds.engine.journal.includes('run select endless')) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    await tds.server.close();
    const answer = await running;
    expect(answer.error).toMatchObject({ code: 'DATABASE_CONNECTION_LOST' });
    expect(answer.text === '' || answer.text.includes('"$error"')).toBe(true);
  });
});

function* bigRows(count: number): Generator<SqlValue[]> {
  for (let n = 0; n < count; n += 1) yield ['z'.repeat(1000)];
}
