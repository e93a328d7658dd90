import { describe, expect, test } from '@jest/globals';
import { checkReadOnly } from '#libs/tsql/read-only.js';

const granted = ['Patients', 'Letters'];

const inside = [
  'SELECT * FROM Patient',
  'SELECT * FROM Patients.dbo.Patient',
  'SELECT * FROM [PATIENTS] . "dbo" . Patient AS p JOIN letters..Letter l ON l.id = p.id',
  'SELECT dbo.Patient.Name, [dbo].[patient].[Born] FROM dbo.Patient WHERE dbo.Patient.Id = @id',
  'SELECT TOP (5) dbo.Patient.Name FROM Patient ORDER BY dbo.Patient.Name, dbo.Patient.Id',
  'SELECT ISNULL(dbo.a.x, dbo.b.x) FROM dbo.a JOIN dbo.b ON (dbo.a.x = dbo.b.x AND dbo.a.y IN (1, dbo.b.y))',
  'SELECT dbo.Letter.Id FROM Letters.dbo.Letter GROUP BY dbo.Letter.Id',
  'SELECT x.n FROM (SELECT dbo.t.n, dbo.t.m FROM dbo.t) AS x, dbo.u',
  'SELECT p.*, dbo.Patient.* FROM dbo.Patient, dbo.Patient AS p',
  "SELECT (SELECT ',' + n FROM dbo.t FOR XML PATH(''), TYPE).value('.', 'nvarchar(max)')",
  "SELECT @x.value('(/a)[1]', 'int'), @x.query('/a').value('.', 'int')",
  'SELECT Patients.dbo.Age(p.Born) FROM dbo.Patient AS p',
  "SELECT 'Reference.dbo.X' /* FROM Reference.dbo.X */ FROM t -- Reference.dbo.X",
];

const outside = [
  'SELECT * FROM Reference.dbo.X',
  'SELECT * FROM reference..X',
  'SELECT * FROM [ReFeReNcE].[dbo].[X]',
  'SELECT * FROM "Reference"."dbo"."X"',
  'SELECT * FROM Reference/* */./**/dbo\n.\nX',
  'SELECT * FROM [Patients ].dbo.X',
  'SELECT * FROM Pátients.dbo.X',
  'SELECT * FROM t, Reference.dbo.X',
  'SELECT * FROM t AS a, u AS b, Reference.dbo.X AS c',
  'SELECT * FROM t FOR SYSTEM_TIME AS OF @d AS a, Reference.dbo.X',
  'SELECT * FROM t CROSS JOIN Reference.dbo.X',
  'SELECT * FROM t LEFT OUTER HASH JOIN Reference.dbo.X ON 1 = 1',
  'SELECT * FROM (t CROSS JOIN Reference.dbo.X)',
  'SELECT * FROM (Reference.dbo.X CROSS JOIN t)',
  'SELECT * FROM ((Reference.dbo.X CROSS JOIN t))',
  'SELECT * FROM t CROSS APPLY Reference.dbo.F(t.id)',
  'SELECT * FROM t CROSS APPLY (SELECT * FROM Reference.dbo.X) AS x',
  'SELECT (SELECT MAX(a) FROM Reference.dbo.X)',
  'WITH a AS (SELECT * FROM Reference.dbo.X) SELECT * FROM a',
  'SELECT 1 UNION ALL SELECT a FROM Reference.dbo.X',
  'SELECT a FROM t WHERE EXISTS (SELECT 1 FROM Reference.dbo.X)',
  'SELECT Reference.dbo.F(1)',
  'SELECT Reference.dbo.value(1) FROM dbo.t AS Reference',
  'SELECT Reference.$PARTITION.F(1)',
  "SELECT * FROM CONTAINSTABLE(Reference.dbo.X, *, 'a')",
  "SELECT * FROM [FreeTextTable](Reference.dbo.X, *, 'a')",
  'SELECT * FROM CHANGETABLE(CHANGES Reference.dbo.X, 0) AS c',
  'SELECT * FROM PREDICT(MODEL = @m, DATA = Reference.dbo.X AS d) WITH (s float) AS p',
  // A leading dot is an omitted server.
  'SELECT * FROM .Reference.dbo.X',
  'SELECT * FROM t, .Reference.dbo.X',
  'SELECT * FROM t, .Reference..X',
  'SELECT * FROM (.Reference.dbo.X CROSS JOIN t)',
  'SELECT * FROM ..X',
  'SELECT (SELECT 1 FROM Audit.X) FROM .t, Audit.X.c',
  'SELECT (1) .Reference.dbo.X',
  // A schema named like a database: only the place of the name tells them apart.
  'SELECT Audit.X.c FROM Audit.X, Audit.X.c',
  'SELECT * FROM Audit.X CROSS JOIN Audit.X.c',
  "SELECT * FROM Audit.X, CONTAINSTABLE(Audit.X.c, *, 'a')",
  'SELECT Audit.X.c(1) FROM Audit.X',
  'SELECT Audit.X.c FROM Audit.Y',
  'SELECT * FROM Audit.X WHERE 1 = 1 UNION SELECT * FROM t, Audit.X.c',
  // Also what is no read: more rights to change are not more catalogues.
  'INSERT INTO Reference.dbo.X VALUES (1)',
  'UPDATE Reference.dbo.X SET a = 1',
  'DELETE Reference.dbo.X',
  'MERGE t USING Reference.dbo.X AS s ON 1 = 1 WHEN MATCHED THEN DELETE',
  'TRUNCATE TABLE Reference.dbo.X',
  'EXEC Reference.dbo.P',
  'EXEC Reference..P 1',
];

const elsewhere = ['SELECT * FROM srv.Patients.dbo.X', 'SELECT * FROM srv...X', 'EXEC a.b.c.d'];

describe('a statement that may name two databases', () => {
  test.each(inside)('stays inside with %s', (sql) => {
    expect(checkReadOnly(sql, granted)).toEqual({ ok: true });
  });

  test.each(outside)('is refused for %s', (sql) => {
    expect(checkReadOnly(sql, granted)).toEqual({ ok: false, reason: 'otherCatalogue' });
    expect(checkReadOnly(sql.toUpperCase(), granted)).toMatchObject({ ok: false });
  });

  test.each(elsewhere)('is refused as another server for %s', (sql) => {
    expect(checkReadOnly(sql, granted)).toEqual({ ok: false, reason: 'linkedServer' });
  });
});
