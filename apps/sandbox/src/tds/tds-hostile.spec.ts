/** Whatever arrives, the server lives on and others are served. */
import { randomBytes } from 'node:crypto';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { resultSet } from './scripted-engine.fixture.js';
import {
  RawClient,
  batchPayload,
  intParameter,
  login7Payload,
  packet,
  preloginPayload,
  rpcPayload,
} from './raw-client.fixture.js';
import { ask, closed, connect, startTds, type Harness } from './tds-harness.fixture.js';

let tds: Harness;

beforeEach(async () => {
  tds = await startTds({ maxMessageBytes: 100_000, loginTimeoutMs: 2000 });
  tds.engine.on('select 1', resultSet({ a: { name: 'int' } }, [[1]]));
});

afterEach(async () => {
  const connection = await connect(tds.port);
  expect((await ask(connection, 'select 1')).rows).toEqual([[1]]);
  await closed(connection);
  await tds.server.close();
});

describe('before the login, the socket is closed on', () => {
  const header = (type: number, length: number): Buffer =>
    Buffer.from([type, 1, length >> 8, length & 0xff, 0, 0, 1, 0]);

  test.each<[string, Buffer]>([
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
    ['a bare TLS hello', Buffer.from('16030100a5010000a10303', 'hex')],
    ['a packet shorter than its header', header(0x12, 7)],
    ['a packet longer than any', header(0x12, 0xffff)],
    ['a batch', packet(1, batchPayload('select 1'))],
    ['an attention', packet(6, Buffer.alloc(0))],
    ['a login without PRELOGIN', packet(0x10, login7Payload())],
    ['a PRELOGIN without end', packet(0x12, Buffer.from([0, 0, 11, 0, 6]))],
    ['a PRELOGIN that points outside', packet(0x12, Buffer.from([1, 0xff, 0xff, 0, 1, 0xff]))],
    ['an unknown wish for encryption', packet(0x12, preloginPayload(9))],
    [
      'a PRELOGIN of many packets',
      Buffer.concat(Array.from({ length: 20 }, () => packet(0x12, Buffer.alloc(400), 0))),
    ],
  ])('%s', async (_, bytes) => {
    const client = await RawClient.connect(tds.port);
    client.send(bytes);
    await client.closed;
    expect(tds.log.some((line) => line.startsWith('connection.failed'))).toBe(true);
  });

  test.each<[string, (login: Buffer) => Buffer]>([
    ['a LOGIN7 whose length lies', (login) => login.fill(0xff, 0, 4)],
    ['a LOGIN7 whose user lies outside', (login) => login.fill(0xff, 40, 44)],
    ['a LOGIN7 whose password lies outside', (login) => login.fill(0xff, 44, 48)],
    ['a LOGIN7 of an old version', (login) => login.fill(0x70, 4, 8)],
    ['a LOGIN7 cut short', (login) => login.subarray(0, 50)],
    [
      'a LOGIN7 whose extension lies outside',
      (login) => login.fill(0x10, 27, 28).fill(0xff, 56, 60),
    ],
  ])('%s', async (_, spoil) => {
    const client = await RawClient.connect(tds.port);
    client.send(packet(0x12, preloginPayload()));
    await client.message();
    client.send(packet(0x10, spoil(login7Payload())));
    await client.closed;
    expect(tds.engine.sessions).toHaveLength(0);
  });

  test('garbage instead of a TLS handshake', async () => {
    for (const garbage of [
      packet(0x12, randomBytes(300)),
      randomBytes(300),
      Buffer.alloc(9, 0x16),
    ]) {
      const client = await RawClient.connect(tds.port);
      client.send(packet(0x12, preloginPayload(1)));
      await client.message();
      client.send(garbage);
      client.socket.end();
      await client.closed;
    }
  });

  test('half a PRELOGIN, then silence', async () => {
    const client = await RawClient.connect(tds.port);
    client.send(packet(0x12, preloginPayload()).subarray(0, 12));
    await client.closed;
    expect(tds.log).toEqual(['connection.failed: login took too long']);
  });
});

describe('after the login', () => {
  let client: RawClient;
  beforeEach(async () => {
    client = await RawClient.login(tds.port);
  });
  afterEach(() => {
    client.socket.destroy();
  });

  test.each<[string, Buffer]>([
    [
      'a message beyond the limit',
      Buffer.concat(Array.from({ length: 60 }, () => packet(1, Buffer.alloc(2000), 0))),
    ],
    [
      'interleaved messages',
      Buffer.concat([packet(1, Buffer.alloc(10), 0), packet(3, Buffer.alloc(10))]),
    ],
    ['a second login', packet(0x10, login7Payload())],
    ['an unknown packet type', packet(0x55, Buffer.alloc(4))],
  ])('%s ends the connection and closes the session', async (_, bytes) => {
    client.send(bytes);
    await client.closed;
    while (!tds.engine.sessions[0]!.isClosed) await new Promise(setImmediate);
  });

  /** The number of the first ERROR token. */
  function errorNumber(message: Buffer): number {
    expect(message[0]).toBe(0xaa);
    return message.readUInt32LE(3);
  }

  test.each<[string, Buffer, number]>([
    ['a batch without headers', packet(1, Buffer.from([0xff, 0xff, 0xff, 0x7f])), 4002],
    ['an empty batch message', packet(1, Buffer.alloc(0)), 4002],
    ['an empty call', packet(3, Buffer.alloc(0)), 4002],
    [
      'a call whose name is longer than the message',
      packet(3, Buffer.concat([batchPayload(''), Buffer.from([0xf0, 0xff, 1])])),
      4002,
    ],
    [
      'a parameter cut short',
      packet(3, rpcPayload([{ name: 'p', parameters: [intParameter('@a', 1).subarray(0, 9)] }])),
      4002,
    ],
    [
      'a table-valued parameter',
      packet(3, rpcPayload([{ name: 'p', parameters: [Buffer.from([0, 0, 0xf3])] }])),
      8009,
    ],
    [
      'NaN',
      packet(
        3,
        rpcPayload([
          { name: 'p', parameters: [Buffer.from([0, 0, 0x6d, 4, 4, 0, 0, 0xc0, 0x7f])] },
        ]),
      ),
      8023,
    ],
    [
      'a date beyond 9999',
      packet(
        3,
        rpcPayload([{ name: 'p', parameters: [Buffer.from([0, 0, 0x28, 3, 0xff, 0xff, 0xff])] }]),
      ),
      8023,
    ],
    [
      'a PLP value that promises four gigabytes',
      packet(
        3,
        rpcPayload([
          { name: 'p', parameters: [Buffer.from('0000a5fffffeffffffffffffffffffffff', 'hex')] },
        ]),
      ),
      4002,
    ],
    [
      'a distributed transaction',
      packet(0x0e, Buffer.concat([batchPayload(''), Buffer.from([1, 0])])),
      8501,
    ],
    ['rows that no INSERT BULK announced', packet(7, Buffer.from([0x81, 0, 0])), 4002],
  ])('%s is an error and the connection lives on', async (_, bytes, number) => {
    client.send(bytes);
    expect(errorNumber(await client.message())).toBe(number);
    client.send(packet(1, batchPayload('select 1')));
    expect((await client.message())[0]).toBe(0x81);
  });

  test('random bytes in any message never bring the server down', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(1, 3, 7, 0x0e),
        fc.boolean(),
        fc.uint8Array({ maxLength: 400 }),
        async (type, withHeaders, bytes) => {
          const raw = await RawClient.login(tds.port);
          tds.engine.on('insert bulk t (a int)', () => undefined);
          raw.send(packet(1, batchPayload('insert bulk t (a int)')));
          await raw.message();
          const payload = Buffer.concat([withHeaders ? batchPayload('') : Buffer.alloc(0), bytes]);
          raw.send(packet(type, payload));
          await Promise.race([raw.message(), raw.closed]);
          raw.socket.destroy();
        },
      ),
      { numRuns: 150 },
    );
    expect(tds.log.filter((line) => line.startsWith('request.failed'))).toEqual([]);
  });

  test('a client that sends requests and reads no answer is not answered into memory', async () => {
    let produced = 0;
    tds.engine.on('endless', async ({ sink }) => {
      await sink.columns([{ name: 'a', type: { name: 'char', length: 1000 }, nullable: false }]);
      for (; ; produced++) await sink.row(['x']);
    });
    client.socket.pause();
    client.send(packet(1, batchPayload('endless')));
    let before = -1;
    while (before !== produced) {
      before = produced;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    // Kernel buffers on both sides hold a few megabytes; the server itself a few hundred kilobytes.
    expect(produced).toBeLessThan(20_000);
  });
});
