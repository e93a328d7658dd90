import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { run, startTestEngine, type TestEngine } from './engine.fixture.js';
import { PostgresConnection } from './postgres/postgres-connection.js';
import { LoginRefusedError, type SqlSession } from './sql-engine.port.js';

let server: TestEngine;
const sessions: Record<string, SqlSession> = {};

beforeAll(async () => {
  server = await startTestEngine([
    { user: 'reader', password: 'reader', rights: { Patients: 'read' } },
    {
      user: 'writer',
      password: 'writer',
      rights: { Patients: 'readWrite' },
      deny: ['Patients.dbo.Person.Secret', 'Patients.dbo.Hidden'],
      execute: ['Patients.dbo.AddPerson'],
    },
    { user: 'owner', password: 'owner', rights: { Reference: 'owner' } },
    { user: 'nothing', password: 'nothing', rights: {}, execute: ['Patients.dbo.AddPerson'] },
    { user: 'killer', password: 'killer', rights: { Patients: 'read' }, alterAnyConnection: true },
  ]);
  await server.engine.runScript(
    'Patients',
    `CREATE TABLE Person (Id int IDENTITY PRIMARY KEY, Name varchar(20) NOT NULL, Secret varchar(20) NULL)
     CREATE TABLE Hidden (Id int)
     INSERT INTO Person (Name, Secret) VALUES ('Zza', 'x')
     GO
     CREATE PROCEDURE AddPerson @name varchar(20) AS BEGIN INSERT INTO Person (Name) VALUES (@name); SELECT COUNT(*) FROM Person END
     GO
     CREATE PROCEDURE Sneaky @sql nvarchar(200) AS EXEC (@sql)
     GO
     USE Reference
     GO
     CREATE TABLE Drug (Id int)
     GO`,
  );
  for (const user of ['reader', 'writer', 'owner', 'killer'])
    sessions[user] = await server.session(user);
  sessions['nothing'] = await server.session('nothing', 'Patients');
});

afterAll(() => server.stop());

describe('logins', () => {
  test('a wrong password and an unknown user are refused alike', async () => {
    for (const user of ['reader', 'nobody']) {
      const refused = server.engine.login({
        user,
        password: 'wrong',
        catalogue: undefined,
        appName: '',
        hostName: '',
      });
      await expect(refused).rejects.toMatchObject({
        number: 18456,
        message: `Login failed for user '${user}'.`,
      });
      await expect(refused).rejects.toBeInstanceOf(LoginRefusedError);
    }
  });

  test('a catalogue that is closed or missing is refused', async () => {
    await expect(server.session('reader', 'Reference')).rejects.toMatchObject({ number: 4060 });
    await expect(server.session('reader', 'Nowhere')).rejects.toMatchObject({ number: 4060 });
  });
});

describe('rights', () => {
  test.each<[user: string, sql: string, number: number | undefined]>([
    ['reader', 'SELECT * FROM Person', undefined],
    ['reader', "INSERT INTO Person (Name) VALUES ('x')", 229],
    ['reader', "UPDATE Person SET Name = 'x'", 229],
    ['reader', 'DELETE FROM Person', 229],
    ['reader', 'TRUNCATE TABLE Person', 262],
    ['reader', 'DROP TABLE Person', 262],
    ['reader', 'CREATE TABLE x (a int)', 262],
    ['reader', 'MERGE Person t USING (SELECT 1 a) s ON 1 = 1 WHEN MATCHED THEN DELETE;', 229],
    [
      'reader',
      'CREATE TABLE #mine (a int); INSERT INTO #mine VALUES (1); DROP TABLE #mine',
      undefined,
    ],
    ['reader', 'SELECT * FROM Reference.dbo.Drug', 916],
    ['reader', 'USE Reference', 916],
    ['reader', "EXEC AddPerson 'x'", 229],
    ['reader', 'KILL 1', 6102],
    ['reader', 'SELECT * FROM Person WITH (UPDLOCK)', undefined],
    ['writer', "INSERT INTO Person (Name) VALUES ('x')", undefined],
    ['writer', 'SELECT Id, Name FROM Person', undefined],
    ['writer', 'SELECT * FROM Person', 230],
    ['writer', 'SELECT Secret FROM Person', 230],
    ['writer', "SELECT Id FROM Person WHERE Secret = 'x'", 230],
    ['writer', "UPDATE Person SET Secret = 'x'", 230],
    ['writer', "UPDATE Person SET Name = 'x' OUTPUT deleted.*", 230],
    ['writer', 'SELECT * FROM Hidden', 229],
    ['writer', "EXEC AddPerson 'y'", undefined],
    ['writer', "EXEC Sneaky 'SELECT 1'", 229],
    ['owner', 'USE Reference; CREATE TABLE Mine (a int); DROP TABLE Mine', undefined],
    ['owner', 'SELECT * FROM Patients.dbo.Person', 916],
    ['nothing', 'SELECT * FROM Person', 229],
    ['nothing', "EXEC AddPerson 'z'", undefined],
    ['killer', 'KILL 9999', 6106],
  ])('%s: %s', async (user, sql, number) => {
    const { errors } = await run(sessions[user] as SqlSession, sql);
    expect(errors.map((error) => error.number)).toEqual(number === undefined ? [] : [number]);
  });

  test('dynamic text inside a procedure has the caller’s rights alone', async () => {
    const admin = await server.session('sa');
    await run(
      admin,
      "ALTER PROCEDURE AddPerson @name varchar(20) AS EXEC ('SELECT * FROM Hidden')",
    );
    const { errors } = await run(sessions['writer'] as SqlSession, "EXEC AddPerson 'x'");
    expect(errors.map(({ number }) => number)).toEqual([229]);
  });

  test('PostgreSQL itself refuses what the front end would refuse', async () => {
    const { socketDirectory } = (
      server.engine as unknown as { cluster: { socketDirectory: string } }
    ).cluster;
    const raw = await PostgresConnection.open({
      socketDirectory,
      user: 'login:reader',
      database: 'clinic',
    });
    await expect(raw.rows('DELETE FROM "patients.dbo"."person"')).rejects.toMatchObject({
      code: '42501',
    });
    await expect(raw.rows('SELECT * FROM "reference.dbo"."drug"')).rejects.toMatchObject({
      code: '42501',
    });
    await expect(raw.rows('DELETE FROM tsql.objects')).rejects.toMatchObject({ code: '42501' });
    await raw.close();
    const denied = await PostgresConnection.open({
      socketDirectory,
      user: 'login:writer',
      database: 'clinic',
    });
    await expect(denied.rows('SELECT secret FROM "patients.dbo"."person"')).rejects.toMatchObject({
      code: '42501',
    });
    expect(await denied.rows('SELECT count(id) > 0 FROM "patients.dbo"."person"')).toEqual([['t']]);
    await denied.close();
  });
});
