import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigProblems, readBrokerConfig } from '#apps/broker/src/read-broker-config.js';
import { DEFAULT_LIMITS } from '#libs/link/link-limits.js';

let stateDir: string;

beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'conduit-config-'));
});

afterEach(() => rmSync(stateDir, { recursive: true, force: true }));

const good = () => ({
  CONDUIT_STATE_DIR: stateDir,
  CONDUIT_TLS_KEY_FILE: 'key.pem',
  CONDUIT_TLS_CERT_FILE: 'cert.pem',
});

test('makes its secrets once, readable by their owner only', () => {
  const first = readBrokerConfig(good());
  const second = readBrokerConfig(good());
  expect(second.keyPepper.reveal()).toEqual(first.keyPepper.reveal());
  expect(second.operatorToken.reveal()).toBe(first.operatorToken.reveal());
  expect(first.keyPepper.reveal()).not.toEqual(first.pairingPepper.reveal());
  expect(statSync(join(stateDir, 'operator-token')).mode & 0o777).toBe(0o600);
});

test('reports every problem by its variable and prints no value', () => {
  const read = () =>
    readBrokerConfig({
      CONDUIT_API_PORT: '99999',
      CONDUIT_LOG_LEVEL: 'shouting-canary',
      CONDUIT_TLS_KEY_FILE: 'key.pem',
      CONDUIT_KEY_PEPPER: 'short-canary',
      CONDUIT_STATE_DIR: stateDir,
    });
  expect(read).toThrow(ConfigProblems);
  try {
    read();
  } catch (error) {
    const text = (error as Error).message;
    for (const name of ['API_PORT', 'LOG_LEVEL', 'TLS_CERT_FILE', 'KEY_PEPPER']) {
      expect(text).toContain(`CONDUIT_${name}`);
    }
    expect(text).not.toContain('canary');
    expect(text).not.toContain('99999');
  }
});

test('the address for other nodes is a host, with or without a port, and useless without Redis', () => {
  const read = (address: string, redis = 'redis://127.0.0.1:6379') =>
    readBrokerConfig({ ...good(), CONDUIT_NODE_ADDRESS: address, REDIS_URL: redis }).nodeAddress;
  for (const address of ['127.0.0.2', 'localhost:9000', '[::1]', '[::1]:9000']) {
    expect(read(address)).toBe(address);
  }
  for (const address of ['https://node-1', 'node 1', 'fd00::1', 'node-1:', ':8445']) {
    expect(() => read(address)).toThrow('CONDUIT_NODE_ADDRESS: it must match');
  }
  expect(() => read('127.0.0.2', '')).toThrow('CONDUIT_NODE_ADDRESS: it needs REDIS_URL');
  expect(readBrokerConfig(good()).nodeAddress).toBeUndefined();
});

test('a role on the command line wins over the environment', () => {
  const config = readBrokerConfig({ ...good(), CONDUIT_ROLES: 'worker' }, [
    '--role',
    'api,gateway',
  ]);
  expect(config.roles).toEqual(['api', 'gateway']);
  expect(readBrokerConfig(good(), ['--role', 'all']).roles).toEqual(['api', 'gateway', 'worker']);
  expect(() => readBrokerConfig(good(), ['--role', 'king'])).toThrow('CONDUIT_ROLES');
});

test('secrets do not print', () => {
  const config = readBrokerConfig({ ...good(), DATABASE_URL: 'postgresql://u:canary@localhost/d' });
  expect(JSON.stringify(config)).not.toContain('canary');
});

test('a query may not be larger than one request of the link', () => {
  expect(readBrokerConfig(good()).maxBodyBytes).toBeLessThan(DEFAULT_LIMITS.maxRequestBytes);
  const tooLarge = { ...good(), CONDUIT_MAX_BODY_BYTES: String(DEFAULT_LIMITS.maxRequestBytes) };
  expect(() => readBrokerConfig(tooLarge)).toThrow('CONDUIT_MAX_BODY_BYTES');
});

test('the ranges of the operator are addresses or ranges', () => {
  const read = (ranges: string) =>
    readBrokerConfig({ ...good(), CONDUIT_OPERATOR_RANGES: ranges }).operatorRanges;
  expect(read('192.0.2.0/24, 2001:db8::/32')).toEqual(['192.0.2.0/24', '2001:db8::/32']);
  expect(() => read('192.0.2.0/99')).toThrow('CONDUIT_OPERATOR_RANGES');
});

describe('the console', () => {
  const read = (more: Record<string, string>) => readBrokerConfig({ ...good(), ...more });

  test('is at an https origin, host and port alone', () => {
    const origin = 'https://console.example.org:8443';
    expect(read({ CONDUIT_CONSOLE_ORIGIN: origin }).consoleOrigin).toBe(origin);
    for (const wrong of [
      'http://console.example.org',
      `${origin}/console`,
      'console',
      `${origin}@x`,
    ])
      expect(() => read({ CONDUIT_CONSOLE_ORIGIN: wrong })).toThrow('CONDUIT_CONSOLE_ORIGIN');
  });

  test('is never over plain HTTP in production, nor beside an origin of its own', () => {
    const local = { CONDUIT_CONSOLE_LOCAL_PORT: '0' };
    expect(read(local).consoleLocalPort).toBe(0);
    for (const [name, value] of [
      ['NODE_ENV', 'production'],
      ['CONDUIT_ENVIRONMENT', 'live'],
      ['CONDUIT_CONSOLE_ORIGIN', 'https://console.example.org'],
    ] as const) {
      expect(() => read({ ...local, [name]: value })).toThrow('CONDUIT_CONSOLE_LOCAL_PORT');
    }
  });

  test('takes accounts of a provider over https alone, by a name', () => {
    const provider = { CONDUIT_OIDC_ISSUER: 'https://localhost/tenant' };
    expect(() => read(provider)).toThrow('CONDUIT_OIDC_CLIENT_ID');
    const named = { ...provider, CONDUIT_OIDC_CLIENT_ID: 'conduit' };
    expect(read(named).oidcClientId).toBe('conduit');
    const plain = { ...named, CONDUIT_OIDC_ISSUER: 'http://127.0.0.1:9' };
    expect(() => read({ ...plain, CONDUIT_ENVIRONMENT: 'live' })).toThrow('CONDUIT_OIDC_ISSUER');
    expect(() => read({ ...named, CONDUIT_OIDC_ISSUER: 'http://id.example.org' })).toThrow(
      'CONDUIT_OIDC_ISSUER',
    );
  });

  test('keeps the passwords of mail server and provider to itself', () => {
    const config = read({
      CONDUIT_SMTP_URL: 'smtp://u:canary@localhost',
      CONDUIT_OIDC_CLIENT_SECRET: 'canary',
    });
    expect(JSON.stringify(config)).not.toContain('canary');
    expect(config.smtpUrl?.reveal()).toBe('smtp://u:canary@localhost');
  });
});
