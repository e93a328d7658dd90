import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { GatheringSink, run, startTestEngine, type TestEngine } from './engine.fixture.js';
import type { SqlSession, SqlValue } from './sql-engine.port.js';

let server: TestEngine;
let session: SqlSession;

beforeAll(async () => {
  server = await startTestEngine();
  session = await server.session();
  await server.engine.runScript(
    'Patients',
    `CREATE TABLE Log (Id int IDENTITY PRIMARY KEY, Text nvarchar(50) NOT NULL)
     GO
     CREATE PROCEDURE dbo.Add_Log
       @text nvarchar(50),
       @times int = 1,
       @last int = NULL OUTPUT
     AS
     BEGIN
       SET NOCOUNT ON
       WHILE @times > 0
       BEGIN
         INSERT INTO Log (Text) VALUES (@text)
         SET @times -= 1
       END
       SELECT @last = MAX(Id) FROM Log
       SELECT Text FROM Log WHERE Id = @last
       RETURN @last
     END
     GO
     CREATE PROCEDURE dbo.Fails @how int AS
       IF @how = 1 RAISERROR('Told %s %d', 16, 3, N'you', 5)
       IF @how = 2 THROW 51000, 'Thrown', 4;
       IF @how = 3 SELECT 1 / 0
       IF @how = 4 SELECT * FROM NoSuchTable
       RETURN 9
     GO`,
  );
});

afterAll(() => server.stop());

describe('control flow', () => {
  test.each<[sql: string, rows: SqlValue[][]]>([
    ["DECLARE @a int = 2, @b varchar(5) = 'x'; SET @a = @a * 3; SELECT @a, @b", [[6, 'x']]],
    ['DECLARE @a int; SELECT @a = 5, @a += 1; SELECT @a', [[6]]],
    ["DECLARE @a varchar(3) = 'abcdef'; SELECT @a", [['abc']]],
    ["IF EXISTS (SELECT 1 FROM Log WHERE Id < 0) SELECT 'yes' ELSE SELECT 'no'", [['no']]],
    [
      "DECLARE @i int = 0, @s varchar(20) = '' WHILE 1 = 1 BEGIN SET @i = @i + 1 IF @i = 3 CONTINUE IF @i > 5 BREAK SET @s = @s + CAST(@i AS varchar(2)) END SELECT @s",
      [['1245']],
    ],
    ['SELECT 1 SELECT 2', [[1]]],
    [
      'BEGIN TRY SELECT 1/0 AS x END TRY BEGIN CATCH SELECT ERROR_NUMBER(), ERROR_SEVERITY(), ERROR_LINE(), ERROR_PROCEDURE() END CATCH',
      [[8134, 16, 1, null]],
    ],
    [
      'BEGIN TRY EXEC Fails 2 END TRY BEGIN CATCH SELECT ERROR_NUMBER(), ERROR_MESSAGE(), ERROR_STATE(), ERROR_PROCEDURE(), ERROR_LINE() END CATCH',
      [[51000, 'Thrown', 4, 'Fails', 3]],
    ],
    [
      'BEGIN TRY EXEC Fails 1 END TRY BEGIN CATCH SELECT ERROR_MESSAGE(), ERROR_STATE() END CATCH',
      [['Told you 5', 3]],
    ],
    ['BEGIN TRY EXEC Fails 4 END TRY BEGIN CATCH SELECT ERROR_NUMBER() END CATCH', [[208]]],
    ["DECLARE @r int; EXEC @r = Add_Log @text = N'one'; SELECT IIF(@r > 0, 1, 0)", [['one']]],
    ["DECLARE @l int, @r int; EXEC @r = dbo.Add_Log N'two', 2, @l OUTPUT; ", [['two']]],
    ["EXEC sp_executesql N'SELECT @p + 1', N'@p int', @p = 4", [[5]]],
    [
      "DECLARE @o int; EXEC sp_executesql N'SET @x = 7', N'@x int OUTPUT', @x = @o OUTPUT; SELECT @o",
      [[7]],
    ],
    ["EXEC ('SELECT ' + '3')", [[3]]],
    ['SELECT 1/0; SELECT @@ERROR', [[8134]]],
    [
      "CREATE TABLE #e (Text nvarchar(50)); INSERT INTO #e EXEC Add_Log N'three'; SELECT * FROM #e; DROP TABLE #e",
      [['three']],
    ],
    ['SELECT @@TRANCOUNT, @@NESTLEVEL, XACT_STATE()', [[0, 0, 0]]],
    [
      "DECLARE @t TABLE (a int PRIMARY KEY, b varchar(5) DEFAULT 'd'); INSERT INTO @t (a) VALUES (1); SELECT * FROM @t",
      [[1, 'd']],
    ],
  ])('%s', async (sql, rows) => {
    expect((await run(session, sql)).rows).toEqual(rows);
  });

  test('a procedure by remote call returns its result, output parameters and status', async () => {
    const sink = new GatheringSink();
    const outcome = await session.procedure(
      'dbo.Add_Log',
      [
        { name: '@text', type: { name: 'nvarchar', length: 50 }, value: 'rpc', output: false },
        { name: '@last', type: { name: 'int' }, value: null, output: true },
      ],
      sink,
    );
    expect(sink.gathered.rows).toEqual([['rpc']]);
    expect(outcome.returnStatus).toBeGreaterThan(0);
    expect(outcome.outputs).toEqual([
      { name: '@last', type: { name: 'int' }, value: outcome.returnStatus },
    ]);
  });

  test('a parameterised batch takes typed parameters and gives outputs back', async () => {
    const sink = new GatheringSink();
    const outcome = await session.executeSql(
      'SELECT @n, @d; SET @o = @n + 1',
      [
        { name: '@n', type: { name: 'int' }, value: 4, output: false },
        {
          name: '@d',
          type: { name: 'datetime2', scale: 7 },
          value: '2026-02-28 09:30:00.1234560',
          output: false,
        },
        { name: '@o', type: { name: 'int' }, value: null, output: true },
      ],
      sink,
    );
    expect(sink.gathered.rows).toEqual([[4, '2026-02-28 09:30:00.123456']]);
    expect(outcome.outputs[0]?.value).toBe(5);
  });

  test('PRINT and a mild RAISERROR are information', async () => {
    const { messages, errors } = await run(session, "PRINT 'hello'\nRAISERROR('note', 5, 1)");
    expect(errors).toEqual([]);
    expect(
      messages.map(({ number, class: severity, line, message }) => [
        number,
        severity,
        line,
        message,
      ]),
    ).toEqual([
      [0, 0, 1, 'hello'],
      [50000, 5, 2, 'note'],
    ]);
  });

  test('USE changes the catalogue and says so', async () => {
    const other = await server.session();
    const { events } = await run(other, 'USE Reference; USE Patients');
    expect(events).toEqual(['Patients → Reference', 'Reference → Patients']);
    await other.close();
  });

  test('temporary tables of a procedure end with it, those of the session do not', async () => {
    await run(
      session,
      'CREATE PROCEDURE Temp AS CREATE TABLE #inner (a int); INSERT #outer VALUES (2); SELECT COUNT(*) FROM #outer',
    );
    const { rows, errors } = await run(
      session,
      'CREATE TABLE #outer (a int); INSERT #outer VALUES (1); EXEC Temp; SELECT * FROM #inner',
    );
    expect(rows).toEqual([[2]]);
    expect(errors.map(({ number }) => number)).toEqual([208]);
    expect((await run(session, 'SELECT COUNT(*) FROM #outer')).rows).toEqual([[2]]);
    await session.reset();
    expect(
      (await run(session, 'SELECT COUNT(*) FROM #outer')).errors.map(({ number }) => number),
    ).toEqual([208]);
  });
});

describe('errors', () => {
  test.each<[sql: string, number: number, line: number]>([
    ['SELECT\n1 +', 102, 2],
    ['SELECT * FORM x', 102, 1],
    ['SELECT 1 FROM', 102, 1],
    ['SELECT FROM Log', 156, 1],
    ['\nSELECT nope', 207, 2],
    ['SELECT * FROM nowhere', 208, 1],
    ['SELECT * FROM a.b.c.d', 7202, 1],
    ['EXEC nowhere', 2812, 1],
    ['SELECT nofunction(1)', 195, 1],
    ['SELECT dbo.nofunction(1)', 4121, 1],
    ['SELECT @x', 137, 1],
    ['SELECT x.a FROM Log', 4104, 1],
    ['SELECT Id FROM Log a JOIN Log b ON a.Id = b.Id', 209, 1],
    ["SELECT CAST('x' AS int)", 245, 1],
    ["SELECT CAST('2026-13-01' AS datetime)", 242, 1],
    ["SELECT CAST('x' AS uniqueidentifier)", 8169, 1],
    ['SELECT 1/0', 8134, 1],
    ['SELECT 2147483647 + 1', 8115, 1],
    ['SELECT (SELECT Id FROM Log UNION SELECT -1)', 512, 1],
    ['SELECT (SELECT 1, 2)', 116, 1],
    ['SELECT Text, COUNT(*) FROM Log', 8120, 1],
    ['SELECT Id FROM Log WHERE COUNT(*) > 1', 147, 1],
    ['SELECT 1 UNION SELECT 1, 2', 205, 1],
    ['SELECT LEFT(1)', 174, 1],
    ['SELECT CAST(1 AS nonsense)', 2715, 1],
    ['SELECT GETDATE() * 2', 206, 1],
    ['SELECT 1 WHERE 1', 4145, 1],
    ['SELECT Id = 1 = 2 FROM Log', 102, 1],
    ['SELECT SUM(Text) FROM Log', 8117, 1],
    ['USE nowhere', 911, 1],
    ['COMMIT', 3902, 1],
    ['ROLLBACK', 3903, 1],
    ['EXEC Add_Log', 201, 1],
    ['EXEC Add_Log @nope = 1', 8145, 1],
    ["EXEC Add_Log 'a', 1, NULL, 4", 8144, 1],
    ["EXEC Add_Log @text = 'a', @times = 'x'", 8114, 1],
    ['SELECT * FROM Log FOR JSON AUTO', 40515, 1],
    ["SELECT * FROM OPENROWSET('a', 'b', 'c')", 40515, 1],
    ['SELECT * FROM sys.nowhere', 208, 1],
    ['THROW', 10704, 1],
    ["THROW 50001, 'x', 2", 50001, 1],
    ["RAISERROR('x', 14, 2)", 50000, 1],
    ['GRANT SELECT ON Log TO x', 40515, 1],
    ['SELECT * FROM Log ORDER BY 9', 108, 1],
    ['EXEC Fails 3', 8134, 4],
    ["SELECT 'unclosed", 105, 1],
    ['SELECT DATEADD(fortnight, 1, GETDATE())', 155, 1],
    ['SELECT 1 AS a INTO #x SELECT a FROM #x GROUP BY 1', 164, 1],
  ])('%s', async (sql, number, line) => {
    const { errors } = await run(session, sql);
    expect(errors.map((error) => [error.number, error.line])).toEqual([[number, line]]);
    await run(session, 'DROP TABLE IF EXISTS #x');
  });

  test('a statement nested beyond reason is refused, and the session lives on', async () => {
    const deep = await run(session, `SELECT ${'('.repeat(50_000)}1${')'.repeat(50_000)}`);
    expect(deep.errors.map(({ number }) => number)).toEqual([191]);
    expect((await run(session, 'SELECT 1')).rows).toEqual([[1]]);
  });

  test('names and texts cannot leave their quotes', async () => {
    const { errors, rows } = await run(
      session,
      `CREATE TABLE [a"; DROP TABLE x; --] ([b"c] int IDENTITY, [d'e] varchar(20)); INSERT INTO [a"; DROP TABLE x; --] ([d'e]) VALUES ('\\'' "; --'); SELECT [d'e] AS [q"'r], [b"c] FROM [a"; DROP TABLE x; --]`,
    );
    expect(errors).toEqual([]);
    expect(rows).toEqual([['\\\' "; --', 1]]);
  });

  test('after a failed statement the batch goes on; after a failed conversion it does not', async () => {
    expect((await run(session, 'SELECT 1/0; SELECT 5')).rows).toEqual([[5]]);
    expect((await run(session, "SELECT CAST('x' AS int); SELECT 5")).sets).toEqual([]);
    expect((await run(session, 'SET XACT_ABORT ON; SELECT 1/0; SELECT 5')).sets).toEqual([]);
    await session.reset();
  });

  test('a name that does not bind escapes the TRY around it, as on SQL Server', async () => {
    const { errors } = await run(
      session,
      'BEGIN TRY SELECT * FROM nowhere END TRY BEGIN CATCH SELECT 1 END CATCH',
    );
    expect(errors.map(({ number }) => number)).toEqual([208]);
  });

  test('THROW in a CATCH raises the same error again', async () => {
    const { errors } = await run(
      session,
      'BEGIN TRY\nSELECT 1/0\nEND TRY BEGIN CATCH THROW END CATCH',
    );
    expect(errors).toMatchObject([{ number: 8134, line: 2 }]);
  });
});
