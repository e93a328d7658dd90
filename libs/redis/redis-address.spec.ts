import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { redisAddress } from '#libs/redis/redis-address.js';

const single = { isCluster: false };

test.each([
  [
    'unix:///run/redis/redis.sock',
    { ...single, nodes: [], options: { path: '/run/redis/redis.sock' } },
  ],
  ['redis://redis', { ...single, nodes: [{ host: 'redis', port: 6379 }], options: {} }],
  [
    'redis://:s%40cret@10.0.0.1:6380/2',
    {
      ...single,
      nodes: [{ host: '10.0.0.1', port: 6380 }],
      options: { password: 's@cret', db: 2 },
    },
  ],
  [
    'rediss://broker:pass@[::1]:6380',
    {
      ...single,
      nodes: [{ host: '::1', port: 6380 }],
      options: { username: 'broker', password: 'pass', tls: {} },
    },
  ],
  [
    'rediss-cluster://broker:pass@r1:7000,r2:7001,r3',
    {
      isCluster: true,
      nodes: [
        { host: 'r1', port: 7000 },
        { host: 'r2', port: 7001 },
        { host: 'r3', port: 6379 },
      ],
      options: { username: 'broker', password: 'pass', tls: {} },
    },
  ],
])('reads %s', (url, address) => {
  expect(redisAddress(url)).toEqual(address);
});

test.each([
  '',
  'redis',
  'http://redis',
  'redis://',
  'redis://a:1,b:2',
  'redis://host:notaport',
  'redis-cluster://a:1,b:2/3',
  'redis-cluster://a:1,,b:2',
  'redis://host?ca=/etc/ca.pem',
  'rediss://host?ca=/nowhere/ca.pem',
  'rediss://host?tls=off',
  'redis://%zz:pass@host',
])('does not read "%s"', (url) => {
  expect(redisAddress(url)).toBeUndefined();
});

test('reads the authority that signed the certificate of the server', () => {
  const folder = mkdtempSync(join(tmpdir(), 'conduit-redis-ca-'));
  const file = join(folder, 'authority one.pem');
  writeFileSync(file, 'PEM');
  const address = redisAddress(`rediss://redis?ca=${encodeURIComponent(file)}`);
  expect(address?.options).toEqual({ tls: { ca: 'PEM' } });
  rmSync(folder, { recursive: true });
});
