import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { ISOLATION_LEVEL, type Connection } from 'tedious';

import { ask, closed, connect, startTds, type Harness } from './tds-harness.fixture.js';

let tds: Harness;
let connection: Connection;

beforeEach(async () => {
  tds = await startTds();
  connection = await connect(tds.port);
});

afterEach(async () => {
  await closed(connection);
  await tds.server.close();
});

/** What tedious believes, from ENVCHANGE tokens alone. */
function clientView(): { inTransaction: boolean; transactionDescriptors: Buffer[] } {
  return connection as never;
}

function begin(level?: number, name = ''): Promise<void> {
  return new Promise((resolve, reject) =>
    connection.beginTransaction((e) => (e == null ? resolve() : reject(e)), name, level),
  );
}

function finish(
  kind: 'commitTransaction' | 'rollbackTransaction' | 'saveTransaction',
  name = '',
): Promise<void> {
  return new Promise((resolve, reject) =>
    connection[kind]((e) => (e == null ? resolve() : reject(e)), name),
  );
}

test.each([
  [ISOLATION_LEVEL.READ_UNCOMMITTED, 'readUncommitted'],
  [ISOLATION_LEVEL.READ_COMMITTED, 'readCommitted'],
  [ISOLATION_LEVEL.REPEATABLE_READ, 'repeatableRead'],
  [ISOLATION_LEVEL.SERIALIZABLE, 'serializable'],
  [ISOLATION_LEVEL.SNAPSHOT, 'snapshot'],
])('isolation level %i begins as %s and is committed', async (level, word) => {
  await begin(level);
  expect(clientView().inTransaction).toBe(true);
  await finish('commitTransaction');
  expect(clientView().inTransaction).toBe(false);
  expect(tds.engine.journal.slice(1)).toEqual([`begin ${word}`, 'commit']);
});

test('each transaction has its own descriptor', async () => {
  await begin();
  const [, first] = clientView().transactionDescriptors;
  await finish('rollbackTransaction');
  await begin();
  const [, second] = clientView().transactionDescriptors;
  expect(first).toHaveLength(8);
  expect(second).toHaveLength(8);
  expect(second).not.toEqual(first);
  await finish('commitTransaction');
});

test('a rollback goes to a savepoint when it names one and ends the transaction otherwise', async () => {
  await begin(ISOLATION_LEVEL.SERIALIZABLE, 'whole');
  await finish('saveTransaction', 'halfway');
  await finish('rollbackTransaction', 'halfway');
  expect(clientView().inTransaction).toBe(true);
  await finish('rollbackTransaction', 'whole');
  expect(clientView().inTransaction).toBe(false);
  expect(tds.engine.journal.slice(1)).toEqual([
    'begin serializable',
    'save halfway',
    'rollback to halfway',
    'rollback',
  ]);
});

test('a transaction begun and ended by SQL text is known to the client too', async () => {
  tds.engine.on('begin tran', ({ sink }) => sink.transactionChanged('begun'));
  tds.engine.on('rollback', ({ sink }) => sink.transactionChanged('rolledBack'));
  await ask(connection, 'begin tran');
  expect(clientView().inTransaction).toBe(true);
  await ask(connection, 'rollback');
  expect(clientView().inTransaction).toBe(false);
});
