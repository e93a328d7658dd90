import { describe, expect, test } from '@jest/globals';
import { ResidencyManifest } from '#apps/broker/src/residency/residency-manifest.js';

const aHost = (more: object = {}) => ({
  host: 'db.example.com',
  country: 'AU',
  region: 'Sydney',
  operator: 'Zz Cloud Pty Ltd',
  purposes: ['database'],
  ...more,
});

const read = (file: object, isDevelopment = false) =>
  ResidencyManifest.read(JSON.stringify(file), isDevelopment);

function manifest(hosts: object[], isDevelopment = false): ResidencyManifest {
  const found = read({ hosts }, isDevelopment);
  if (Array.isArray(found)) throw new Error('the manifest is refused');
  return found;
}

describe('what is declared', () => {
  test('is permitted for its purpose, however its name is written', () => {
    const declared = manifest([aHost(), aHost({ host: '2001:db8::1' })]);
    for (const host of ['db.example.com', 'DB.Example.COM.', '[2001:db8::1]'])
      expect(declared.permits(host, 'database')).toBe(true);
    expect(declared.permits('db.example.com', 'mail')).toBe(false);
  });

  test.each(['example.com', 'x.db.example.com', 'db.example.com.evil.test', ''])(
    'does not permit %p',
    (host) => expect(manifest([aHost()]).permits(host, 'database')).toBe(false),
  );
});

describe('this machine', () => {
  const local = ['localhost', '127.0.0.1', '127.8.9.1', '::1', '[::1]', 'unix'];

  test.each(local)('as %s counts as declared in development, and nowhere else', (host) => {
    expect(ResidencyManifest.none(true).permits(host, 'queue')).toBe(true);
    expect(ResidencyManifest.none(false).permits(host, 'queue')).toBe(false);
    expect(manifest([aHost()], true).permits(host, 'queue')).toBe(true);
    expect(manifest([aHost({ host, purposes: ['queue'] })]).permits(host, 'queue')).toBe(true);
  });

  test.each(['127.evil.test', 'localhost.evil.test', '128.0.0.1', '0.0.0.0', '::', '10.0.0.1'])(
    'is not %s',
    (host) => expect(ResidencyManifest.none(true).permits(host, 'queue')).toBe(false),
  );
});

describe('a file that cannot stand', () => {
  const faults: [string, object, string][] = [
    ['without hosts', {}, 'it needs a list of hosts'],
    ['with a field nobody knows', { hosts: [], host: [] }, 'it holds a field that is not known'],
    [
      'with a field of a host nobody knows',
      { hosts: [aHost({ port: 1 })] },
      'hosts[0] holds a field',
    ],
    ['with a country in small letters', { hosts: [aHost({ country: 'au' })] }, 'hosts[0].country'],
    ['without a region', { hosts: [aHost({ region: ' ' })] }, 'hosts[0].region'],
    ['without an operator', { hosts: [aHost({ operator: undefined })] }, 'hosts[0].operator'],
    ['with a wildcard', { hosts: [aHost({ host: '*.example.com' })] }, 'hosts[0].host'],
    ['with a port', { hosts: [aHost({ host: 'db.example.com:5432' })] }, 'hosts[0].host'],
    ['with a URL', { hosts: [aHost({ host: 'https://db.example.com' })] }, 'hosts[0].host'],
    ['with a purpose nobody knows', { hosts: [aHost({ purposes: ['spy'] })] }, 'hosts[0].purposes'],
    ['with no purpose', { hosts: [aHost({ purposes: [] })] }, 'hosts[0].purposes'],
    [
      'with a host twice',
      { hosts: [aHost(), aHost({ host: 'DB.example.com' })] },
      'declared twice',
    ],
    [
      'with a host abroad',
      { countries: ['AU'], hosts: [aHost({ country: 'US' })] },
      'hosts[0].country',
    ],
    [
      'with a word that is inherited',
      { hosts: [aHost({ purposes: ['toString'] })] },
      'hosts[0].purposes',
    ],
  ];

  test.each(faults)('%s says where, and none of its values', (_, file, problem) => {
    const found = read(file);
    expect(found).toEqual([expect.stringContaining(problem)]);
    expect(String(found)).not.toMatch(/example|spy|\bau\b/);
  });

  test.each(['', '{', 'null', '[]', '"hosts"'])('as %p is refused', (text) => {
    expect(ResidencyManifest.read(text, true)).toHaveLength(1);
  });

  test('tells everything that is wrong at once', () => {
    expect(read({ hosts: [aHost({ country: 'x', region: '' }), 7] })).toHaveLength(7);
  });
});
