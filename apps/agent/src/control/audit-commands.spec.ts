import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { auditCommands } from '#apps/agent/src/control/audit-commands.js';
import { runCommandLine } from '#apps/agent/src/control/command-line.js';
import { AgentIdentity } from '#apps/agent/src/identity/agent-identity.js';
import { IdentityFolder } from '#apps/agent/src/identity/identity-folder.js';
import { AgentLog, checkpointFile, journalFolder } from '#apps/agent/src/journal/agent-log.js';
import { FileJournal } from '#apps/agent/src/journal/file-journal.js';
import { openLogSigner } from '#apps/agent/src/journal/log-signer.js';
import { isSealedBy } from '#libs/audit/export-seal.js';
import { parseAuditExport } from '#libs/audit/parse-audit-export.js';
import { openCheckpoint } from '#libs/audit/checkpoint.js';
import { parseVerifierKey } from '#libs/audit/signed-note.js';
import { textLeafHash } from '#libs/audit/tree-hash.js';
import { verifyInclusion } from '#libs/audit/verify-proofs.js';
import { FixedClock } from '#libs/kernel/clock.js';
import { makeIdentityKey } from '#libs/pki/keys.js';

let state: string;
const clock = new FixedClock(Date.parse('2026-03-04T00:00:00.000Z'));
const query = { type: 'query.executed', outcome: 'successful', site: 'site-1' } as const;

async function say(...words: string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { code: -1, out: '', err: '' };
  said.code = await runCommandLine(auditCommands, ['audit', ...words, '--state', state], {
    out: (line) => void (said.out += `${line}\n`),
    err: (line) => void (said.err += `${line}\n`),
    ask: undefined,
  });
  return said;
}

beforeAll(async () => {
  state = mkdtempSync(join(tmpdir(), 'agent-audit-'));
  const folder = await IdentityFolder.prepare(state);
  const { privateKey } = makeIdentityKey();
  await folder.write('identity', {
    ...{ agentId: 'a-1', practiceId: 'p-1', trustDomain: 'conduit.test', brokerUrl: '' },
    ...{ linkUrl: '', sites: [], authority: '' },
    identityKey: privateKey.export({ format: 'pem', type: 'pkcs8' }) as string,
  });
  await folder.adopt();
  const signer = await openLogSigner(await AgentIdentity.load(state));
  const log = await AgentLog.open(journalFolder(state), signer);
  const journal = FileJournal.over(log, journalFolder(state), clock);
  for (const [n, integrator] of ['i-1', 'i-2', 'i-1', 'i-1'].entries()) {
    journal.note({ ...query, integrator, queryId: `q-${n}` }, { rows: 7, bytes: 120, ms: 15 });
    clock.advance(86_400_000);
  }
  journal.note({ type: 'query.refused', outcome: 'refused', errorCode: 'GRANT_EXPIRED' });
  await journal.close();
});
afterAll(() => rmSync(state, { recursive: true, force: true }));

describe('agent audit', () => {
  test('lists what was done in plain lines, with exact counts, under filters', async () => {
    const all = await say();
    expect(all.out.split('\n')).toHaveLength(6);
    expect(all.out).toContain(
      '0  2026-03-04T00:00:00.000Z  query answered, integrator i-1, site site-1, query q-0, 7 rows, 120 bytes, 15 ms\n',
    );
    expect(all.out).toContain('query refused (');
    const some = await say(
      '--integrator',
      'i-1',
      '--since',
      '2026-03-05',
      '--limit',
      '1',
      '--json',
    );
    expect(JSON.parse(some.out)).toMatchObject({
      matching: 2,
      records: [{ n: 3, record: { queryId: 'q-3' }, exact: { rows: 7, bytes: 120, ms: 15 } }],
    });
    expect((await say('--site', 'elsewhere')).out).toBe('No such records.\n');
    expect((await say('--since', 'soon')).code).toBe(2);
    expect((await say('burn')).code).toBe(2);
  });

  test('exports a span without a gap, every record proven under the signed head', async () => {
    const out = join(state, 'export.json');
    expect(
      (await say('export', '--out', out, '--since', '2026-03-05', '--until', '2026-03-07')).code,
    ).toBe(0);
    const text = readFileSync(out, 'utf8');
    expect(text).not.toContain('"rows"');
    const parsed = parseAuditExport(text);
    if (!('logs' in parsed)) throw new Error(parsed.place);
    const log = parsed.logs[0]!;
    expect(isSealedBy(parsed, [parseVerifierKey(log.verifierKey)!])).toBe(true);
    expect(log.complete).toEqual({ from: 1, to: 3 });
    const head = openCheckpoint(log.checkpoint, parseVerifierKey(log.verifierKey)!)!.checkpoint;
    expect(head).toMatchObject({ origin: 'conduit.test/agent/a-1/audit', size: 5 });
    for (const { index, record, proof } of log.entries) {
      expect(verifyInclusion({ index, ...head }, textLeafHash(record), proof)).toBe(true);
    }
  });

  test('finds all well, and each thing that was changed', async () => {
    expect(await say('verify')).toMatchObject({ code: 0 });
    const folder = journalFolder(state);
    const segment = join(
      folder,
      readdirSync(folder).find((name) => name.endsWith('.ndjson'))!,
    );
    const tile = join(folder, 'tile', '0', '000');
    const spoils: [string, string, (text: Buffer) => Buffer][] = [
      [segment, 'record-changed', (is) => Buffer.from(is.toString().replace('q-1', 'q-9'))],
      [segment, 'counts-changed', (is) => Buffer.from(is.toString().replace(':120,', ':121,'))],
      [
        segment,
        'number-wrong',
        (is) => Buffer.from(is.toString().split('\n').toSpliced(1, 1).join('\n')),
      ],
      [
        segment,
        'records-missing',
        (is) => Buffer.from(is.toString().split('\n').toSpliced(4, 1).join('\n')),
      ],
      [tile, 'tiles-wrong', (is) => Buffer.from(is).fill(1, 40, 41)],
      [
        checkpointFile(folder),
        'checkpoint-wrong',
        (is) => Buffer.from(is.toString().replace('\n5\n', '\n6\n')),
      ],
    ];
    for (const [path, problem, spoil] of spoils) {
      const right = readFileSync(path);
      writeFileSync(path, spoil(right));
      const found = await say('verify', '--json');
      writeFileSync(path, right);
      expect(found.code).toBe(1);
      const { problems } = JSON.parse(found.out) as { problems: { problem: string }[] };
      expect(problems.map((one) => one.problem)).toContain(problem);
    }
    expect((await say('verify')).out).toContain('All is well.');
  });
});
