import { request } from 'node:http';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { LocalConsole } from '#apps/broker/src/edge/local-console.js';

let local: LocalConsole;
const asked: string[] = [];
beforeAll(async () => {
  local = await LocalConsole.listen(0, ({ url }, response) => {
    asked.push(url ?? '');
    response.end('page');
  });
});
afterAll(() => local.close());

function statusOf(path: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port: local.port, path, headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}

test('answers the console to whoever calls it localhost', async () => {
  const host = `localhost:${local.port}`;
  expect(await statusOf('/console', host)).toBe(200);
  expect(await statusOf('/console/api/session', host)).toBe(200);
});

test.each(['/integrator/sites', '/operator/agents', '/', '/consoles', '/docs/../operator/agents'])(
  'has nothing at %s',
  async (path) => {
    const before = asked.length;
    expect(await statusOf(path, `localhost:${local.port}`)).toBe(404);
    expect(asked).toHaveLength(before);
  },
);

test.each(['evil.example', '127.0.0.1', 'localhost', 'localhost.evil.example'])(
  'is not there under the name %s',
  async (name) => {
    expect(await statusOf('/console', `${name}:${local.port + 1}`)).toBe(404);
    expect(await statusOf('/console', name)).toBe(404);
  },
);

test('is not reached from another machine', async () => {
  const outside = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ internal, family }) => !internal && family === 'IPv4');
  if (!outside) return;
  const refused = await new Promise((resolve) => {
    connect({ host: outside.address, port: local.port })
      .on('connect', () => resolve(false))
      .on('error', () => resolve(true));
  });
  expect(refused).toBe(true);
});
