import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { run, startTestEngine, typesOf, type TestEngine } from './engine.fixture.js';
import type { SqlSession, SqlValue } from './sql-engine.port.js';

let server: TestEngine;
let session: SqlSession;

beforeAll(async () => {
  server = await startTestEngine();
  session = await server.session();
  await server.engine.runScript(
    'Patients',
    `CREATE TABLE Person (Id int NOT NULL PRIMARY KEY, Name nvarchar(40) NULL, Town varchar(20) NULL, Born date NULL, Fee decimal(10,2) NULL, Active bit NOT NULL DEFAULT 1)
     GO
     INSERT INTO Person VALUES (1, N'Zzada', 'Perth', '1990-02-03', 10.50, 1), (2, N'zzBob', 'perth', '1985-12-31', 20, 0), (3, N'Zzcé', NULL, NULL, NULL, 1), (4, N'Zz🙂', 'Hobart', '2001-07-01', 5.25, 1)
     GO
     CREATE TABLE Visit (Id int IDENTITY(10,5) PRIMARY KEY, PersonId int NOT NULL REFERENCES Person(Id), At datetime NOT NULL, Minutes smallint NOT NULL)
     GO
     INSERT INTO Visit (PersonId, At, Minutes) VALUES (1, '2026-03-01 09:00', 15), (1, '2026-03-02 10:30', 30), (2, '2026-03-01 11:00', 20)
     GO
     CREATE VIEW Busy AS SELECT p.Id, p.Name, COUNT(*) AS Visits FROM Person p JOIN Visit v ON v.PersonId = p.Id GROUP BY p.Id, p.Name
     GO`,
  );
});

afterAll(() => server.stop());

type Case = [sql: string, rows: SqlValue[][]];

async function check([sql, rows]: Case): Promise<void> {
  const gathered = await run(session, sql);
  expect(gathered.errors).toEqual([]);
  expect(gathered.rows).toEqual(rows);
}

describe('literals and operators', () => {
  test.each<Case>([
    ['SELECT 7 / 2, 7 % 3, -7 / 2', [[3, 1, -3]]],
    ['SELECT 7 / 2.0', [['3.500000']]],
    ['SELECT 2.0 / 3', [['0.666666']]],
    ['SELECT 1.5 * 2', [['3.0']]],
    ["SELECT 'a' + 'b', 'a' + NULL", [['ab', null]]],
    ["SELECT '1' + 2", [[3]]],
    ["SELECT 'a ' + 'b'", [['a b']]],
    ['SELECT 5 & 3, 5 | 3, 5 ^ 3, ~5', [[1, 7, 6, -6]]],
    ['SELECT 0x0AFF', [[Buffer.from('0aff', 'hex')]]],
    ['SELECT $12.5, 1e3', [['12.5000', 1000]]],
    ["SELECT CASE WHEN 'ABC' = 'abc  ' THEN 1 ELSE 0 END", [[1]]],
    ["SELECT CASE WHEN 'é' = 'e' THEN 1 ELSE 0 END", [[0]]],
    ["SELECT 'it''s', N'日本'", [["it's", '日本']]],
    ["SELECT CASE WHEN 'a' COLLATE Latin1_General_CS_AS = 'A' THEN 1 ELSE 0 END", [[0]]],
    ['SELECT CAST(1 AS bit), CAST(0 AS bit), CAST(7 AS bit)', [[true, false, true]]],
    ["SELECT CAST('2026-01-31' AS datetime) + 1", [['2026-02-01 00:00:00']]],
    ['SELECT 2147483647 + CAST(1 AS bigint), 3000000000', [['2147483648', '3000000000']]],
    ["SELECT IIF(NULL = NULL, 'y', 'n'), IIF(1 IN (1, NULL), 'y', 'n')", [['n', 'y']]],
  ])('%s', async (...given) => check(given));
});

describe('queries', () => {
  test.each<Case>([
    ["SELECT Id FROM Person WHERE name = N'ZZADA'", [[1]]],
    ['SELECT TOP 2 Id FROM dbo.[Person] ORDER BY Id DESC', [[4], [3]]],
    [
      'SELECT TOP (1) WITH TIES Town FROM Person WHERE Town IS NOT NULL ORDER BY Town DESC',
      [['Perth'], ['perth']],
    ],
    ['SELECT Town FROM Person ORDER BY Town, Id', [[null], ['Hobart'], ['Perth'], ['perth']]],
    ['SELECT COUNT(DISTINCT Town), COUNT(Town), COUNT(*) FROM Person', [[2, 3, 4]]],
    ['SELECT COUNT(*) FROM (SELECT DISTINCT Town FROM Person) x', [[3]]],
    [
      'SELECT LOWER(MIN(Town)), COUNT(*) AS n FROM Person GROUP BY Town HAVING COUNT(*) > 1',
      [['perth', 2]],
    ],
    [
      'SELECT p.Id, v.Minutes FROM Person p LEFT JOIN Visit v ON v.PersonId = p.Id AND v.Minutes > 15 ORDER BY p.Id',
      [
        [1, 30],
        [2, 20],
        [3, null],
        [4, null],
      ],
    ],
    [
      'SELECT p.Id, x.Minutes FROM Person p CROSS APPLY (SELECT TOP 1 Minutes FROM Visit v WHERE v.PersonId = p.Id ORDER BY Minutes DESC) x ORDER BY 1',
      [
        [1, 30],
        [2, 20],
      ],
    ],
    [
      'SELECT p.Id, x.n FROM Person p OUTER APPLY (SELECT MAX(Minutes) n FROM Visit v WHERE v.PersonId = p.Id HAVING COUNT(*) > 0) x ORDER BY 1',
      [
        [1, 30],
        [2, 20],
        [3, null],
        [4, null],
      ],
    ],
    ['SELECT a.Id FROM Person a, Person b WHERE a.Id = b.Id + 1 ORDER BY a.Id', [[2], [3], [4]]],
    [
      'WITH v AS (SELECT PersonId, COUNT(*) n FROM Visit GROUP BY PersonId) SELECT p.Name, v.n FROM Person p JOIN v ON v.PersonId = p.Id ORDER BY n',
      [
        ['zzBob', 1],
        ['Zzada', 2],
      ],
    ],
    [
      'WITH n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 4) SELECT x FROM n ORDER BY x',
      [[1], [2], [3], [4]],
    ],
    [
      'SELECT Id, ROW_NUMBER() OVER (PARTITION BY Active ORDER BY Id DESC) FROM Person ORDER BY Id',
      [
        [1, '3'],
        [2, '1'],
        [3, '2'],
        [4, '1'],
      ],
    ],
    [
      'SELECT Id, SUM(Minutes) OVER (ORDER BY Id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) FROM Visit ORDER BY Id',
      [
        [10, 15],
        [15, 45],
        [20, 65],
      ],
    ],
    [
      'SELECT Id, LAG(Id) OVER (ORDER BY Id), LEAD(Id, 1, -1) OVER (ORDER BY Id) FROM Visit ORDER BY Id',
      [
        [10, null, 15],
        [15, 10, 20],
        [20, 15, -1],
      ],
    ],
    [
      'SELECT SUM(Fee), AVG(Fee), MIN(Fee), MAX(Fee) FROM Person',
      [['35.75', '11.916666', '5.25', '20.00']],
    ],
    ['SELECT AVG(Minutes) FROM Visit', [[21]]],
    [
      "SELECT STRING_AGG(Name, ', ') WITHIN GROUP (ORDER BY Id) FROM Person WHERE Id < 3",
      [['Zzada, zzBob']],
    ],
    ["SELECT Id FROM Person WHERE Name LIKE N'zz[a-b]%' ORDER BY Id", [[1], [2]]],
    [
      "SELECT Id FROM Person WHERE Name LIKE N'zz[^a]%' AND Name NOT LIKE '%b' ORDER BY Id",
      [[3], [4]],
    ],
    [
      "SELECT IIF('50%' LIKE '50!%' ESCAPE '!', 1, 0), IIF('5a' LIKE '5_', 1, 0), IIF('a[b' LIKE 'a[[]b', 1, 0)",
      [[1, 1, 1]],
    ],
    ['SELECT Id FROM Person WHERE Id IN (SELECT PersonId FROM Visit) ORDER BY Id', [[1], [2]]],
    [
      'SELECT Id FROM Person p WHERE NOT EXISTS (SELECT * FROM Visit v WHERE v.PersonId = p.Id) ORDER BY Id',
      [[3], [4]],
    ],
    ['SELECT Id FROM Person WHERE Id > ALL (SELECT PersonId FROM Visit) ORDER BY Id', [[3], [4]]],
    ['SELECT Id FROM Person ORDER BY Id OFFSET 1 ROWS FETCH NEXT 2 ROWS ONLY', [[2], [3]]],
    ['SELECT 1 AS a UNION SELECT 1 UNION ALL SELECT 2 ORDER BY a', [[1], [2]]],
    ['SELECT Id FROM Person EXCEPT SELECT PersonId FROM Visit ORDER BY Id', [[3], [4]]],
    ['SELECT Id FROM Person INTERSECT SELECT PersonId FROM Visit ORDER BY 1', [[1], [2]]],
    [
      "SELECT x.a, x.b FROM (VALUES (1, 'one'), (2, 'two')) AS x(a, b) ORDER BY a",
      [
        [1, 'one'],
        [2, 'two'],
      ],
    ],
    ['SELECT (SELECT MAX(Id) FROM Visit), Id FROM Person WHERE Id = 1', [[20, 1]]],
    ['SELECT Visits FROM Busy WHERE Id = 1', [[2]]],
    ["SELECT value FROM STRING_SPLIT('a,b,,c', ',')", [['a'], ['b'], [''], ['c']]],
    [
      'SELECT Active, COUNT(*) n FROM Person GROUP BY ROLLUP(Active) ORDER BY n',
      [
        [false, 1],
        [true, 3],
        [null, 4],
      ],
    ],
    ['SELECT Total = Fee * 2, Fee f FROM Person WITH (NOLOCK) WHERE Id = 1', [['21.00', '10.50']]],
    [
      'SELECT p.* FROM Person AS p WHERE p.Id = 4',
      [[4, 'Zz🙂', 'Hobart', '2001-07-01', '5.25', true]],
    ],
    [
      "SELECT CASE Town WHEN 'PERTH' THEN 'W' WHEN 'hobart' THEN 'T' ELSE '?' END FROM Person ORDER BY Id",
      [['W'], ['W'], ['?'], ['T']],
    ],
    [
      "SELECT Id FROM Patients..Person WHERE Born BETWEEN '1985-01-01' AND '1990-12-31' ORDER BY Id",
      [[1], [2]],
    ],
    [
      'SELECT COUNT(*) FROM Person p INNER JOIN (Visit v INNER JOIN Person q ON q.Id = v.PersonId) ON p.Id = v.PersonId',
      [[3]],
    ],
    [
      'SELECT Id FROM Person WHERE Fee > 10 OR Fee IS NULL ORDER BY Id OPTION (RECOMPILE, MAXDOP 1)',
      [[1], [2], [3]],
    ],
  ])('%s', async (...given) => check(given));
});

describe('functions', () => {
  test.each<Case>([
    [
      "SELECT ISNULL(NULL, 'x'), COALESCE(NULL, NULL, 3), NULLIF(1, 1), NULLIF(2, 1)",
      [['x', 3, null, 2]],
    ],
    [
      "SELECT LEN('ab  '), DATALENGTH('ab  '), DATALENGTH(N'ab'), DATALENGTH(N'🙂'), LEN('')",
      [[2, 4, 4, 4, 0]],
    ],
    [
      "SELECT SUBSTRING('abcdef', 2, 3), SUBSTRING('abc', 0, 2), LEFT('abc', 2), RIGHT('abc', 2)",
      [['bcd', 'a', 'ab', 'bc']],
    ],
    [
      "SELECT CHARINDEX('C', 'abcabc'), CHARINDEX('c', 'abcabc', 4), CHARINDEX('x', 'abc')",
      [[3, 6, 0]],
    ],
    [
      "SELECT PATINDEX('%[0-9]%', 'abc5'), PATINDEX('abc%', 'abcd'), PATINDEX('x%', 'abc')",
      [[4, 1, 0]],
    ],
    [
      "SELECT REPLACE('aBab', 'b', 'x'), STUFF('abcdef', 2, 3, 'ZZ'), REVERSE('abc')",
      [['axax', 'aZZef', 'cba']],
    ],
    [
      "SELECT UPPER('é'), LOWER(N'ÀB'), LTRIM('  a '), RTRIM(' a  '), TRIM('  a  ')",
      [['É', 'àb', 'a ', ' a', 'a']],
    ],
    [
      "SELECT CONCAT('a', NULL, 1, '-', 2.50), CONCAT_WS('-', 'a', NULL, 'b')",
      [['a1-2.50', 'a-b']],
    ],
    [
      "SELECT REPLICATE('ab', 3), '[' + SPACE(2) + ']', CHAR(65), NCHAR(233), ASCII('A'), UNICODE(N'é')",
      [['ababab', '[  ]', 'A', 'é', 65, 233]],
    ],
    ["SELECT QUOTENAME('a]b'), QUOTENAME('a', '''')", [['[a]]b]', "'a'"]]],
    ["SELECT STR(3.14159, 6, 2), TRANSLATE('2*[3+4]', '[]', '()')", [['  3.14', '2*(3+4)']]],
    [
      'SELECT ABS(-5), CEILING(1.2), FLOOR(-1.2), ROUND(2.345, 2), ROUND(1234, -2), POWER(2, 10), SQRT(16.0), SIGN(-3)',
      [[5, '2', '-2', '2.350', 1200, 1024, 4, -1]],
    ],
    [
      "SELECT DATEDIFF(year, '2025-12-31', '2026-01-01'), DATEDIFF(month, '2026-01-31', '2026-02-01'), DATEDIFF(day, '2026-01-01 23:59', '2026-01-02 00:01')",
      [[1, 1, 1]],
    ],
    [
      "SELECT DATEDIFF(hour, '09:59', '10:00'), DATEDIFF(week, '2026-03-07', '2026-03-08'), DATEDIFF(minute, '10:00:59', '10:01:00'), DATEDIFF(second, '2026-01-01', '2026-01-02')",
      [[1, 1, 1, 86400]],
    ],
    [
      "SELECT DATEADD(month, 1, '2026-01-31'), DATEADD(day, -1, CAST('2026-03-01' AS date)), DATEADD(minute, 90, CAST('2026-01-01 23:00' AS datetime2(0)))",
      [['2026-02-28 00:00:00', '2026-02-28', '2026-01-02 00:30:00']],
    ],
    [
      "SELECT DATEPART(weekday, '2026-03-01'), DATEPART(week, '2026-01-04'), DATEPART(quarter, '2026-05-01'), DATENAME(month, '2026-05-01'), DATENAME(weekday, '2026-03-01')",
      [[1, 2, 2, 'May', 'Sunday']],
    ],
    [
      "SELECT EOMONTH('2024-02-10'), DATEFROMPARTS(2026, 3, 4), YEAR('2026-03-04'), MONTH('2026-03-04'), DAY('2026-03-04')",
      [['2024-02-29', '2026-03-04', 2026, 3, 4]],
    ],
    [
      "SELECT FORMAT(CAST('2026-03-04 15:06:07' AS datetime), 'dd/MM/yyyy HH:mm'), FORMAT(1234.567, 'N2'), FORMAT(7, '000'), FORMAT(0.25, 'P0')",
      [['04/03/2026 15:06', '1,234.57', '007', '25%']],
    ],
    [
      "SELECT CONVERT(varchar(10), CAST('2026-03-04' AS date), 103), CONVERT(varchar(20), CAST('2026-03-04 15:06:07' AS datetime), 120), CONVERT(char(8), CAST('2026-03-04' AS datetime), 112)",
      [['04/03/2026', '2026-03-04 15:06:07', '20260304']],
    ],
    [
      "SELECT CONVERT(varchar(30), CAST('2026-03-04 15:06:07.123' AS datetime)), CONVERT(varchar(30), CAST('2026-03-04 05:06' AS datetime), 126), CAST(CAST('2026-03-04' AS date) AS varchar(20))",
      [['Mar  4 2026  3:06PM', '2026-03-04T05:06:00', '2026-03-04']],
    ],
    [
      "SELECT CONVERT(date, '04/03/2026', 103), CONVERT(date, '04/03/2026', 101), CAST('20260304' AS date), CAST('4 Mar 2026' AS date)",
      [['2026-03-04', '2026-04-03', '2026-03-04', '2026-03-04']],
    ],
    [
      "SELECT TRY_CAST('x' AS int), TRY_CONVERT(date, '2026-02-30'), TRY_CAST('12' AS tinyint), TRY_CAST('300' AS tinyint)",
      [[null, null, 12, null]],
    ],
    [
      "SELECT CAST('2026-01-01 10:00:00.005' AS datetime), CAST('2026-01-01 10:00:00.9999' AS datetime2(3)), CAST('10:29:30' AS smalldatetime)",
      [['2026-01-01 10:00:00.007', '2026-01-01 10:00:01', '1900-01-01 10:30:00']],
    ],
    [
      'SELECT CAST(2.5 AS int), CAST(-2.9 AS int), CAST(2.55 AS decimal(3,1)), CAST($2.5 AS int), CAST(1.005e0 AS varchar(20))',
      [[2, -2, '2.6', 3, '1.005']],
    ],
    [
      "SELECT CAST('ab' AS char(4)) + '|', CAST('abcdef' AS varchar(3)), CAST(12 AS varchar), CAST(N'日' AS varchar(5))",
      [['ab  |', 'abc', '12', '?']],
    ],
    [
      "SELECT HASHBYTES('SHA2_256', 'abc'), HASHBYTES('MD5', N'a')",
      [
        [
          Buffer.from('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad', 'hex'),
          Buffer.from('4144e195f46de78a3623da7364d04f11', 'hex'),
        ],
      ],
    ],
    [
      "SELECT HASHBYTES('SHA1', 'abc'), CONVERT(varchar(20), 0x0AFF, 1), CONVERT(varbinary(4), '0aff', 2), CAST('abc' AS varbinary(10))",
      [
        [
          Buffer.from('a9993e364706816aba3e25717850c26c9cd0d89d', 'hex'),
          '0x0AFF',
          Buffer.from('0aff', 'hex'),
          Buffer.from('abc'),
        ],
      ],
    ],
    [
      "SELECT CAST('6F9619FF-8B86-D011-B42D-00C04FC964FF' AS uniqueidentifier)",
      [['6f9619ff-8b86-d011-b42d-00c04fc964ff']],
    ],
    [
      "SELECT CHOOSE(2, 'a', 'b'), GREATEST(1, 3, 2), LEAST('b', 'a'), ISNUMERIC('1.5'), ISNUMERIC('x'), ISDATE('2026-01-01')",
      [['b', 3, 'a', 1, 0, 1]],
    ],
    [
      'SELECT DB_NAME(), SUSER_SNAME(), HOST_NAME(), APP_NAME(), USER_NAME(), SCHEMA_NAME()',
      [['Patients', 'sa', 'here', 'test', 'dbo', 'dbo']],
    ],
    [
      "SELECT CAST(SYSDATETIMEOFFSET() AS date), CAST('2026-01-01 10:00 +10:00' AS datetimeoffset(0)), CAST(CAST('2026-01-01 10:00 +10:00' AS datetimeoffset) AS datetime2(0))",
      [
        [
          expect.any(String) as unknown as string,
          '2026-01-01 10:00:00 +10:00',
          '2026-01-01 10:00:00',
        ],
      ],
    ],
    ["SELECT CHECKSUM('a') - CHECKSUM('A')", [[0]]],
  ])('%s', async (...given) => check(given));

  test('the clock is the clinic’s, and the same throughout a statement', async () => {
    const { rows } = await run(
      session,
      'SELECT IIF(GETDATE() = GETDATE(), 1, 0), ABS(DATEDIFF(hour, GETUTCDATE(), GETDATE())), LEN(NEWID()), IIF(NEWID() = NEWID(), 1, 0)',
    );
    expect(rows[0]?.[0]).toBe(1);
    expect([10, 11]).toContain(rows[0]?.[1]);
    expect(rows[0]?.slice(2)).toEqual([36, 0]);
  });
});

describe('result columns', () => {
  test.each<[string, string[]]>([
    [
      'SELECT Id, Name, Town, Born, Fee, Active FROM Person',
      ['int', 'nvarchar(40)', 'varchar(20)', 'date', 'decimal(10,2)', 'bit'],
    ],
    ['SELECT Id, Name, Visits FROM Busy', ['int', 'nvarchar(40)', 'int']],
    [
      "SELECT 1, 'abc', N'ab', 1.25, NULL, 0x01, 1e0, $1",
      ['int', 'varchar(3)', 'nvarchar(2)', 'numeric(3,2)', 'int', 'varbinary(1)', 'float', 'money'],
    ],
    [
      'SELECT GETDATE(), SYSDATETIME(), COUNT(*), SUM(Fee), AVG(Fee), COUNT_BIG(*) FROM Person',
      ['datetime', 'datetime2(7)', 'int', 'decimal(38,2)', 'decimal(38,6)', 'bigint'],
    ],
    [
      'SELECT Fee * 2, Fee / 3, Fee + 1, Fee * Fee FROM Person',
      ['numeric(12,2)', 'numeric(14,6)', 'numeric(11,2)', 'numeric(21,4)'],
    ],
    [
      'SELECT x.Name, x.n FROM (SELECT Name, Minutes AS n FROM Person p LEFT JOIN Visit v ON v.PersonId = p.Id) x',
      ['nvarchar(40)', 'smallint'],
    ],
    [
      "SELECT Town + Name, LEFT(Town, 3), ISNULL(Town, 'a longer one') FROM Person",
      ['nvarchar(60)', 'varchar(3)', 'varchar(20)'],
    ],
  ])('%s', async (sql, types) => {
    expect(typesOf(await run(session, sql))).toEqual(types);
  });

  test('names keep their case, expressions have none, and nullability is known', async () => {
    const { sets } = await run(
      session,
      'SELECT id, Fee + 1, Name AS [The Name] FROM person; SELECT * FROM Visit',
    );
    expect(sets[0]?.columns.map(({ name, nullable }) => [name, nullable])).toEqual([
      ['id', false],
      ['', true],
      ['The Name', true],
    ]);
    expect(sets[1]?.columns.map(({ name, identity }) => [name, identity === true])).toEqual([
      ['Id', true],
      ['PersonId', false],
      ['At', false],
      ['Minutes', false],
    ]);
  });
});
