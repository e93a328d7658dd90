import { afterAll, describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { AgentConfigError, readAgentConfig } from '#apps/agent/src/read-agent-config.js';

const site = {
  siteId: '3f2c8a52-6f0e-4a53-9d1c-0d7a52c6a001',
  server: 'SQLBOX\\INSTANCE',
  catalogues: [{ name: 'Patients', database: 'ZzPatients', isDefault: true }],
  logins: { read: { user: 'reader', password: 'Zz-secret-1' } },
};

const folders: string[] = [];

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'agent-config-'));
  folders.push(folder);
  return folder;
}

function folderWith(settings: unknown): string {
  const folder = emptyFolder();
  const text = typeof settings === 'string' ? settings : JSON.stringify(settings);
  writeFileSync(join(folder, 'agent.json'), text);
  return folder;
}

function problemsOf(settings: unknown, env: NodeJS.ProcessEnv = {}) {
  try {
    readAgentConfig(folderWith(settings), env);
  } catch (error) {
    if (error instanceof AgentConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('the agent settings', () => {
  test('a missing file gives the defaults', () => {
    const config = readAgentConfig(emptyFolder(), {});
    expect(config.logLevel).toBe('info');
    expect(config.sites).toEqual([]);
  });

  test('defaults fill what a site leaves out', () => {
    const [read] = readAgentConfig(folderWith({ sites: [site] }), {}).sites;
    expect(read?.encrypt).toBe(true);
    expect(read?.limits.lockTimeoutMs).toBe(5_000);
    expect(read?.logins.write).toBeUndefined();
    expect(read?.logins.read.password.reveal()).toBe('Zz-secret-1');
  });

  test('a partial limits object keeps the other defaults', () => {
    const limits = { maxRows: 10 };
    const [read] = readAgentConfig(folderWith({ sites: [{ ...site, limits }] }), {}).sites;
    expect(read?.limits).toMatchObject({ maxRows: 10, maxConcurrent: 8 });
  });

  test('a write journal needs its database, keeps writes for a while, and has plain names', () => {
    const journal = { database: 'ConduitJournal' };
    const [read] = readAgentConfig(folderWith({ sites: [{ ...site, journal }] }), {}).sites;
    expect(read?.journal).toEqual({
      ...journal,
      schema: 'dbo',
      table: 'WriteJournal',
      keepDays: 7,
    });
    const keysOf = (given: object) =>
      problemsOf({ sites: [{ ...site, journal: given }] }).map(({ key }) => key);
    expect(keysOf({})).toEqual(['sites[0].journal.database']);
    expect(keysOf({ ...journal, keepDays: 1 })).toEqual(['sites[0].journal.keepDays']);
    expect(keysOf({ ...journal, table: 'x]; DROP TABLE y' })).toEqual(['sites[0].journal.table']);
  });

  test('the environment wins over the file', () => {
    const folder = folderWith({ brokerUrl: 'https://one.example.com' });
    const env = { CONDUIT_AGENT_BROKER_URL: 'https://two.example.com:8443' };
    expect(readAgentConfig(folder, env).brokerUrl).toBe('https://two.example.com:8443');
  });

  test('a password is read from its file, relative to the state folder', () => {
    const logins = { read: { user: 'reader', passwordFile: 'read.password' } };
    const folder = folderWith({ sites: [{ ...site, logins }] });
    writeFileSync(join(folder, 'read.password'), 'Zz-from-file\n');
    const [read] = readAgentConfig(folder, {}).sites;
    expect(read?.logins.read.password.reveal()).toBe('Zz-from-file');
  });

  test('all problems come together, by key, without values', () => {
    const catalogues = [{ name: 'Patients', database: 'ZzPatients' }];
    const logins = { read: { user: 'reader', passwordFile: 'absent' }, write: 'Zz-secret-2' };
    const broken = { ...site, siteId: 'Zz-not-a-uuid', port: 0, catalogues, logins, sicret: 1 };
    const problems = problemsOf({ sites: [broken], brokerUrl: 'http://plain.example.com' });
    expect(new Set(problems.map(({ key }) => key))).toEqual(
      new Set([
        'brokerUrl',
        'sites[0].siteId',
        'sites[0].port',
        'sites[0].sicret',
        'sites[0].catalogues',
        'sites[0].logins.read.password',
        'sites[0].logins.read.passwordFile',
        'sites[0].logins.write',
      ]),
    );
    expect(JSON.stringify(problems)).not.toContain('Zz-');
  });

  test.each(['{"sites": [{"logins": Zz-secret', '[]', '"text"'])(
    'a file that is not a JSON object is named without being quoted: %#',
    (text) => {
      expect(problemsOf(text)).toEqual([{ key: 'agent.json', problem: 'is not a JSON object' }]);
    },
  );

  test('settings that are printed keep their secrets', () => {
    const config = readAgentConfig(
      folderWith({ sites: [site], proxy: 'http://zz:Zz-secret-3@proxy:3128' }),
      {},
    );
    expect(inspect(config, { depth: 9 }) + JSON.stringify(config)).not.toContain('Zz-secret');
  });
});
