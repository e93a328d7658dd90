import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readBrokerConfig } from '#apps/broker/src/read-broker-config.js';
import { describeResidency } from '#apps/broker/src/residency/describe-residency.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'conduit-residency-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const where = { country: 'AU', region: 'Sydney', operator: 'Zz Cloud Pty Ltd' };
const hosts = [
  { host: 'db.example.com', ...where, purposes: ['database'] },
  { host: 'redis.example.com', ...where, purposes: ['queue'] },
  { host: 'mail.example.com', ...where, purposes: ['mail'] },
  { host: 'id.example.com', ...where, purposes: ['sign-in'] },
  { host: 'node-1.example.com', ...where, purposes: ['node'] },
];

const live = {
  CONDUIT_ENVIRONMENT: 'live',
  DATABASE_URL: 'postgresql://conduit:canary@db.example.com/conduit?sslmode=verify-full',
  REDIS_URL: 'rediss://conduit:canary@redis.example.com:6379',
  CONDUIT_SMTP_URL: 'smtps://conduit:canary@mail.example.com',
  CONDUIT_OIDC_ISSUER: 'https://id.example.com/tenant',
  CONDUIT_OIDC_CLIENT_ID: 'conduit',
  CONDUIT_NODE_ADDRESS: 'node-1.example.com:9000',
};

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const read = (environment: Record<string, string>) =>
  readBrokerConfig({ CONDUIT_STATE_DIR: join(folder, 'state'), ...environment });

const withHosts = (declared: object[], more: Record<string, string> = {}) =>
  read({
    ...live,
    CONDUIT_RESIDENCY_FILE: file('hosts.json', JSON.stringify({ hosts: declared })),
    ...more,
  });

describe('a broker whose hosts are all declared', () => {
  test('starts, and says in plain words who they are', () => {
    const words = describeResidency(withHosts(hosts)).join('\n');
    expect(words).toContain('db.example.com\n      in Australia (Sydney), run by Zz Cloud Pty Ltd');
    expect(words).not.toContain('canary');
    expect(words).not.toContain('not in use');
  });

  test.each(hosts.map(({ host, purposes: [purpose] }) => [host, purpose]))(
    'does not start without %s',
    (host, purpose) => {
      const start = () => withHosts(hosts.filter((one) => one.host !== host));
      expect(start).toThrow(`its host is not declared for ${purpose}`);
      expect(start).not.toThrow(/canary|example/);
    },
  );

  test.each([
    'postgresql://db.example.com/conduit?host=elsewhere.example.com',
    'postgresql://db.example.com/conduit?host=db.example.com&host=elsewhere.example.com',
    'postgresql:///conduit?host=/run/postgresql',
    'not a URL',
  ])('does not start with %s', (url) => {
    expect(() => withHosts(hosts, { DATABASE_URL: url })).toThrow('DATABASE_URL: its host');
  });

  test.each([
    ['under a name below the declared one', 'https://login.id.example.com/tenant'],
    ['at a host that is declared for something else', 'https://mail.example.com/tenant'],
  ])('does not start with a sign-in provider %s', (_, url) => {
    const start = () => withHosts(hosts, { CONDUIT_OIDC_ISSUER: url });
    expect(start).toThrow('CONDUIT_OIDC_ISSUER: its host is not declared for sign-in');
  });

  test.each(['10.0.3.11', '10.0.3.11:8445', '[fd00::11]', '[fd00::11]:8445'])(
    'may have the address %s for the other nodes once it is declared, and not before',
    (address) => {
      const start = (...more: object[]) =>
        withHosts([...hosts, ...more], { CONDUIT_NODE_ADDRESS: address });
      const problem = 'CONDUIT_NODE_ADDRESS: its host is not declared for node';
      expect(() => start()).toThrow(problem);
      const host = address.includes('fd00') ? 'fd00::11' : '10.0.3.11';
      expect(() => start({ host, ...where, purposes: ['queue'] })).toThrow(problem);
      expect(start({ host, ...where, purposes: ['node'] }).nodeAddress).toBe(address);
    },
  );

  test('does not start when one node of a cluster is not', () => {
    const url = 'rediss-cluster://redis.example.com:6379,other.example.com:6379';
    expect(() => withHosts(hosts, { REDIS_URL: url })).toThrow('REDIS_URL: its host');
  });
});

describe('without a manifest', () => {
  const local = {
    DATABASE_URL: 'postgresql://conduit@localhost/postgres?host=%2Frun%2Fpostgresql',
    REDIS_URL: 'unix:///run/redis.sock',
    CONDUIT_SMTP_URL: 'smtp://127.0.0.1:25',
    CONDUIT_NODE_ADDRESS: '127.0.0.2',
  };

  test('development may use its own machine, and no other', () => {
    expect(describeResidency(read(local)).join('\n')).toContain('database, queue, mail, node');
    expect(() => read({ ...local, CONDUIT_SMTP_URL: 'smtp://mail.example.com' })).toThrow(
      'CONDUIT_SMTP_URL: its host',
    );
  });

  test.each<Record<string, string>>([{ CONDUIT_ENVIRONMENT: 'live' }, { NODE_ENV: 'production' }])(
    'nothing is permitted under %j',
    (environment) => {
      for (const name of Object.keys(local))
        expect(() => read({ ...local, ...environment })).toThrow(`${name}: its host`);
    },
  );
});

test('files that cannot be read, or say nothing clear, stop the start by their setting', () => {
  const start = (name: string, path: string) => () => read({ [name]: path });
  const manifest = 'CONDUIT_RESIDENCY_FILE';
  const table = 'CONDUIT_ADDRESS_TABLE_FILE';
  expect(start(manifest, join(folder, 'none'))).toThrow(`${manifest}: cannot be read`);
  expect(start(manifest, file('bad.json', '{'))).toThrow(`${manifest}: it is not JSON`);
  expect(start(table, join(folder, 'none'))).toThrow(`${table}: cannot be read`);
  expect(start(table, file('bad.csv', '10.0.0.0/8,AU\ncanary'))).toThrow(
    `${table}: 1 lines are not CIDR,country; the first: 2`,
  );
  const good = read({ [table]: file('good.csv', '10.0.0.0/8,AU') });
  expect(good.addressTable?.countryOf('10.1.2.3')).toBe('AU');
});
