import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { run, startTestEngine, type TestEngine } from './engine.fixture.js';
import type { SqlSession, SqlValue } from './sql-engine.port.js';

let server: TestEngine;
let session: SqlSession;

beforeAll(async () => {
  server = await startTestEngine();
  session = await server.session();
  await server.engine.runScript(
    'Patients',
    `CREATE TABLE Parent (Id int NOT NULL CONSTRAINT PK_Parent PRIMARY KEY, Label varchar(10) NOT NULL)
     CREATE TABLE Item (
       Id int IDENTITY(1,1) NOT NULL CONSTRAINT PK_Item PRIMARY KEY, ParentId int NULL CONSTRAINT FK_Item_Parent REFERENCES Parent(Id),
       Code varchar(5) NULL CONSTRAINT UQ_Item_Code UNIQUE, Price decimal(6,2) NOT NULL CONSTRAINT DF_Price DEFAULT (1.5) CONSTRAINT CK_Price CHECK (Price >= 0),
       Small tinyint NULL, Pad char(4) NULL, Bytes varbinary(4) NULL, Twice AS (Price * 2), Noted datetime2(3) NULL)
     CREATE UNIQUE INDEX IX_Label ON Parent (Label)
     GO`,
  );
});

beforeEach(async () => {
  await run(
    session,
    "DELETE FROM Item; DELETE FROM Parent; INSERT INTO Parent VALUES (1, 'one'), (2, 'two'); INSERT INTO Item (ParentId, Code, Price) VALUES (1, 'A', 10), (2, 'B', 20)",
  );
});

afterAll(() => server.stop());

describe('changes', () => {
  test.each<[sql: string, rows: SqlValue[][]]>([
    [
      "INSERT INTO Item (Code) OUTPUT inserted.Code, inserted.Price, inserted.Twice VALUES ('C')",
      [['C', '1.50', '3.00']],
    ],
    [
      "INSERT Item (Code, Price) SELECT Code + 'x', Price + 1 FROM Item; SELECT Code, Price FROM Item ORDER BY Code",
      [
        ['A', '10.00'],
        ['Ax', '11.00'],
        ['B', '20.00'],
        ['Bx', '21.00'],
      ],
    ],
    ['INSERT INTO Item DEFAULT VALUES; SELECT COUNT(*) FROM Item WHERE Code IS NULL', [[1]]],
    ["UPDATE Item SET Price = Price * 2, Code = NULL WHERE Code = 'a'; SELECT @@ROWCOUNT", [[1]]],
    [
      "UPDATE i SET Price = p.Id FROM Item i INNER JOIN Parent p ON p.Id = i.ParentId WHERE p.Label = 'TWO'; SELECT Price FROM Item WHERE Code = 'B'",
      [['2.00']],
    ],
    [
      "UPDATE Item SET Price = 3 FROM Parent WHERE Parent.Id = Item.ParentId AND Parent.Label = 'one'; SELECT Price FROM Item ORDER BY Id",
      [['3.00'], ['20.00']],
    ],
    [
      'UPDATE i SET Price = ISNULL(p.Id, 99) FROM Item i LEFT JOIN Parent p ON p.Id = i.ParentId AND p.Id = 1; SELECT Price FROM Item ORDER BY Id',
      [['1.00'], ['99.00']],
    ],
    [
      "UPDATE Item SET Price += 1 OUTPUT deleted.Price, inserted.Price WHERE Code = 'A'",
      [['10.00', '11.00']],
    ],
    ['UPDATE TOP (1) Item SET Price = 0; SELECT COUNT(*) FROM Item WHERE Price = 0', [[1]]],
    ['DELETE FROM Item OUTPUT deleted.Code WHERE ParentId = 2', [['B']]],
    [
      'DELETE i FROM Item AS i JOIN Parent p ON p.Id = i.ParentId WHERE p.Id = 1; SELECT Code FROM Item',
      [['B']],
    ],
    [
      'WITH x AS (SELECT 2 AS n) DELETE FROM Item WHERE ParentId IN (SELECT n FROM x); SELECT COUNT(*) FROM Item',
      [[1]],
    ],
    [
      "MERGE Item AS t USING (VALUES ('A', 5), ('Z', 6)) AS s(Code, Price) ON t.Code = s.Code WHEN MATCHED THEN UPDATE SET Price = s.Price WHEN NOT MATCHED THEN INSERT (Code, Price) VALUES (s.Code, s.Price) WHEN NOT MATCHED BY SOURCE THEN DELETE OUTPUT $action, inserted.Code, deleted.Code; ",
      [
        ['UPDATE', 'A', 'A'],
        ['DELETE', null, 'B'],
        ['INSERT', 'Z', null],
      ],
    ],
    [
      'DECLARE @t TABLE (Id int, Code varchar(5)); UPDATE Item SET Price = 1 OUTPUT inserted.ParentId, inserted.Code INTO @t; SELECT * FROM @t ORDER BY Id',
      [
        [1, 'A'],
        [2, 'B'],
      ],
    ],
    [
      "INSERT INTO Item (Code, Pad, Bytes, Noted) VALUES ('P', 'ab', 0x0102, '2026-01-01 10:00:00.1239'); SELECT Pad, Bytes, Noted FROM Item WHERE Code = 'P'",
      [['ab  ', Buffer.from([1, 2]), '2026-01-01 10:00:00.124']],
    ],
    [
      "SELECT Id, Label INTO #p FROM Parent; INSERT INTO #p VALUES (3, 'x'); SELECT COUNT(*) FROM #p; DROP TABLE #p",
      [[3]],
    ],
    ['TRUNCATE TABLE Item; SELECT COUNT(*) FROM Item', [[0]]],
    [
      "SET IDENTITY_INSERT Item ON; INSERT INTO Item (Id, Code) VALUES (900, 'I'); SET IDENTITY_INSERT Item OFF; INSERT INTO Item (Code) VALUES ('J'); SELECT SCOPE_IDENTITY(), @@IDENTITY",
      [['901', '901']],
    ],
  ])('%s', async (sql, rows) => {
    const gathered = await run(session, sql);
    expect(gathered.errors).toEqual([]);
    expect(gathered.rows).toEqual(rows);
  });

  test('row counts are given for each change, and not under NOCOUNT', async () => {
    expect(
      (await run(session, 'UPDATE Item SET Price = 1; DELETE FROM Item WHERE Id < 0; SELECT 1'))
        .counts,
    ).toEqual([2, 0, 1]);
    expect(
      (await run(session, 'SET NOCOUNT ON; UPDATE Item SET Price = 1; SELECT 1; SET NOCOUNT OFF'))
        .counts,
    ).toEqual([undefined, undefined]);
  });

  test('SCOPE_IDENTITY is of this scope, @@IDENTITY of the session', async () => {
    await run(session, 'CREATE PROCEDURE AddItem AS INSERT INTO Item (Code) VALUES (NULL)');
    await run(session, 'DELETE FROM Item');
    const { rows } = await run(
      session,
      "INSERT INTO Item (Code) VALUES ('S'); DECLARE @mine int = SCOPE_IDENTITY(); DELETE FROM Item; EXEC AddItem; SELECT SCOPE_IDENTITY() - @mine, @@IDENTITY - @mine",
    );
    expect(rows).toEqual([['0', '1']]);
  });
});

describe('names that could mislead', () => {
  test('a common table is never mistaken for the table of the same name', async () => {
    for (const change of [
      'DELETE FROM Item',
      'UPDATE Item SET Code = NULL',
      'UPDATE x SET Code = NULL FROM Item x',
    ]) {
      const { errors } = await run(session, `WITH Item AS (SELECT 1 AS Code) ${change}`);
      expect(errors.map(({ number }) => number)).toEqual([40515]);
    }
    expect((await run(session, 'SELECT COUNT(*) FROM Item WHERE Code IS NOT NULL')).rows).toEqual([
      [2],
    ]);
  });
});

describe('errors of changes', () => {
  test.each<[sql: string, number: number, message: RegExp]>([
    [
      "INSERT INTO Parent VALUES (1, 'x')",
      2627,
      /PRIMARY KEY constraint 'PK_Parent'.*'dbo.Parent'. The duplicate key value is \(1\)/,
    ],
    ["INSERT INTO Item (Code) VALUES ('a ')", 2627, /UNIQUE KEY constraint 'UQ_Item_Code'/],
    ["INSERT INTO Parent VALUES (3, 'ONE')", 2601, /'dbo.Parent' with unique index 'IX_Label'/],
    [
      'INSERT INTO Item (ParentId) VALUES (77)',
      547,
      /INSERT statement conflicted with the FOREIGN KEY constraint "FK_Item_Parent".*"Patients", table "dbo.Parent", column 'Id'/,
    ],
    [
      'DELETE FROM Parent',
      547,
      /DELETE statement conflicted with the REFERENCE constraint "FK_Item_Parent".*table "dbo.Item", column 'ParentId'/,
    ],
    [
      'UPDATE Item SET Price = -1',
      547,
      /UPDATE statement conflicted with the CHECK constraint "CK_Price"/,
    ],
    [
      'INSERT INTO Parent VALUES (5, NULL)',
      515,
      /column 'Label', table 'Patients.dbo.Parent'.*INSERT fails/,
    ],
    [
      "INSERT INTO Item (Code) VALUES ('abcdef')",
      2628,
      /table 'Patients.dbo.Item', column 'Code'. Truncated value: 'abcde'/,
    ],
    ['INSERT INTO Item (Small) VALUES (256)', 220, /tinyint, value = 256/],
    ['UPDATE Item SET Price = 10000', 8115, /numeric/],
    ["INSERT INTO Item (Price) VALUES ('x')", 8114, /varchar to numeric/],
    ["INSERT INTO Item (Noted) VALUES ('nonsense')", 241, /date/],
    ["INSERT INTO Item (Noted) VALUES ('2026-01-01 10:00:00.1234567')", 241, /date/],
    ['INSERT INTO Item (Id) VALUES (1)', 544, /IDENTITY_INSERT/],
    ['UPDATE Item SET Twice = 1', 271, /Twice/],
    ['UPDATE Item SET Id = 1', 8102, /Id/],
    ['INSERT INTO Parent (Id) VALUES (1, 2)', 110, /fewer columns/],
    ['INSERT INTO Parent VALUES (1)', 213, /./],
    ['TRUNCATE TABLE Parent', 4712, /FOREIGN KEY/],
    ['DROP TABLE Parent', 3726, /FOREIGN KEY/],
    ['CREATE TABLE Parent (x int)', 2714, /Parent/],
    ['DROP TABLE Nowhere', 3701, /Nowhere/],
  ])('%s', async (sql, number, message) => {
    const { errors } = await run(session, sql);
    expect(errors.map((error) => error.number)).toEqual([number]);
    expect(errors[0]?.message).toMatch(message);
  });

  test('a failed statement of several rows leaves none behind', async () => {
    const { errors, rows } = await run(
      session,
      "INSERT INTO Parent VALUES (8, 'eight'), (1, 'dup'); SELECT COUNT(*) FROM Parent",
    );
    expect(errors.map(({ number }) => number)).toEqual([2627]);
    expect(rows).toEqual([[2]]);
  });
});
