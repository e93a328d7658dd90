import { once } from 'node:events';
import { pipeline } from 'node:stream';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { AddressTable } from '#apps/broker/src/residency/address-table.js';
import { CallReceiver } from '#apps/broker/src/webhooks/call-receiver.js';
import { answerStatus, Receiver } from '#apps/broker/src/webhooks/receiver.fixture.js';
import { SystemClock } from '#libs/kernel/clock.js';

let receiver: Receiver;
let stranger: Receiver;
let calls: CallReceiver;
const patienceMs = 1_000;
const sent = Buffer.from('{"id":"x"}');

function aCaller(privateRanges: string[], caFile?: string, table?: string): CallReceiver {
  const config = new BrokerConfig();
  if (table !== undefined) config.addressTable = AddressTable.read(table) as AddressTable;
  config.webhookPrivateRanges = privateRanges;
  if (caFile !== undefined) config.webhookCaFile = caFile;
  const caller = new CallReceiver(config, new SystemClock());
  caller.callMs = patienceMs;
  return caller;
}

const post = (url: string, caller = calls) =>
  caller.post(new URL(url), { 'content-type': 'application/json' }, sent);

beforeAll(async () => {
  receiver = await Receiver.start();
  stranger = await Receiver.start();
});
afterAll(async () => {
  await receiver.stop();
  await stranger.stop();
});
beforeEach(() => {
  calls = aCaller(['127.0.0.0/8', '::1'], receiver.caFile);
  receiver.calls.length = 0;
});
afterEach(() => {
  receiver.answer = answerStatus(200);
});

describe('a receiver', () => {
  test('gets the body, its headers and its own name', async () => {
    expect(await post(`${receiver.url}?a=1`)).toEqual({
      statusCode: 200,
      durationMs: expect.any(Number),
    });
    const [call] = receiver.calls;
    expect(call).toMatchObject({ path: '/hooks?a=1', body: sent, servername: 'localhost' });
    expect(call?.headers).toMatchObject({
      host: `localhost:${receiver.port}`,
      'content-type': 'application/json',
    });
  });

  test.each([201, 202, 204, 299])('delivers by answering %i', async (status) => {
    receiver.answer = answerStatus(status);
    expect(await post(receiver.url)).toMatchObject({ statusCode: status });
  });

  test.each([400, 404, 410, 429, 500, 503])('refuses by answering %i', async (status) => {
    receiver.answer = answerStatus(status);
    expect(await post(receiver.url)).toMatchObject({ statusCode: status, error: 'status-refused' });
  });

  test('says when to come again', async () => {
    receiver.answer = answerStatus(429, { 'retry-after': '120' });
    expect(await post(receiver.url)).toMatchObject({ retryAfterMs: 120_000 });
  });

  test.each([301, 302, 303, 307, 308])('leads nowhere else by answering %i', async (status) => {
    receiver.answer = answerStatus(status, { location: `https://localhost:${stranger.port}/` });
    expect(await post(receiver.url)).toMatchObject({ statusCode: status, error: 'redirected' });
    expect(receiver.calls).toHaveLength(1);
    expect(stranger.connections).toBe(0);
  });

  test('that answers 5 MB is cut, and its status counts', async () => {
    let given = 0;
    const cut = new Promise<void>((resolve) => {
      receiver.answer = (response) => {
        response.writeHead(200);
        const megabytes = (function* () {
          for (given = 0; given < 5 * 1024; given += 16) yield Buffer.alloc(16 * 1024);
        })();
        pipeline(megabytes, response, () => resolve());
      };
    });
    expect(await post(receiver.url)).toEqual({ statusCode: 200, durationMs: expect.any(Number) });
    await cut;
    // What lies in the sockets between counts too.
    expect(given).toBeLessThan(4 * 1024);
  });

  test('that never ends its answer is cut in time, and its status counts', async () => {
    receiver.answer = (response) => response.writeHead(200).write('{');
    const outcome = await post(receiver.url);
    expect(outcome.statusCode).toBe(200);
    expect(outcome.durationMs).toBeGreaterThan(patienceMs - 100);
    expect(outcome.durationMs).toBeLessThan(patienceMs + 1_500);
  });

  test('that never answers is given up in time', async () => {
    receiver.answer = () => undefined;
    const outcome = await post(receiver.url);
    expect(outcome).toMatchObject({ error: 'timed-out' });
    expect(outcome.durationMs).toBeLessThan(patienceMs + 1_500);
  });

  test('that breaks off has not answered', async () => {
    receiver.answer = (response) => response.destroy();
    expect(await post(receiver.url)).toMatchObject({ error: 'connection-failed' });
  });

  test('whose answer has endless headers has not answered', async () => {
    receiver.answer = (response) => {
      response.socket?.write(`HTTP/1.1 200 OK\r\nx: ${'a'.repeat(64 * 1024)}\r\n\r\n`);
    };
    expect(await post(receiver.url)).toMatchObject({ error: 'connection-failed' });
  });

  test('with a certificate of an unknown authority hears nothing', async () => {
    expect(await post(receiver.url, aCaller(['127.0.0.0/8']))).toMatchObject({
      error: 'tls-failed',
    });
    expect(await post(stranger.url)).toMatchObject({ error: 'tls-failed' });
    expect(receiver.calls).toEqual([]);
    expect(stranger.calls).toEqual([]);
  });

  test('with a certificate for another name hears nothing', async () => {
    calls.resolve = async () => [{ address: '127.0.0.1', family: 4 }];
    expect(await post(`https://other.example:${receiver.port}/`)).toMatchObject({
      error: 'tls-failed',
    });
    expect(receiver.calls).toEqual([]);
  });

  test('that is not there is a failed connection', async () => {
    const gone = createServer();
    gone.listen(0, '127.0.0.1');
    await once(gone, 'listening');
    const { port } = gone.address() as AddressInfo;
    gone.close();
    await once(gone, 'close');
    expect(await post(`https://127.0.0.1:${port}/`)).toMatchObject({ error: 'connection-failed' });
  });
});

describe('where a webhook is not sent', () => {
  let trap: Server;
  let trapped = 0;

  beforeAll(async () => {
    trap = createServer((socket) => {
      trapped += 1;
      socket.destroy();
    });
    trap.listen(0, '127.0.0.1');
    await once(trap, 'listening');
  });
  afterAll(() => void trap.close());
  const at = (host: string) => `https://${host}:${(trap.address() as AddressInfo).port}/`;

  test.each([
    'localhost',
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f.0.0.1',
    '0177.0.0.1',
    '0.0.0.0',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '10.0.0.1',
    '169.254.169.254',
    'no-such-name.invalid',
  ])('%s', async (host) => {
    const caller = aCaller([]);
    expect(await post(at(host), caller)).toMatchObject({ error: 'address-refused' });
    expect(await caller.leadsOutside(new URL(at(host)))).toBe(false);
    expect(trapped).toBe(0);
  });

  test('a name with one public and one private address', async () => {
    const caller = aCaller([]);
    caller.resolve = async () => [
      { address: '1.1.1.1', family: 4 },
      { address: '127.0.0.1', family: 4 },
    ];
    expect(await post(at('both.example'), caller)).toMatchObject({ error: 'address-refused' });
    expect(trapped).toBe(0);
  });

  test('a name of which one address is in another country, or in none that is known', async () => {
    const caller = aCaller([], undefined, '1.1.1.0/24,AU\n8.8.8.0/24,US');
    const known = { 'au.example': ['1.1.1.1'], 'both.example': ['1.1.1.1', '8.8.8.8'] };
    const names: Record<string, string[]> = { ...known, 'unknown.example': ['9.9.9.9'] };
    caller.resolve = async (host) => (names[host] ?? []).map((address) => ({ address, family: 4 }));
    const refusalOf = (host: string, countries?: string[]) =>
      caller.wouldRefuse(new URL(at(host)), countries);
    for (const host of ['both.example', 'unknown.example']) {
      const sending = caller.post(new URL(at(host)), {}, sent, ['AU']);
      expect(await sending).toMatchObject({ error: 'country-refused' });
      expect(await refusalOf(host, ['AU'])).toBe('country-refused');
      // Alarms of the operator are no integrator's: their hosts are in the manifest.
      expect(await refusalOf(host)).toBeUndefined();
    }
    expect(await refusalOf('au.example', ['AU'])).toBeUndefined();
    expect(await refusalOf('both.example', ['AU', 'US'])).toBeUndefined();
    expect(await refusalOf('au.example', [])).toBe('country-refused');
    expect(trapped).toBe(0);
  });

  test('the address that a name stands for after it was checked', async () => {
    const caller = aCaller(['127.0.0.2/32'], receiver.caFile);
    let asked = 0;
    caller.resolve = async () => {
      asked += 1;
      // Nobody listens at the first; the second answer would lead to the trap.
      return [{ address: asked === 1 ? '127.0.0.2' : '127.0.0.1', family: 4 }];
    };
    expect(await post(at('rebinding.example'), caller)).toMatchObject({
      error: 'connection-failed',
    });
    expect(asked).toBe(1);
    expect(trapped).toBe(0);
    expect(await post(at('rebinding.example'), caller)).toMatchObject({ error: 'address-refused' });
  });

  test('a name that is resolved too slowly', async () => {
    const caller = aCaller([]);
    caller.resolve = () => new Promise(() => undefined);
    expect(await post(at('slow.example'), caller)).toMatchObject({ error: 'timed-out' });
  });
});
