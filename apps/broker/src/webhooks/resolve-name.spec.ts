import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { resolveByDns, type Resolve } from '#apps/broker/src/webhooks/resolve-name.js';

const A = 1;
const AAAA = 28;

/** By name and type: the addresses as bytes; `silent`: nothing comes back. */
const zone: Record<string, Record<number, number[][]> | 'silent'> = {
  'both.example': {
    [A]: [
      [1, 1, 1, 1],
      [9, 9, 9, 9],
    ],
    [AAAA]: [[0x20, 1, ...Array(13).fill(0), 7]],
  },
  'four.example': { [A]: [[8, 8, 8, 8]] },
  'half.example': { [A]: [[8, 8, 4, 4]] },
  'silent.example': 'silent',
};

let server: Socket;
let resolve: Resolve;
/** Gives up soon, and yet late enough for an answer on a machine that is busy. */
let resolveSoon: Resolve;
const asked: string[] = [];

/** A name server of one zone. Source: RFC 1035 §4. */
function answer(query: Buffer): Buffer | undefined {
  const labels: string[] = [];
  let at = 12;
  for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  const name = labels.join('.').toLowerCase();
  const type = query.readUInt16BE(at + 1);
  asked.push(name);
  const known = zone[name];
  if (known === 'silent' || (name === 'half.example' && type === AAAA)) return undefined;
  const records = (known?.[type] ?? []).map((bytes) =>
    Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, bytes.length, ...bytes]),
  );
  const header = Buffer.alloc(12);
  query.copy(header, 0, 0, 2);
  header.writeUInt16BE(known ? 0x8180 : 0x8183, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(records.length, 6);
  return Buffer.concat([header, query.subarray(12, at + 5), ...records]);
}

beforeAll(async () => {
  server = createSocket('udp4', (query, from) => {
    const reply = answer(query);
    if (reply) server.send(reply, from.port, from.address);
  });
  server.bind(0, '127.0.0.1');
  await once(server, 'listening');
  const servers = [`127.0.0.1:${server.address().port}`];
  resolve = resolveByDns(servers, 5_000);
  resolveSoon = resolveByDns(servers, 300);
});
afterAll(() => void server.close());

test('a name stands for all of its addresses, of both families', async () => {
  expect(await resolve('both.example')).toEqual([
    { address: '1.1.1.1', family: 4 },
    { address: '9.9.9.9', family: 4 },
    { address: '2001::7', family: 6 },
  ]);
  expect(await resolve('four.example')).toEqual([{ address: '8.8.8.8', family: 4 }]);
});

test('one family that is not told does not hide the other', async () => {
  expect(await resolveSoon('half.example')).toEqual([{ address: '8.8.4.4', family: 4 }]);
});

test('a name that is not there has no address', async () => {
  expect(await resolve('nowhere.example')).toEqual([]);
});

test('a name server that says nothing is given up in time', async () => {
  await expect(resolveSoon('silent.example')).rejects.toMatchObject({ code: 'ETIMEOUT' });
});

test('localhost is this machine, and no name server hears of it', async () => {
  expect(await resolve('localhost')).toEqual([{ address: '127.0.0.1', family: 4 }]);
  expect(asked).not.toContain('localhost');
});
