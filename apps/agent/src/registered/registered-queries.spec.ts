import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RegisteredRunReport } from '#libs/contracts/registered.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { aSiteId, RegisteredScene } from '#apps/agent/src/registered/registered.fixture.js';

let scene: RegisteredScene;

beforeEach(async () => {
  scene = await RegisteredScene.open();
});
afterEach(() => scene.close());

const again = { frequencySeconds: 1 };

function filesOf(id: string): string[] {
  return readdirSync(join(scene.folder, 'registered', id)).sort();
}

async function lastReport(count: number): Promise<RegisteredRunReport> {
  return (await scene.reported(count))[count - 1] as RegisteredRunReport;
}

describe('a run', () => {
  test('that is the first uploads the whole result, sealed to the caller', async () => {
    scene.answer = [{ Id: 1, Surname: 'ZzExample' }];
    const id = await scene.put();
    const report = await lastReport(1);
    expect(report).toMatchObject({ outcome: 'changed', rows: 1, basis: 0, registeredId: id });
    expect(JSON.stringify(report)).not.toContain('ZzExample');
    expect(await scene.opened(id, report.run)).toEqual({
      0: { rows: 1, size: 32, parameters: null },
      1: [{ Id: 1, Surname: 'ZzExample' }],
    });
  });

  test('is packed for a broker that asks for it, and for no other', async () => {
    scene.answer = Array.from({ length: 1_000 }, (_, Id) => ({ Id, Surname: 'ZzExample' }));
    const bytes = JSON.stringify(scene.answer).length;
    const uploaded = async (registeredId: string, run: number, more: { pageEncoding?: 'br' }) => {
      const { frames } = await scene.queries.fetch({ registeredId, run, ...more });
      return Buffer.concat(frames).length;
    };
    const asks = { pageEncoding: 'br' as const };
    const packed = await scene.put(asks);
    const { run } = await lastReport(1);
    expect(await uploaded(packed, run, asks)).toBeLessThan(bytes / 3);
    expect((await scene.opened(packed, run, asks))[1]).toEqual(scene.answer);
    await expect(scene.opened(packed, run)).rejects.toMatchObject({ code: 'RESULT_GONE' });
    const plain = await scene.put();
    const second = await lastReport(2);
    expect(await uploaded(plain, second.run, asks)).toBeGreaterThan(bytes);
    expect((await scene.opened(plain, second.run))[1]).toEqual(scene.answer);
  });

  test('goes the way of every query: lane, limits, an id of the run', async () => {
    await scene.put();
    const { run, registeredId } = await lastReport(1);
    expect(scene.asked[0]?.meta).toMatchObject({
      lane: 'registered',
      executionLimitMs: 60_000,
      maxResultBytes: 8 * 1024 * 1024,
      queryId: registeredId,
      requestId: `${registeredId}.${run}`,
    });
    expect(scene.asked[0]?.query.command.text).toBe('SELECT 1 AS a');
  });

  test('that finds nothing new uploads nothing, one that does tells what differs', async () => {
    scene.answer = [{ Id: 1, Name: 'Zz' }];
    const id = await scene.put(again, { keyColumns: ['id'] });
    const first = await lastReport(1);
    const second = await lastReport(2);
    expect(second).toMatchObject({ outcome: 'unchanged', hash: first.hash });
    scene.answer = [{ Id: 1, Name: 'Zz new' }, { Id: 2 }];
    const third = (await scene.reported(4)).find(({ run }, at) => at > 1 && run) as typeof first;
    const changed = scene.line.reports.find((report) => report.basis === first.run) ?? third;
    expect(changed).toMatchObject({ outcome: 'changed', added: 1, changed: 1, removed: 0 });
    expect((await scene.opened(id, changed.run))[2]).toEqual({
      keyed: true,
      entries: [
        { k: '[1]', op: 'changed', row: { Id: 1, Name: 'Zz new' } },
        { k: '[2]', op: 'added', row: { Id: 2 } },
      ],
    });
    await expect(scene.opened(id, first.run)).rejects.toMatchObject({ code: 'RESULT_GONE' });
  });

  test('that fails tells its code openly and its words to the caller alone', async () => {
    scene.answer = {
      status: 'executionFailed',
      sqlExecutionMs: 1,
      waitedMs: 0,
      error: {
        code: 'STATEMENT_FAILED',
        errorType: 'mssql',
        errorCode: 245,
        errorMessage: "Conversion failed for 'ZzSecret'.",
      },
    };
    await scene.put();
    const report = await lastReport(1);
    expect(report).toMatchObject({ outcome: 'failed', errorCode: 'STATEMENT_FAILED' });
    expect(report).toMatchObject({ errorType: 'mssql', errorNumber: 245 });
    expect(JSON.stringify(report)).not.toContain('ZzSecret');
    expect(report.sealedError?.sealed.length).toBeGreaterThan(40);
    expect(scene.failures).toEqual(['STATEMENT_FAILED']);
  });

  test('stands as its last run left it, and nothing of what it says or found is told', async () => {
    scene.answer = [{ a: 'ZzSecret' }];
    const [changed] = [await scene.put(), await scene.reported(1)];
    scene.answer = new ConduitError('STATEMENT_FAILED');
    const [failed] = [await scene.put(), await scene.reported(2)];
    const standings = scene.queries.standings();
    expect(standings).toMatchObject([
      { registeredId: changed, frequencySeconds: 60, lastRun: 'changed' },
      { registeredId: failed, frequencySeconds: 60, lastRun: 'failed' },
    ]);
    expect(JSON.stringify(standings)).not.toMatch(/ZzSecret|SELECT/i);
  });

  test('whose rows lack a key column fails with that reason', async () => {
    scene.answer = [{ a: 1 }];
    await scene.put({}, { keyColumns: ['b'] });
    expect(await lastReport(1)).toMatchObject({ errorCode: 'KEY_COLUMN_MISSING' });
  });

  test('that finds no room on the disk fails with that reason, and the old result stays', async () => {
    await scene.close();
    scene = await RegisteredScene.open(undefined, 200_000);
    scene.answer = [{ a: 1 }];
    const id = await scene.put(again);
    const first = await lastReport(1);
    scene.answer = [{ a: 'x'.repeat(300_000) }];
    expect(await lastReport(2)).toMatchObject({ outcome: 'failed', errorCode: 'SPOOL_FULL' });
    expect((await scene.opened(id, first.run))[1]).toEqual([{ a: 1 }]);
  });
});

describe('permission', () => {
  test('that was revoked stops it for good, with the reason', async () => {
    scene.answer = new ConduitError('GRANT_REVOKED');
    scene.gate.refusal = { allowed: false, code: 'GRANT_REVOKED' };
    await scene.put(again);
    expect(await lastReport(1)).toMatchObject({ errorCode: 'GRANT_REVOKED', stopped: true });
    await scene.restart();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(scene.asked).toHaveLength(1);
  });

  test('that is withdrawn stops it at once, not at its next run', async () => {
    await scene.put();
    await scene.reported(1);
    scene.gate.refusal = { allowed: false, code: 'GRANT_REVOKED' };
    await scene.queries.withdrawn('another');
    await scene.queries.withdrawn('grant-1');
    expect(await lastReport(2)).toMatchObject({ errorCode: 'GRANT_REVOKED', stopped: true });
  });

  test('that is only paused does not', async () => {
    scene.answer = new ConduitError('SITE_PAUSED');
    scene.gate.refusal = { allowed: false, code: 'SITE_PAUSED' };
    await scene.put();
    const report = await lastReport(1);
    expect(report).toMatchObject({ errorCode: 'SITE_PAUSED', outcome: 'failed' });
    expect(report.stopped).toBeUndefined();
    expect(report.nextRunAtMs).toBeGreaterThan(Date.now() + 100_000);
  });
});

describe('what the broker brings', () => {
  test('is in the agent’s own log once it is taken in, with its statement’s fingerprint', async () => {
    const id = await scene.put();
    await scene.put({ registeredId: id });
    const fingerprint = scene.fingerprints.of('SELECT 1 AS a');
    expect(scene.journal.records).toEqual([
      {
        ...{ type: 'registered.created', lane: 'registered', queryId: id, site: aSiteId },
        ...{ integrator: expect.any(String), keyId: 'key-1', grantId: 'grant-1', grantSeq: 1 },
        ...{ fingerprint, outcome: 'successful' },
      },
    ]);
  });

  test('is not taken in when it could not be shown later', async () => {
    scene.journal.record = () => Promise.reject(new ConduitError('JOURNAL_UNAVAILABLE'));
    await expect(scene.put()).rejects.toMatchObject({ code: 'JOURNAL_UNAVAILABLE' });
    expect([scene.queries.count, scene.asked]).toEqual([0, []]);
  });

  test('twice is held once', async () => {
    const id = await scene.put();
    await Promise.all([scene.put({ registeredId: id }), scene.put({ registeredId: id })]);
    await scene.reported(1);
    expect(scene.queries.count).toBe(1);
    expect(scene.asked).toHaveLength(1);
  });

  test.each([
    ['another site', { siteId: 'x' }, {}, 'SITE_NOT_FOUND'],
    ['a frequency below the floor', { frequencySeconds: 0 }, {}, 'REQUEST_INVALID'],
    ['a key that is not ours', { sealedTo: 'A'.repeat(43) }, {}, 'SEAL_BROKEN'],
    ['another integrator than sealed', { integratorId: 'someone' }, {}, 'SEAL_BROKEN'],
    [
      'a write',
      {},
      { registerCommand: { command: { text: 'DELETE x', executionMode: 'nonQuery' as const } } },
      'REQUEST_INVALID',
    ],
    ['a body with a field too many', {}, { extra: 1 }, 'REQUEST_INVALID'],
  ])('with %s is refused', async (_, meta, body, code) => {
    await expect(scene.put(meta, body as object)).rejects.toMatchObject({ code });
    expect(scene.queries.count).toBe(0);
  });

  test('beyond what an agent holds is refused', async () => {
    Object.defineProperty(scene.shelf, 'size', { get: () => 1_000 });
    await expect(scene.put()).rejects.toMatchObject({ code: 'REGISTERED_LIMIT' });
  });

  test('as terms of one that is not here is refused, so that the broker learns of it', async () => {
    const id = '0b6f2b1e-6f3c-4b7e-9d0a-3f1c2d4e5f60';
    const put = scene.queries.put(scene.metaOf(id, { revision: 2 }), Buffer.alloc(0));
    await expect(put).rejects.toMatchObject({ code: 'QUERY_GONE' });
  });

  test('as an end leaves nothing on the disk, also in the middle of a run', async () => {
    let begin: () => void = () => undefined;
    const begun = new Promise<void>((resolve) => (begin = resolve));
    let finish: () => void = () => undefined;
    scene.answer = async () => {
      begin();
      await new Promise<void>((resolve) => (finish = resolve));
      return [{ a: 1 }];
    };
    const id = await scene.put();
    await begun;
    await scene.queries.end(id);
    finish();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(scene.line.reports).toEqual([]);
    await scene.restart();
    expect(existsSync(join(scene.folder, 'registered', id))).toBe(false);
    expect(scene.queries.count).toBe(0);
  });
});

describe('a restart', () => {
  test('keeps the hash, the rows to compare with and the terms', async () => {
    scene.answer = [{ Id: 1 }];
    const id = await scene.put(again, { keyColumns: ['Id'] });
    const first = await lastReport(1);
    await scene.queries.put(
      scene.metaOf(id, { revision: 2, frequencySeconds: 2 }),
      Buffer.alloc(0),
    );
    await scene.restart();
    scene.answer = [{ Id: 2 }];
    const second = await scene.reported(2).then((all) => all.find(({ basis }) => basis));
    expect(second).toMatchObject({ basis: first.run, added: 1, removed: 1 });
    expect(scene.shelf.find(id)?.definition).toMatchObject({ revision: 2, frequencySeconds: 2 });
  });

  test('throws away what a crash left that no state names', async () => {
    scene.answer = [{ Id: 1 }];
    const id = await scene.put();
    await scene.reported(1);
    await scene.queries.stop();
    const folder = join(scene.folder, 'registered', id);
    for (const name of ['index-99', 'rows-99', 'delta-99', 'state.new']) {
      writeFileSync(join(folder, name), 'torn');
    }
    await scene.start();
    expect(filesOf(id)).toEqual([
      'definition',
      expect.stringMatching(/^index-\d{13}$/),
      'request',
      expect.stringMatching(/^rows-\d{13}$/),
      'state',
    ]);
  });

  test('with a state that is torn runs again and starts a new chain of changes', async () => {
    scene.answer = [{ Id: 1 }];
    const id = await scene.put();
    const first = await lastReport(1);
    await scene.queries.stop();
    writeFileSync(join(scene.folder, 'registered', id, 'state'), 'torn');
    await scene.start();
    expect(scene.shelf.find(id)?.state).toMatchObject({ lastRun: 0, changedRun: 0 });
    expect(first.run).toBeGreaterThan(1_700_000_000_000);
  });
});

describe('while the broker is away', () => {
  test('runs go on and are told later, in their order', async () => {
    scene.line.attached = false;
    scene.answer = [{ Id: 1 }];
    await scene.put(again);
    while (scene.asked.length < 2) await new Promise((resolve) => setTimeout(resolve, 20));
    await new Promise((resolve) => setTimeout(resolve, 50));
    await scene.restart();
    expect(scene.line.reports).toEqual([]);
    scene.line.attach();
    const reports = await scene.reported(2);
    expect(reports.slice(0, 2).map(({ outcome }) => outcome)).toEqual(['changed', 'unchanged']);
  });

  test('a report that the broker refuses keeps no other from it', async () => {
    scene.line.refuses = (report) => report.outcome === 'unchanged' && report.rows === 0;
    scene.line.attached = false;
    const refused = await scene.put(again);
    while (scene.asked.length < 2) await new Promise((resolve) => setTimeout(resolve, 20));
    scene.answer = [{ Id: 1 }];
    const wanted = await scene.put();
    while (scene.asked.length < 3) await new Promise((resolve) => setTimeout(resolve, 20));
    scene.line.attach();
    const endMs = Date.now() + 10_000;
    while (!scene.line.reports.some(({ registeredId }) => registeredId === wanted)) {
      expect(Date.now()).toBeLessThan(endMs);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const taken = scene.line.reports.filter(({ registeredId }) => registeredId === refused);
    expect(taken[0]?.outcome).toBe('changed');
  });

  test('a report whose answer was lost is told again with the same number', async () => {
    scene.line.losesAnswers = true;
    await scene.put();
    const first = await lastReport(1);
    scene.line.losesAnswers = false;
    await scene.restart();
    const second = await lastReport(2);
    expect(second.run).toBe(first.run);
  });
});

test('nothing readable lies on the disk', async () => {
  scene.answer = [{ Surname: 'ZzReadable' }];
  const id = await scene.put({}, { name: 'ZzName' });
  await scene.reported(1);
  const folder = join(scene.folder, 'registered');
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  expect(files.length).toBeGreaterThan(4);
  for (const file of files) {
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const text = readFileSync(file, 'latin1');
    for (const word of ['ZzReadable', 'ZzName', 'SELECT']) expect(text).not.toContain(word);
  }
  expect(filesOf(id)).toContain('request');
});
