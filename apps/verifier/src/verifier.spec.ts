/** The verifier as it is given away: one file in an empty folder, with nothing but Node beside it. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { formatAuditExport } from '#libs/audit/audit-export.js';
import {
  aRecord,
  aWitness,
  anExportedLog,
  keysOf,
  sealed,
} from '#libs/audit/exported-logs.fixture.js';
import { formatVerifierKey } from '#libs/audit/signed-note.js';

const root = new URL('../../..', import.meta.url).pathname;
let folder: string;

/** An id that would clear the screen of whoever prints it as it is. */
const ESCAPE = 'query-\u001b[2J';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'conduit-verifier-'));
  const environment = { ...process.env, NODE_OPTIONS: '' };
  const words = [`${root}deploy/dev/audit-build.js`, join(folder, 'verify.mjs')];
  execFileSync(process.execPath, words, { env: environment });
  expect(readdirSync(folder)).toEqual(['verify.mjs']);
  const witness = aWitness(7);
  const scope = { practice: 'practice-1' };
  const witnesses = { threshold: 1, keys: [formatVerifierKey(witness.key)] };
  const broker = await anExportedLog({
    records: [1, 2, 3].map((minute) => aRecord(minute)),
    witnesses: [witness.cosigner],
  });
  const ran = [aRecord(1), aRecord(2), aRecord(3), aRecord(4, { queryId: ESCAPE })];
  const agentOf = (records: typeof ran) =>
    anExportedLog({ kind: 'agent', records, complete: { from: 0, to: records.length } });
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
  const good = formatAuditExport(sealed([broker], { scope, witnesses }));
  write('broker.json', good);
  write('cut.json', good.slice(0, -2));
  write('changed.json', good.replace('"<=10', '"<=11').replaceAll('<=10', '<=11'));
  write('agent.json', formatAuditExport(sealed([await agentOf(ran.slice(0, 3))])));
  const late = sealed([broker], {
    scope: { ...scope, from: '2026-02-28T23:00:00.000Z' },
    witnesses,
  });
  write('late.json', formatAuditExport(late));
  const standing = aRecord(4, { lane: 'registered' });
  write(
    'standing.json',
    formatAuditExport(sealed([await agentOf([...ran.slice(0, 3), standing])])),
  );
  write('phantom.json', formatAuditExport(sealed([await agentOf(ran)])));
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(...words: string[]): { status: number | null; stdout: string; stderr: string } {
  const env = { PATH: '/nowhere' };
  return spawnSync(process.execPath, ['verify.mjs', ...words], {
    ...{ cwd: folder, env, encoding: 'utf8' },
  });
}

test('finds what is good good, the broker’s log and the agent’s together', () => {
  const both = run('--export', 'broker.json', '--export', 'agent.json');
  expect(both).toMatchObject({ status: 0, stderr: '' });
  expect(both.stdout).toContain('both    3 queries agree, 0 do not, 0 never ran, 0 cannot be told');
  expect(both.stdout).toMatch(/3 of 3 records proven; 1 witnesses; key log\.example\/audit\+/);
  expect(both.stdout).toContain('The keys of the witnesses are taken from the export itself');
  expect(both.stdout).toMatch(/Nothing is wrong\.\n$/);
});

test('says what is wrong, in lines that no export can turn against the terminal', () => {
  const changed = run('--export', 'changed.json');
  expect(changed.status).toBe(1);
  expect(changed.stdout).toContain('wrong   logs[0].entries[0]: The record is not proven');
  const phantom = run('--export', 'broker.json', '--export', 'phantom.json');
  expect(phantom.status).toBe(1);
  expect(phantom.stdout).toContain('it ran at the practice, and the broker has no record');
  expect(phantom.stdout).not.toContain('\u001b');
  expect(run('--export', 'broker.json', '--witness-threshold', '2').status).toBe(1);
  const trusted = formatVerifierKey(aWitness(8).key);
  expect(run('--export', 'broker.json', '--key', trusted).status).toBe(1);
  const { publicKey } = keysOf(2);
  const stranger = formatVerifierKey({ name: 'log.example/audit', type: 'ed25519', publicKey });
  expect(run('--export', 'broker.json', '--key', stranger).status).toBe(1);
});

test('does not call good what cannot be told', () => {
  const { status, stdout } = run('--export', 'late.json', '--export', 'standing.json');
  expect(status).toBe(0);
  expect(stdout).toContain(
    'notice  reconciliation: 1 records of registered queries cannot be told',
  );
  expect(stdout).toContain('1 records of registered queries cannot be told\n');
  expect(stdout).toMatch(/in what can be told; registered queries are left that cannot\.\n$/);
});

test('answers in JSON for programs', () => {
  const { status, stdout } = run('--export', 'broker.json', '--json');
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ good: true, logs: [{ kind: 'broker', proven: 3 }] });
});

test.each([
  ['a file that was cut', ['--export', 'cut.json'], 'cut.json: the file: is not JSON'],
  ['no such file', ['--export', 'none.json'], 'cannot be read (ENOENT)'],
  ['no file', [], 'Name an export'],
  ['another word', ['--exports', 'broker.json'], 'not understood'],
  ['a key that is none', ['--export', 'broker.json', '--key', 'x'], 'no verifier key'],
  ['a threshold that is none', ['--export', 'broker.json', '--witness-threshold', 'x'], 'whole'],
])('cannot read %s, and says so', (_, words, says) => {
  const { status, stderr } = run(...words);
  expect(stderr).toContain(says);
  expect(status).toBe(2);
});
