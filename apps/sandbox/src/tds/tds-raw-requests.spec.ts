/** The forms of requests that tedious never sends, but other clients do. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { CancelledError, type SqlParameter } from '../engine/sql-engine.port.js';
import {
  RawClient,
  batchPayload,
  doneTokens,
  intParameter,
  packet,
  rpcPayload,
  textParameter,
} from './raw-client.fixture.js';
import { startTds, type Harness } from './tds-harness.fixture.js';

const BY_REFERENCE = 1;
const DEFAULT = 2;

let tds: Harness;
let client: RawClient;
let seen: SqlParameter[][];

beforeEach(async () => {
  tds = await startTds();
  client = await RawClient.login(tds.port);
  seen = [];
  const remember = ({ parameters }: { parameters: SqlParameter[] }): void => {
    seen.push(parameters);
  };
  for (const name of ['p', 'select @n', 'other']) tds.engine.on(name, remember);
});

afterEach(async () => {
  client.socket.destroy();
  await tds.server.close();
});

async function call(calls: Parameters<typeof rpcPayload>[0]): Promise<Buffer> {
  client.send(packet(3, rpcPayload(calls)));
  return client.message();
}

test('several calls in one message are answered one after the other in one message', async () => {
  const answer = await call([
    { name: 'p', parameters: [intParameter('@a', 1)] },
    { name: 'other', parameters: [] },
    { name: 'p', parameters: [intParameter('@a', 2)] },
  ]);
  expect(doneTokens(answer)).toEqual(['fe:1', 'fe:1', 'fe:0']);
  expect(seen.map((parameters) => parameters[0]?.value)).toEqual([1, undefined, 2]);
});

test('a parameter passed as DEFAULT is left to the procedure', async () => {
  await call([
    {
      name: 'p',
      parameters: [intParameter('@a', 1), intParameter('@b', 0, DEFAULT), intParameter('@c', 3)],
    },
  ]);
  expect(seen[0]!.map(({ name }) => name)).toEqual(['@a', '@c']);
});

test('positional values get their declared names and types', async () => {
  await call([
    {
      name: 10,
      parameters: [
        textParameter('', 'select @n'),
        textParameter('', '@n bigint, @t varchar(12) output'),
        intParameter('', 7),
        textParameter('', 'x', BY_REFERENCE),
      ],
    },
  ]);
  expect(seen[0]).toEqual([
    { name: '@n', type: { name: 'bigint' }, value: '7', output: false },
    { name: '@t', type: { name: 'varchar', length: 12 }, value: 'x', output: true },
  ]);
});

test('sp_prepexec prepares, runs and gives a handle that sp_execute takes', async () => {
  const answer = await call([
    {
      name: 13,
      parameters: [
        intParameter('', 0, BY_REFERENCE),
        textParameter('', '@n int'),
        textParameter('', 'select @n'),
        intParameter('@n', 1),
      ],
    },
  ]);
  // RETURNSTATUS, then RETURNVALUE of the handle: ordinal 0, no name, an int that is 1.
  expect(answer.subarray(5).toString('hex')).toMatch(/^ac0000000100000000010026040401000000fe/);
  await call([{ name: 12, parameters: [intParameter('', 1), intParameter('@n', 2)] }]);
  await call([{ name: 15, parameters: [intParameter('', 1)] }]);
  expect(seen.map(([parameter]) => parameter!.value)).toEqual([1, 2]);
});

test('procedures of the prepare family are found by name, however it is written', async () => {
  for (const name of ['sp_executesql', '[sys].[sp_executesql]', 'master..SP_EXECUTESQL']) {
    await call([{ name, parameters: [textParameter('', 'select @n'), textParameter('', '')] }]);
  }
  expect(seen).toHaveLength(3);
});

test('a request that asks for a reset says so in its answer', async () => {
  client.send(packet(1, batchPayload('other'), 0x01 | 0x08));
  const answer = await client.message();
  expect(answer.subarray(0, 6).toString('hex')).toBe('e30300120000');
  expect(tds.engine.sessions[0]!.resets).toBe(1);
});

test('a reset that keeps the transaction leaves it alone', async () => {
  tds.engine.sessions[0]!.inTransaction = true;
  client.send(packet(1, batchPayload('other'), 0x01 | 0x10));
  await client.message();
  expect(tds.engine.sessions[0]!.resets).toBe(0);
});

test('an attention without a request is acknowledged once', async () => {
  client.send(packet(6, Buffer.alloc(0)));
  expect(doneTokens(await client.message())).toEqual(['fd:20']);
  client.send(packet(1, batchPayload('other')));
  expect(doneTokens(await client.message())).toEqual(['fd:0']);
});

test('an attention during a request ends it and is acknowledged in a message of its own', async () => {
  tds.engine.on('wait', ({ cancelled }) => cancelled);
  client.send(packet(1, batchPayload('wait')));
  client.send(packet(6, Buffer.alloc(0)));
  expect(doneTokens(await client.message())).toEqual(['fd:2']);
  expect(doneTokens(await client.message())).toEqual(['fd:20']);
});

test('an attention reaches an engine that waits for a client which reads nothing', async () => {
  let heard: unknown;
  let isWaiting = false;
  const ended = new Promise<void>((resolve) =>
    tds.engine.on('endless', async ({ sink }) => {
      await sink.columns([{ name: 'a', type: { name: 'char', length: 8000 }, nullable: false }]);
      try {
        for (;;) {
          const room = sink.row(['x']);
          const turn = new Promise((done) => setTimeout(done, 100, 'waiting'));
          isWaiting = room !== undefined && (await Promise.race([room, turn])) === 'waiting';
          await room;
        }
      } catch (error) {
        heard = error;
        resolve();
      }
    }),
  );
  client.socket.pause();
  client.send(packet(1, batchPayload('endless')));
  while (!isWaiting) await new Promise((resolve) => setTimeout(resolve, 10));
  client.send(packet(6, Buffer.alloc(0)));
  await ended;
  expect(heard).toBeInstanceOf(CancelledError);
  client.socket.resume();
  await client.message();
  expect(doneTokens(await client.message())).toEqual(['fd:20']);
});

test('requests sent ahead of their answers are served in order', async () => {
  client.send(Buffer.concat([1, 2, 3].map(() => packet(1, batchPayload('other')))));
  for (let i = 0; i < 3; i++) expect(doneTokens(await client.message())).toEqual(['fd:0']);
  expect(seen).toHaveLength(3);
});
