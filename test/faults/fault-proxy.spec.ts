/** The fault proxy does to real connections what it says, and ends each fault when it is healed. */
import { once } from 'node:events';
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { FaultProxy } from '#test/faults/fault-proxy.js';
import { settle } from '#test/support/settle.js';

let server: Server;
let proxy: FaultProxy;
let port: number;
let served: Socket[];
const clients: Socket[] = [];

beforeEach(async () => {
  served = [];
  server = createServer({ allowHalfOpen: true }, (socket) => {
    served.push(socket);
    socket.on('error', () => undefined).on('end', () => socket.end());
    socket.on('data', (piece: Buffer) => socket.write(piece));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  proxy = new FaultProxy(() => ({ host: '127.0.0.1', port: portOf(server) }));
  port = await proxy.start();
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await proxy.stop();
  for (const socket of served) socket.destroy();
  server.close();
});

const portOf = (of: Server): number => (of.address() as AddressInfo).port;

interface Client {
  socket: Socket;
  text: () => string;
  fate: () => string | undefined;
}

async function dial(to = port): Promise<Client> {
  const socket = connect(to, '127.0.0.1');
  clients.push(socket);
  let text = '';
  let fate: string | undefined;
  socket.on('data', (piece: Buffer) => (text += piece.toString('latin1')));
  socket.on('error', (error: NodeJS.ErrnoException) => (fate = error.code));
  socket.on('end', () => (fate ??= 'ended'));
  socket.on('close', () => (fate ??= 'closed'));
  await Promise.race([once(socket, 'connect'), once(socket, 'close')]).catch(() => undefined);
  return { socket, text: () => text, fate: () => fate };
}

const until = (wanted: string, look: () => boolean): Promise<unknown> =>
  settle(wanted, 5_000, () => look() || undefined);

async function echoing(): Promise<Client> {
  const client = await dial();
  client.socket.write('hello');
  await until('an echo', () => client.text() === 'hello');
  return client;
}

test('it passes bytes both ways, and an end in one direction only', async () => {
  const client = await echoing();
  client.socket.end(' world');
  await until('the end comes back', () => client.fate() === 'ended');
  expect(client.text()).toBe('hello world');
});

test('a cut is a reset at both ends', async () => {
  const client = await echoing();
  proxy.cut();
  await until('the client sees it', () => client.fate() === 'ECONNRESET');
  await until('the server sees it', () => served[0]?.destroyed === true);
  expect(proxy.connections).toBe(0);
});

test('frozen, it passes nothing and closes nothing, also for new connections, until it is healed', async () => {
  const client = await echoing();
  proxy.freeze();
  client.socket.write(' again');
  const late = await dial();
  late.socket.write('late');
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect([client.text(), client.fate(), late.text(), late.fate()]).toEqual([
    'hello',
    undefined,
    '',
    undefined,
  ]);
  proxy.heal();
  await until('what waited passes', () => client.text() === 'hello again');
  await until('what came late passes', () => late.text() === 'late');
});

test('half open, one end is reset and the other hears nothing until it is healed', async () => {
  const client = await echoing();
  proxy.halfOpen('far');
  await until('the server sees it', () => served[0]?.destroyed === true);
  client.socket.write('anybody?');
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(client.fate()).toBeUndefined();
  proxy.heal();
  await until('the client is told', () => client.fate() !== undefined);
});

test.each(['toFar', 'toNear'] as const)('it cuts after so many bytes %s', async (way) => {
  const client = await dial();
  const cut = proxy.cutAfter(7, way);
  client.socket.write('hello');
  await until('five bytes pass', () => client.text() === 'hello');
  client.socket.write(' world');
  await cut;
  await until('the client is cut off', () => client.fate() !== undefined);
  expect(' world'.length + 5 > client.text().length).toBe(true);
  const next = await echoing();
  expect(next.fate()).toBeUndefined();
});

test('delayed, bytes come later and in order', async () => {
  const client = await echoing();
  proxy.delay(60);
  const start = performance.now();
  for (const letter of 'abc') client.socket.write(letter);
  await until('all letters', () => client.text() === 'helloabc');
  expect(performance.now() - start).toBeGreaterThan(100);
});

test('refusing, it resets newcomers until it is healed', async () => {
  proxy.refuse();
  const refused = await dial();
  await until('it is reset', () => refused.fate() !== undefined);
  proxy.heal();
  expect((await echoing()).text()).toBe('hello');
});

test('without a place of its own it serves CONNECT', async () => {
  const tunnel = new FaultProxy();
  const tunnelPort = await tunnel.start();
  const client = await dial(tunnelPort);
  client.socket.write(`CONNECT 127.0.0.1:${portOf(server)} HTTP/1.1\r\nHost: x\r\n\r\nhello`);
  await until('the echo', () => client.text().endsWith('hello'));
  expect(client.text()).toMatch(/^HTTP\/1\.1 200 /);
  await tunnel.stop();
});
