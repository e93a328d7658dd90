import { connect as connectSocket } from 'node:net';
import { once } from 'node:events';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { resultSet } from './scripted-engine.fixture.js';
import { ask, closed, connect, startTds, type Harness } from './tds-harness.fixture.js';

let tds: Harness;

beforeEach(async () => {
  tds = await startTds({ loginTimeoutMs: 400, maxConnections: 3 });
  tds.engine.on(
    'select people',
    resultSet({ id: { name: 'int' }, name: { name: 'nvarchar', length: 50 } }, [
      [1, 'Ada'],
      [2, null],
    ]),
  );
});

afterEach(() => tds.server.close());

describe('a login', () => {
  test.each([
    ['without encryption', { encrypt: false }],
    ['with TLS', { encrypt: true }],
    ['with the smallest packets', { encrypt: true, packetSize: 512 }],
    ['with the largest packets', { encrypt: false, packetSize: 32767 }],
  ])('succeeds and a batch is answered %s', async (_, options) => {
    const connection = await connect(tds.port, {
      ...options,
      database: 'Patients',
      appName: 'spec',
    });
    const answer = await ask(connection, 'select people');
    expect(answer.rows).toEqual([
      [1, 'Ada'],
      [2, null],
    ]);
    expect(answer.dones).toEqual(['done 2 false']);
    expect(tds.engine.logins[0]).toMatchObject({
      user: 'reader',
      password: 'right',
      catalogue: 'Patients',
      appName: 'spec',
    });
    await closed(connection);
  });

  test('tells the client its catalogue', async () => {
    const catalogues: string[] = [];
    const { Connection } = await import('tedious');
    const { clientConfiguration } = await import('./tds-harness.fixture.js');
    const connection = new Connection(clientConfiguration(tds.port, { database: 'Billing' }));
    connection.on('databaseChange', (name) => catalogues.push(name));
    connection.connect();
    await once(connection, 'connect');
    expect(catalogues).toEqual(['Billing']);
    await closed(connection);
  });

  test('takes passwords of any character', async () => {
    const password = 'pä$$ wörd ❦ §½';
    await expect(connect(tds.port, {}, { password })).rejects.toThrow();
    expect(tds.engine.logins[0]!.password).toBe(password);
  });

  test.each([true, false])('is refused with 18456 (encrypt: %s)', async (encrypt) => {
    const refused = connect(tds.port, { encrypt }, { userName: 'nobody', password: 'wrong' });
    await expect(refused).rejects.toMatchObject({
      code: 'ELOGIN',
      message: "Login failed for user 'nobody'.",
    });
    expect(tds.log).toEqual(['login.refused: LoginRefusedError']);
  });

  test('is refused with 4060 and 18456 for a catalogue that cannot be opened', async () => {
    const { Connection } = await import('tedious');
    const { clientConfiguration } = await import('./tds-harness.fixture.js');
    const connection = new Connection(clientConfiguration(tds.port, { database: 'Missing' }));
    const numbers: unknown[] = [];
    connection.on('errorMessage', (error: { number: number; class: number }) =>
      numbers.push([error.number, error.class]),
    );
    connection.connect();
    const [error] = (await once(connection, 'connect')) as [Error];
    expect(error).toBeDefined();
    expect(numbers).toEqual([
      [4060, 11],
      [18456, 14],
    ]);
  });

  test('that never comes is cut off', async () => {
    const socket = connectSocket(tds.port, '127.0.0.1');
    await once(socket, 'close');
    expect(tds.log).toEqual(['connection.failed: login took too long']);
    while (tds.server.connections > 0) await new Promise(setImmediate);
  });

  test('still running when the client leaves closes its session', async () => {
    let open = (): void => undefined;
    tds.engine.loginGate = new Promise((resolve) => (open = resolve));
    const attempt = connect(tds.port, { connectTimeout: 100 });
    await expect(attempt).rejects.toThrow();
    while (tds.server.connections > 0) await new Promise(setImmediate);
    open();
    while (tds.engine.sessions.length === 0) await new Promise(setImmediate);
    await new Promise(setImmediate);
    expect(tds.engine.sessions[0]!.isClosed).toBe(true);
  });
});

describe('the server', () => {
  test('refuses connections beyond its cap and takes new ones when others leave', async () => {
    const open = await Promise.all([connect(tds.port), connect(tds.port), connect(tds.port)]);
    await expect(connect(tds.port)).rejects.toThrow();
    await closed(open[0]!);
    while (tds.server.connections > 2) await new Promise(setImmediate);
    open.push(await connect(tds.port));
    await Promise.all(open.slice(1).map(closed));
  });

  test('drops the socket of a session that was killed', async () => {
    const [first, second] = [await connect(tds.port), await connect(tds.port)];
    tds.engine.on('hang', ({ cancelled }) => cancelled);
    const hanging = ask(first, 'hang');
    while (!tds.engine.journal.includes('run hang')) await new Promise(setImmediate);
    tds.engine.kill(tds.engine.sessions[0]!.spid);
    expect((await hanging).error).toBeDefined();
    expect((await ask(second, 'select people')).rowCount).toBe(2);
    await closed(second);
  });

  test('cuts every socket when told to, closes the sessions and takes new connections', async () => {
    const connection = await connect(tds.port, { encrypt: true });
    tds.engine.on('hang', ({ cancelled }) => cancelled);
    const hanging = ask(connection, 'hang');
    while (!tds.engine.journal.includes('run hang')) await new Promise(setImmediate);
    tds.server.dropConnections();
    expect((await hanging).error).toBeDefined();
    while (tds.server.connections > 0) await new Promise(setImmediate);
    expect(tds.engine.sessions[0]!.isClosed).toBe(true);
    await closed(await connect(tds.port));
  });

  test('closes with open connections and waits for their sessions', async () => {
    await connect(tds.port);
    await tds.server.close();
    expect(tds.engine.sessions[0]!.isClosed).toBe(true);
    expect(tds.server.connections).toBe(0);
    tds = await startTds();
  });
});
