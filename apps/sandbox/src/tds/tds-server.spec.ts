import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { TYPES } from 'tedious';

import { resultSet, sendResultSet } from './scripted-engine.fixture.js';
import { ask, closed, connect, startTds, type Harness } from './tds-harness.fixture.js';

let tds: Harness;
beforeEach(async () => {
  tds = await startTds();
  tds.engine.on(
    'select people',
    resultSet({ id: { name: 'int' }, name: { name: 'nvarchar', length: 50 } }, [
      [1, 'Ada'],
      [2, null],
    ]),
  );
});
afterEach(() => tds.server.close());

describe('a TDS connection', () => {
  test.each([
    ['without encryption', { encrypt: false }],
    ['with TLS', { encrypt: true }],
    ['with the smallest packets', { encrypt: true, packetSize: 512 }],
    ['with the largest packets', { encrypt: false, packetSize: 32767 }],
  ])('logs in and answers a batch %s', async (_, options) => {
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
});
