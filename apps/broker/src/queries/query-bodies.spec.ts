import { expect, test } from '@jest/globals';
import { PassThrough } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { bodyBudget, QueryBodies } from '#apps/broker/src/queries/query-bodies.js';

const MB = 1024 * 1024;

/** A request whose body is sent in pieces of a megabyte, and may never end. */
function aRequest(headers: Record<string, string> = {}) {
  const raw = new PassThrough({ highWaterMark: 64 * MB });
  const request = { raw, headers: { 'content-type': 'application/json', ...headers } };
  return {
    request: request as unknown as FastifyRequest,
    send: (megabytes: number) => {
      for (let sent = 0; sent < megabytes; sent++) raw.write(Buffer.alloc(MB, 0x20));
    },
    end: () => raw.end(),
  };
}

const limited = { code: 'RATE_LIMITED', facts: { retryAfterMs: 1_000 } };

async function aHeldBody(bodies: QueryBodies, keyId: string, megabytes: number) {
  const held = bodies.hold(keyId);
  const { request, send, end } = aRequest();
  const reading = held.read(request);
  send(megabytes);
  end();
  expect(await reading).toHaveLength(megabytes * MB);
  return held;
}

test('one key holds so many bytes and no more, until they are released', async () => {
  const bodies = new QueryBodies(new BrokerConfig());
  const held = [];
  for (let count = 0; count < bodyBudget.perKeyBytes / (8 * MB); count++) {
    held.push(await aHeldBody(bodies, 'key-1', 8));
  }
  const { request } = aRequest({ 'content-length': '1' });
  expect(() => bodies.hold('key-1').read(request)).toThrow(expect.objectContaining(limited));
  await aHeldBody(bodies, 'key-2', 8);
  held.pop()?.release();
  await aHeldBody(bodies, 'key-1', 8);
});

test('a body that does not say its length is stopped where the budget ends', async () => {
  const bodies = new QueryBodies(new BrokerConfig());
  for (let count = 0; count < 3; count++) await aHeldBody(bodies, 'key-1', 9);
  const held = bodies.hold('key-1');
  const { request, send } = aRequest();
  const reading = held.read(request);
  send(6);
  await expect(reading).rejects.toMatchObject(limited);
  held.release();
  await aHeldBody(bodies, 'key-1', 5);
});

test('large bodies of many keys have a bound together, and small ones still pass', async () => {
  const bodies = new QueryBodies(new BrokerConfig());
  for (let count = 0; count < bodyBudget.bytes / (8 * MB); count++) {
    await aHeldBody(bodies, `key-${count}`, 8);
  }
  const large = aRequest({ 'content-length': String(MB) });
  expect(() => bodies.hold('key-new').read(large.request)).toThrow(
    expect.objectContaining(limited),
  );
  const small = aRequest({ 'content-length': '2' });
  const reading = bodies.hold('key-new').read(small.request);
  small.request.raw.emit('data', Buffer.from('{}'));
  small.end();
  await expect(reading).resolves.toHaveLength(2);
});
