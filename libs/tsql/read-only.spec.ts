import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { checkReadOnly, readOnlyReasons } from '#libs/tsql/read-only.js';

const allowed = [
  'SELECT 1',
  'select * from dbo.Patient;',
  ';WITH a AS (SELECT 1 AS x), b AS (SELECT x FROM a) SELECT * FROM b UNION ALL SELECT 2',
  'WITH r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 9) SELECT n FROM r OPTION (MAXRECURSION 10)',
  '(SELECT 1) UNION (SELECT 2)',
  'SELECT 1 EXCEPT SELECT 2 INTERSECT SELECT 3',
  "SELECT N'DELETE FROM x', 'it''s -- no comment', [drop], \"a\"\"b\", [a]]b] FROM [dbo].[Exec]",
  'SELECT /* outer /* inner */ DELETE */ 1 -- ; DROP TABLE x',
  'SELECT TOP (5) WITH TIES a FROM t WITH (NOLOCK) ORDER BY a',
  'SELECT a FROM t ORDER BY a OFFSET 5 ROWS FETCH NEXT 10 ROWS ONLY',
  'SELECT a FROM t ORDER BY a OFFSET @p ROWS FETCH FIRST (1) ROW ONLY',
  'SELECT CASE WHEN a = 1 THEN 2 ELSE .5 END, 0x1F, 1e5, 1.5e-3, $1.5 FROM t FOR JSON PATH',
  'SELECT x.value FROM t CROSS APPLY (SELECT MAX(v) AS value FROM u WHERE u.id = t.id) AS x',
  'SELECT c.value FROM OPENJSON(@j) WITH (value int) AS c',
  'SELECT Prénom, 年齢 FROM Résumé',
  'SELECT Name FROM Reference.dbo.Item',
  'SELECT IIF(EXISTS (SELECT 1 FROM t), 1, 0), @@ROWCOUNT, @p',
  'SELECT a, SUM(b) FROM t GROUP BY a WITH ROLLUP',
  'SELECT name FROM sys.tables',
  'SELECT a FROM t OPTION (MAXDOP 1, RECOMPILE)',
  'SELECT $1, -$2.50, $ROWGUID, a$1 FROM t WHERE b > $.5 -- ( * ) dollars',
];

const denied: [sql: string, reason: string][] = [
  ['', 'empty'],
  [';', 'empty'],
  ['-- nothing', 'empty'],
  ['()', 'notSelect'],
  ['DELETE FROM Patient', 'write'],
  ['SELECT * INTO copy FROM Patient', 'write'],
  ['SELECT 1; SELECT 2', 'secondStatement'],
  ['SELECT 1 SELECT 2', 'secondStatement'],
  ['(SELECT 1) SELECT 2', 'secondStatement'],
  ['SELECT 1;;', 'secondStatement'],
  ['SELECT a FROM t WITH x AS (SELECT 1) SELECT 2', 'secondStatement'],
  ['WITH a AS (SELECT 1) SELECT (1) SELECT 2', 'secondStatement'],
  ['WITH a AS (SELECT 1) DELETE FROM a', 'write'],
  ['WITH a AS (SELECT 1) UPDATE a SET x = 1', 'write'],
  ['WITH a AS (SELECT 1)', 'notSelect'],
  ['SELECT 1 UPDATE t SET a = 1', 'write'],
  ['SELECT 1 DROP TABLE t', 'write'],
  ['SELECT * FROM (DELETE FROM t OUTPUT deleted.*) AS x', 'write'],
  ['SELECT 1 MERGE t USING u ON 1 = 1 WHEN MATCHED THEN DELETE', 'write'],
  ['TRUNCATE TABLE t', 'write'],
  ['EXEC sp_who', 'execute'],
  ["SELECT 1 EXECUTE ('SELECT 2')", 'execute'],
  ["SELECT * FROM OPENROWSET('SQLNCLI', 'x', 'SELECT 1')", 'external'],
  ["SELECT * FROM OPENROWSET(BULK 'c:/x', SINGLE_BLOB) AS x", 'external'],
  ["SELECT * FROM OPENQUERY(other, 'SELECT 1')", 'external'],
  ["SELECT * FROM OPENDATASOURCE('x', 'y').a.b.c", 'external'],
  ["SELECT * FROM OPENXML(@h, '/a')", 'external'],
  ["SELECT master.dbo.xp_cmdshell('dir')", 'systemCatalogue'],
  ["SELECT dbo.[xp_cmdshell]('dir')", 'procedure'],
  ['SELECT dbo."SP_executesql"()', 'procedure'],
  ['sp_who', 'notSelect'],
  ['SELECT * FROM other.db.dbo.t', 'linkedServer'],
  ['SELECT * FROM other...t', 'linkedServer'],
  ['SELECT * FROM [other] . [db] /* */ . . t', 'linkedServer'],
  ["WAITFOR DELAY '00:01'", 'control'],
  ["SELECT 1 WAITFOR DELAY '00:01'", 'control'],
  ['DECLARE @a int', 'control'],
  ['SELECT 1 DECLARE @a int', 'control'],
  ['IF 1 = 1 SELECT 1', 'control'],
  ['BEGIN SELECT 1 END', 'control'],
  ['SELECT 1 FETCH NEXT FROM cur', 'control'],
  ['SELECT 1 FETCH cur', 'control'],
  ['SELECT NEXT VALUE FOR dbo.seq', 'sequence'],
  ['SELECT a FROM t FOR BROWSE', 'browse'],
  ['SELECT a FROM t FOR UPDATE', 'write'],
  ['SELECT a FROM t WITH (UPDLOCK)', 'lockHint'],
  ['SELECT a FROM t WITH (NOLOCK, XLOCK)', 'lockHint'],
  ['SELECT a FROM t (TABLOCKX)', 'lockHint'],
  ['SELECT a FROM t HOLDLOCK', 'lockHint'],
  ['SELECT name FROM sys.sql_logins', 'systemCatalogue'],
  ['SELECT name FROM [sys].[sql_logins]', 'systemCatalogue'],
  ['SELECT name FROM syslogins', 'systemCatalogue'],
  ['SELECT name FROM sÿs.sql_lógins', 'systemCatalogue'],
  ['SELECT * FROM sys.credentials', 'systemCatalogue'],
  ['SELECT text FROM sys.dm_exec_requests CROSS APPLY sys.dm_exec_sql_text(h)', 'systemCatalogue'],
  ['SELECT * FROM msdb.dbo.backupset', 'systemCatalogue'],
  ['SELECT * FROM master..spt_values', 'systemCatalogue'],
  ["SELECT 'open", 'openString'],
  ['SELECT [open', 'openName'],
  ['SELECT [open]]', 'openName'],
  ['SELECT "open', 'openName'],
  ['SELECT []', 'emptyName'],
  ['SELECT /* /* */ 1', 'openComment'],
  ['SELECT (1', 'parentheses'],
  ['SELECT 1)', 'parentheses'],
  [`SELECT ${'('.repeat(65)}1${')'.repeat(65)}`, 'nesting'],
  ['SELECT 1EXEC', 'number'],
  ['SELECT 0xEXEC', 'number'],
  ["SELECT $1EXEC('SELECT 2')", 'number'],
  ['SELECT $1DELETE FROM t', 'number'],
  ['SELECT $1eDELETE FROM t', 'number'],
  ['SELECT $1.eDELETE FROM t', 'number'],
  ['SELECT $1.5DELETE FROM t', 'number'],
  ['SELECT $.5DELETE FROM t', 'number'],
  ['SELECT $1e5DELETE FROM t', 'number'],
  ['SELECT $1$DELETE FROM t', 'number'],
  ['SELECT $1INTO #leak FROM dbo.Patient', 'number'],
  ['SELECT $1USE Billing', 'number'],
  ['SELECT $DELETE FROM t', 'number'],
  ['SELECT $_DELETE FROM t', 'number'],
  ['SELECT $-1DELETE FROM t', 'number'],
  ['SELECT $', 'number'],
  ['SELECT £1DELETE FROM t', 'character'],
  ['SELECT ¥1DELETE FROM t', 'character'],
  ['SELECT €1DELETE FROM t', 'character'],
  ['SELECT ৳1DELETE FROM t', 'character'],
  ['SELECT 1 --(* vendor(Microsoft), product(ODBC) DELETE FROM t *)--', 'character'],
  ['SELECT 1 -- (*\nDELETE FROM t', 'character'],
  ['SELECT\u00a01', 'character'],
  ['SELECT\u30001', 'character'],
  ['SELECT\u200b1', 'character'],
  ['SELECT 1 --x\rDROP TABLE t', 'character'],
  ['SELECT 1 --x\u2028DROP TABLE t', 'character'],
  ['SELECT 1\rDROP TABLE t', 'character'],
  ['SELECT 1\u0000DROP TABLE t', 'character'],
  ["SELECT 'a\u0000b'", 'character'],
  ['SELECT 1 ＤＥＬＥＴＥ FROM t', 'character'],
  ['SELECT {fn NOW()}', 'character'],
  ['SELECT `a`', 'character'],
  ['SELECT 1\nGO\nDELETE FROM t', 'batch'],
  ['SELECT 1 USE master', 'control'],
  ['SELECT 1 KILL 52', 'control'],
  ['GRANT SELECT ON t TO x', 'write'],
  ['SELECT 1 END CONVERSATION @h', 'control'],
  ['SELECT 1 GET CONVERSATION GROUP @g FROM q', 'control'],
  ['SELECT 1 MOVE CONVERSATION @h TO @g', 'control'],
  ['SELECT 1 ADD SIGNATURE TO p BY CERTIFICATE c', 'write'],
  ["SELECT * FROM sys.fn_get_audit_file_v2('x', null, null)", 'systemCatalogue'],
  ['SELECT * FROM sys.server_principal_credentials', 'systemCatalogue'],
  ['SELECT 1 OPTION (MAXDOP 64, RECOMPILE)', 'resources'],
  ['SELECT 1 OPTION (MAXDOP 0)', 'resources'],
  ['SELECT 1 OPTION (MAXDOP 1e1)', 'resources'],
  ['SELECT 1 OPTION (MAXDOP @p)', 'resources'],
  ['SELECT 1 OPTION (QUERYTRACEON 9481)', 'resources'],
  ['SELECT 1 OPTION (MIN_GRANT_PERCENT = 90)', 'resources'],
  ['SELECT 1 COMMIT', 'control'],
  ['SELECT 1 REVERT', 'control'],
];

describe('checkReadOnly', () => {
  test.each(allowed)('admits %s', (sql) => {
    expect(checkReadOnly(sql)).toEqual({ ok: true });
  });

  test.each(denied)('refuses %j as %s', (sql, reason) => {
    expect(checkReadOnly(sql)).toEqual({ ok: false, reason });
  });

  test('answers every text with the same verdict twice and a reason from the closed list', () => {
    const pieces = fc.constantFrom(
      ..."SELECT|FROM|(|)|;|--|/*|*/|'|\"|[|]|.|EXEC|t|1|@a| |\n|\r|N'|0x|INTO|WITH".split('|'),
    );
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string(),
      fc.array(pieces, { maxLength: 30 }).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(texts, (sql) => {
        const verdict = checkReadOnly(sql);
        expect(checkReadOnly(sql)).toEqual(verdict);
        if (!verdict.ok) expect(readOnlyReasons).toContain(verdict.reason);
      }),
      { numRuns: 2000 },
    );
  });

  test('keeps refusing a denied statement whatever its case, whitespace and comments', () => {
    const constructs = denied.filter(
      ([sql, reason]) =>
        /^[\x20-\x7e]+$/.test(sql) && !/['"`{]|--|^[;()]*$/.test(sql) && reason !== 'number',
    );
    const gaps = fc.constantFrom(
      ' ',
      '\n',
      '\r\n',
      '\t',
      '/**/',
      '/* /* SELECT */ */',
      ' -- x\n',
      "/*'*/",
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...constructs),
        fc.infiniteStream(gaps),
        fc.infiniteStream(fc.boolean()),
        ([sql, reason], gap, upper) => {
          const flip = (character: string): string =>
            upper.next().value ? character.toUpperCase() : character.toLowerCase();
          const mutated = sql
            .split(/(\s+|\[[^\]]*\])/)
            .map((part) => (/^\s+$/.test(part) ? gap.next().value : [...part].map(flip).join('')))
            .join('');
          expect(checkReadOnly(mutated)).toEqual({ ok: false, reason });
        },
      ),
      { numRuns: 1000 },
    );
  });
});
