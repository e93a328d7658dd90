import { describe, expect, test } from '@jest/globals';
import { checkAgreedStatement, maxAgreedCharacters } from '#libs/tsql/agreed-statement.js';

const reading = `SELECT TOP (500) p.INTERNALID, p.SURNAME, CONVERT(varchar(10), a.APPOINTMENTDATE, 103) AS [On day]
FROM dbo.Patient p
JOIN dbo.Appointment a ON a.INTERNALID = p.INTERNALID
WHERE a.APPOINTMENTDATE >= DATEADD(day, -30, @from) AND p.RECORDSTATUS = 1
ORDER BY a.APPOINTMENTDATE OFFSET 0 ROWS FETCH NEXT 1000 ROWS ONLY`;

describe('a statement to agree on', () => {
  test('may read, with parameters and small constants', () => {
    expect(checkAgreedStatement(reading.replace('TOP (500) ', ''))).toEqual({
      ok: true,
      changes: false,
    });
    expect(checkAgreedStatement('SELECT TOP 1000000 a FROM t;')).toMatchObject({ ok: true });
  });

  test.each([
    'UPDATE dbo.Appointment SET STATUS = @status WHERE RECORDID = @id',
    'INSERT INTO dbo.Note (INTERNALID, BODY) VALUES (@patient, @body);',
    'DELETE FROM dbo.Note WHERE NOTEID = @id',
    'DELETE FROM t WHERE a IN (SELECT a FROM u UNION ALL SELECT a FROM v)',
    'INSERT INTO t (a) SELECT a FROM u UNION ALL SELECT a FROM v',
    'INSERT INTO t DEFAULT VALUES',
    'WITH u AS (SELECT a FROM v) UPDATE t SET a = u.a FROM t INNER MERGE JOIN u ON t.a = u.a',
    'MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN UPDATE SET b = u.b WHEN NOT MATCHED THEN INSERT (a) VALUES (u.a) WHEN NOT MATCHED BY SOURCE THEN DELETE;',
  ])('may change data, and is known for it: %s', (sql) => {
    expect(checkAgreedStatement(sql)).toEqual({ ok: true, changes: true });
  });

  test.each([
    ["SELECT a FROM t WHERE SURNAME = 'Zz'", 'string', 1, 33],
    ["SELECT a\nFROM t\n WHERE SURNAME = N'Zz'", 'string', 3, 18],
    ['SELECT "Zz Person"', 'string', 1, 8],
    ['SELECT 0x5A7A', 'literal', 1, 8],
    ['SELECT $12', 'literal', 1, 8],
    ['SELECT 1.5', 'literal', 1, 8],
    ['SELECT 1e3', 'literal', 1, 8],
    ['SELECT a FROM t WHERE MEDICARE = 2428778132', 'literal', 1, 34],
    ['SELECT a FROM t WHERE BORN = 1970', 'literal', 1, 30],
    ['SELECT TOP 1000001 a FROM t', 'literal', 1, 12],
    ['SELECT a FROM t WHERE INTERNALID = 42', 'comparedNumber', 1, 36],
    ['SELECT a FROM t WHERE 42 = INTERNALID', 'comparedNumber', 1, 23],
    ['SELECT a FROM t WHERE INTERNALID = -42', 'comparedNumber', 1, 37],
    ['SELECT a FROM t WHERE INTERNALID IN (1, 42)', 'comparedNumber', 1, 41],
    ['SELECT a FROM t WHERE INTERNALID BETWEEN 1 AND 42', 'comparedNumber', 1, 48],
    ['INSERT INTO t (id) VALUES (42)', 'comparedNumber', 1, 28],
    ['INSERT INTO t (id) VALUES ((42))', 'comparedNumber', 1, 29],
    ['SELECT a FROM t WHERE INTERNALID = -(42)', 'comparedNumber', 1, 38],
    ['SELECT a FROM t WHERE (42) = INTERNALID', 'comparedNumber', 1, 24],
    ['SELECT a FROM t WHERE INTERNALID IN (1, (42))', 'comparedNumber', 1, 42],
    ['SELECT a -- Zz Person\nFROM t', 'comment', 1, 10],
    ['SELECT a /* Zz */ FROM t', 'comment', 1, 10],
    ["SELECT a FROM t WHERE b = 'Zz' -- Person", 'string', 1, 27],
    ['SELECT a AS [Zz, born 01/02/1970]', 'name', 1, 13],
    ['SELECT a AS [Zz 12345]', 'name', 1, 13],
    ['SELECT a AS [Zz, Person]', 'name', 1, 13],
    ['SELECT a AS Zz_0355_50100', 'name', 1, 13],
    ['SELECT @p0355501000', 'name', 1, 8],
    [`SELECT a AS [${'z'.repeat(65)}]`, 'name', 1, 13],
    ["SELECT 'open", 'openString', 1, 8],
    ['SELECT a\u0007', 'character', 1, 9],
  ])('has no place for facts of somebody: %s', (sql, reason, line, column) => {
    expect(checkAgreedStatement(sql)).toEqual({ ok: false, reason, line, column });
  });

  test.each([
    ['', 'empty'],
    ['SELECT a FROM Other.dbo.Patient', 'otherCatalogue'],
    ['UPDATE Other.dbo.Patient SET A = @a', 'otherCatalogue'],
    ['EXEC dbo.BookAppointment @id', 'notDataStatement'],
    ['INSERT INTO t EXEC (@sql)', 'hiddenCode'],
    ['INSERT INTO t EXEC sp_executesql @sql', 'hiddenCode'],
    ['INSERT INTO t (a) SELECT a FROM OPENQUERY(b, @c)', 'hiddenCode'],
    ['UPDATE t SET a = sp_x', 'hiddenCode'],
    ['DELETE FROM t; DELETE FROM u', 'notOneStatement'],
    ['DELETE FROM t; FETCH NEXT FROM u', 'notOneStatement'],
    ['DELETE FROM t DELETE FROM u', 'notOneStatement'],
    ['DELETE FROM t SELECT a FROM u', 'notOneStatement'],
    ['DELETE FROM t SET NOCOUNT ON', 'notOneStatement'],
    ['UPDATE t SET a = @a SET NOCOUNT ON', 'notOneStatement'],
    ['UPDATE t SET a = @a END CONVERSATION @h', 'notOneStatement'],
    ['INSERT INTO t (a) VALUES (@a) SELECT a FROM u', 'notOneStatement'],
    ['INSERT INTO t SELECT a FROM u SELECT a FROM v', 'notOneStatement'],
    ['MERGE t USING u ON t.a = u.a WHEN MATCHED THEN DELETE DELETE FROM u', 'notOneStatement'],
    ['WITH u AS (SELECT a FROM v) SELECT a INTO t FROM u', 'notDataStatement'],
    ['DROP TABLE t', 'notDataStatement'],
    ['UPDATE t SET a = @a WHILE 1 = 1', 'notDataStatement'],
    ['SELECT a FROM t WITH (TABLOCKX)', 'notDataStatement'],
  ])('does what its text shows, and one thing: %s', (sql, reason) => {
    expect(checkAgreedStatement(sql)).toMatchObject({ ok: false, reason });
  });

  test('is no longer than somebody reads', () => {
    const ofLength = (length: number) => `SELECT ${' '.repeat(length - 8)}a`;
    expect(checkAgreedStatement(ofLength(maxAgreedCharacters)).ok).toBe(true);
    expect(checkAgreedStatement(ofLength(maxAgreedCharacters + 1))).toMatchObject({
      reason: 'tooLong',
    });
  });
});
