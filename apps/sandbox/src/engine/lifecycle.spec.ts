import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { GatheringSink, run } from './engine.fixture.js';
import { startCluster } from './postgres/postgres-cluster.js';
import { startEngine, type SandboxEngine } from './sandbox-engine.js';
import type { SqlValue } from './sql-engine.port.js';

let state: string;

beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'conduit-life-'));
});

afterEach(() => rmSync(state, { recursive: true, force: true }));

const start = (): Promise<SandboxEngine> =>
  startEngine({
    stateDirectory: state,
    catalogues: ['Patients'],
    defaultCatalogue: 'Patients',
    logins: [{ user: 'sa', password: 'sa', rights: {}, sysadmin: true }],
  });
const login = { user: 'sa', password: 'sa', catalogue: undefined, appName: '', hostName: '' };

describe('the engine’s life', () => {
  test('data, definitions and the filled mark survive a restart', async () => {
    const first = await start();
    await first.runScript(
      'Patients',
      'CREATE TABLE T (Id int IDENTITY PRIMARY KEY, Name varchar(10), Pad char(3), Bin varbinary(5), At datetime)\nGO\nCREATE PROCEDURE P AS SELECT Name FROM T ORDER BY Id\nGO',
    );
    const rows: SqlValue[][] = [
      ['a\tb', 'x', Buffer.from([1, 0]), '2026-01-01 10:00:00.003'],
      [null, null, null, null],
    ];
    expect(await first.copyIn('Patients', 'T', ['Name', 'Pad', 'Bin', 'At'], rows)).toBe(2);
    expect(await first.isEmpty()).toBe(true);
    await first.markFilled();
    await first.close();
    const second = await start();
    expect(await second.isEmpty()).toBe(false);
    const session = await second.login(login);
    expect((await run(session, "INSERT INTO T (Name) VALUES ('c'); EXEC P")).rows).toEqual([
      ['a\tb'],
      [null],
      ['c'],
    ]);
    expect(
      (await run(session, 'SELECT Pad, Bin, At, SCOPE_IDENTITY() FROM T WHERE Id = 1')).rows,
    ).toEqual([['x  ', Buffer.from([1, 0]), '2026-01-01 10:00:00.003', null]]);
    await second.close();
  });

  test('a second engine on the same state is refused', async () => {
    const first = await start();
    await expect(start()).rejects.toThrow('in use');
    await first.close();
  });

  test('a server left over by a dead owner is ended, and the next start works', async () => {
    const left = await startCluster(state);
    const record = join(state, 'postgres.json');
    const written = JSON.parse(readFileSync(record, 'utf8')) as { owner: string };
    expect(written.owner).toMatch(/^\d+:\d+$/);
    writeFileSync(record, JSON.stringify({ ...written, owner: `${process.pid}:1` }));
    const next = await startCluster(state);
    await left.ended;
    expect(existsSync(left.socketDirectory)).toBe(false);
    expect(existsSync(next.socketDirectory)).toBe(true);
    await next.stop();
    expect(existsSync(join(state, 'postgres', 'postmaster.pid'))).toBe(false);
  });

  test('rows stream with back-pressure: a slow reader is never far ahead', async () => {
    const engine = await start();
    const session = await engine.login(login);
    const sink = new GatheringSink();
    let count = 0;
    let inFlight = 0;
    let most = 0;
    sink.row = async () => {
      most = Math.max(most, ++inFlight);
      if (++count % 1000 === 0) await delay(1);
      inFlight--;
    };
    await session.batch("SELECT value, REPLICATE('x', 200) FROM GENERATE_SERIES(1, 20000)", sink);
    expect(count).toBe(20000);
    expect(most).toBe(1);
    await engine.close();
  });

  test('bulk rows arrive as one statement, or not at all', async () => {
    const engine = await start();
    await engine.runScript('Patients', 'CREATE TABLE T (Id int PRIMARY KEY, Name nvarchar(3))');
    const session = await engine.login(login);
    const columns = [
      { name: 'Id', type: { name: 'int' as const }, nullable: false },
      { name: 'Name', type: { name: 'nvarchar' as const, length: 10 }, nullable: true },
    ];
    async function* rows(...list: SqlValue[][]): AsyncGenerator<SqlValue[]> {
      yield* list;
    }
    const good = new GatheringSink();
    expect(await session.bulkInsert('dbo.T', columns, rows([1, 'a'], [2, null]), good)).toBe(2);
    const bad = new GatheringSink();
    expect(await session.bulkInsert('[dbo].[T]', columns, rows([3, 'a'], [4, 'long']), bad)).toBe(
      0,
    );
    expect(bad.gathered.errors.map(({ number }) => number)).toEqual([2628]);
    expect((await run(session, 'SELECT COUNT(*) FROM T')).rows).toEqual([[2]]);
    await engine.close();
  });
});
