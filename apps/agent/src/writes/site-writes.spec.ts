import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { aGrant } from '#libs/grants/grant.fixture.js';
import type { WriteTerms } from '#libs/grants/grant.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { JournalSettings } from '#apps/agent/src/agent.config.js';
import type { JournalRow, OnceOnly, PmsOutcome } from '#apps/agent/src/pms/pms-driver.port.js';
import { ScriptedPmsDriver, type ScriptedAnswer } from '#apps/agent/src/pms/pms-driver.scripted.js';
import { PatientFilter } from '#apps/agent/src/consent/row-filter.js';
import { aCommand, anyShape, gather } from '#apps/agent/src/pms/rows/result.fixture.js';
import { ResultWriter } from '#apps/agent/src/pms/rows/result-writer.js';
import { aSite } from '#apps/agent/src/pms/site-settings.fixture.js';
import { SiteWrites, type WriteKeeping } from '#apps/agent/src/writes/site-writes.js';
import { aKeeping } from '#apps/agent/src/writes/write-keeping.fixture.js';

/** A database with a write journal, in memory. */
class JournalledDriver extends ScriptedPmsDriver {
  readonly rows = new Map<string, JournalRow>();
  runs = 0;

  override async runOnce(
    command: Parameters<ScriptedPmsDriver['run']>[0],
    sink: ResultWriter,
    signal: AbortSignal,
    { keyHash, requestHash, seal }: OnceOnly,
  ): Promise<PmsOutcome | JournalRow> {
    const key = keyHash.toString('hex');
    const found = this.rows.get(key);
    if (found) return found;
    const outcome = await this.run(command, sink, signal);
    if (outcome.failure) return outcome;
    const now = new Date();
    const ended = { receivedAt: now, endedAt: now, outcome: seal(outcome) };
    this.rows.set(key, { state: 'applied', requestHash, ...ended });
    return outcome;
  }

  override run(...given: Parameters<ScriptedPmsDriver['run']>): Promise<PmsOutcome> {
    this.runs += 1;
    return super.run(...given);
  }
}

const columns = [{ name: 'n', type: 'int', nullable: false }];

let folder: string;
let answer: ScriptedAnswer;
let driver: JournalledDriver;
let keeping: WriteKeeping;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'conduit-writes-'));
  answer = { sets: [{ columns, rows: [[1], [2]] }], rowsAffected: 2 };
  driver = new JournalledDriver(() => answer);
  keeping = aKeeping(join(folder, 'writes'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function writesAt({ journal = true, lockTimeoutMs = 1_000 } = {}): SiteWrites {
  const site = aSite(1, { limits: { lockTimeoutMs } });
  if (journal) site.journal = Object.assign(new JournalSettings(), { database: 'ConduitJournal' });
  return new SiteWrites(site, driver, keeping);
}

interface Wishes {
  key?: string;
  minted?: true;
  text?: string;
  terms?: WriteTerms;
  form?: 'objects' | 'ndjson' | 'pages';
}

function run(writes: SiteWrites, { key, minted, text = 'change', terms, form }: Wishes) {
  const order = {
    siteId: 'site-1',
    integratorId: 'integrator-1',
    resultSets: 'first' as const,
    ...(key !== undefined && { idempotencyKey: key }),
    ...(minted && { keyMinted: minted }),
  };
  const grant = aGrant(terms ? { writes: terms } : {});
  const runner = writes.runnerFor(order, { grant, tier: 'write' });
  const shape = { ...(form && { form }) };
  return gather(runner as ScriptedPmsDriver, aCommand(text, { tier: 'write' }), shape);
}

const without: WriteTerms = { journal: 'none' };

describe('a write with a journal', () => {
  test('runs once and answers the same again, in whichever form', async () => {
    const [writes, key] = [writesAt(), randomUUID()];
    const first = await run(writes, { key });
    const again = await run(writes, { key });
    expect([first.text, again.text]).toEqual(['[{"n":1},{"n":2}]', '[{"n":1},{"n":2}]']);
    expect(first.outcome).not.toHaveProperty('replayed');
    expect(again.outcome).toMatchObject({ replayed: true, rowsAffected: 2 });
    const lines = await run(writes, { key, form: 'ndjson' });
    expect(lines.text).toMatch(/^\{"n":1\}\n\{"n":2\}\n\{"\$end"/);
    expect((await run(writes, { key, form: 'pages' })).text).toBe('[{"n":1},{"n":2}]');
    expect(driver.runs).toBe(1);
  });

  test('is another one for another body', async () => {
    const [writes, key] = [writesAt(), randomUUID()];
    await run(writes, { key });
    const { error } = await run(writes, { key, text: 'other' });
    expect(error).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
    expect(driver.runs).toBe(1);
  });

  test('with more rows than are kept is remembered, and its rows are not', async () => {
    answer = { sets: [{ columns, rows: Array.from({ length: 30_000 }, (_, n) => [n * 1e6]) }] };
    const [writes, key] = [writesAt(), randomUUID()];
    expect((await run(writes, { key })).error).toBeUndefined();
    expect((await run(writes, { key })).error).toMatchObject({ code: 'WRITE_RESULT_NOT_KEPT' });
    expect(driver.runs).toBe(1);
  });

  test('whose outcome this agent cannot open is not run again either', async () => {
    const key = randomUUID();
    await run(writesAt(), { key });
    keeping = aKeeping(join(folder, 'writes'));
    expect((await run(writesAt(), { key })).error).toMatchObject({
      code: 'WRITE_RESULT_NOT_KEPT',
    });
    expect(driver.runs).toBe(1);
  });

  test('that committed itself and was cut off is unknown', async () => {
    const [writes, key] = [writesAt(), randomUUID()];
    await run(writes, { key });
    for (const row of driver.rows.values()) row.state = 'running';
    expect((await run(writes, { key })).error).toMatchObject({ code: 'WRITE_OUTCOME_UNKNOWN' });
  });

  test('under one key waits for the one before, and not for ever', async () => {
    let go = (): void => {};
    const held = new Promise<void>((resolve) => (go = resolve));
    answer = { ...answer, after: () => held };
    const [writes, key] = [writesAt({ lockTimeoutMs: 20 }), randomUUID()];
    const first = run(writes, { key });
    expect((await run(writes, { key })).error).toMatchObject({ code: 'WRITE_IN_PROGRESS' });
    go();
    await first;
    expect((await run(writes, { key })).outcome).toMatchObject({ replayed: true });
  });

  test('needs a key of the caller’s own where the grant says so', async () => {
    const terms: WriteTerms = { callerKey: 'required' };
    const refused = { code: 'IDEMPOTENCY_KEY_REQUIRED' };
    expect((await run(writesAt(), { terms })).error).toMatchObject(refused);
    expect((await run(writesAt(), { terms, key: 'k', minted: true })).error).toMatchObject(refused);
    expect((await run(writesAt(), { terms, key: 'k' })).error).toBeUndefined();
  });

  test('without any key is still a write of its own each time', async () => {
    const writes = writesAt();
    await run(writes, {});
    await run(writes, {});
    expect(driver.runs).toBe(2);
  });
});

test('a repeated answer is filtered by every column that the first was', async () => {
  const named = ['InternalID', 'InternalID'].map((name) => ({ ...columns[0], name }));
  answer = { sets: [{ columns: named as typeof columns, rows: [[7, 8]] }] };
  const [writes, key] = [writesAt(), randomUUID()];
  expect((await run(writes, { key })).text).toBe('[{"InternalID":7,"InternalID_2":8}]');
  const order = { siteId: 'site-1', integratorId: 'integrator-1', resultSets: 'first' } as const;
  const runner = writes.runnerFor(
    { ...order, idempotencyKey: key },
    { grant: aGrant(), tier: 'write' },
  );
  const sink = new ResultWriter(anyShape, () => {});
  sink.filter = new PatientFilter(['internalid'], (patient) => patient === '8');
  const { signal } = new AbortController();
  await runner.run(aCommand('change', { tier: 'write' }), sink, signal);
  expect([sink.isRepeated, sink.rows]).toEqual([true, 0]);
});

describe('a write without a journal', () => {
  test('is refused unless the grant permits it', async () => {
    const writes = writesAt({ journal: false });
    expect((await run(writes, { key: 'k' })).error).toMatchObject({
      code: 'WRITE_JOURNAL_MISSING',
    });
    expect(driver.runs).toBe(0);
  });

  test('is remembered on this machine, and answered again', async () => {
    const key = randomUUID();
    const first = await run(writesAt({ journal: false }), { key, terms: without });
    const again = await run(writesAt({ journal: false }), { key, terms: without });
    expect([again.text, again.outcome]).toMatchObject([first.text, { replayed: true }]);
    // Also when a journal was set up since.
    expect((await run(writesAt(), { key })).outcome).toMatchObject({ replayed: true });
    expect(driver.runs).toBe(1);
  });

  test('that failed is answered with its failure again: something of it may have stayed', async () => {
    answer = { failure: { number: 50_001, message: 'ZzCanary' } };
    const [writes, key] = [writesAt({ journal: false }), randomUUID()];
    await run(writes, { key, terms: without });
    answer = {};
    expect((await run(writes, { key, terms: without })).outcome).toMatchObject({
      failure: { number: 50_001, message: 'ZzCanary' },
    });
    expect(driver.runs).toBe(1);
  });

  test.each([
    ['DATABASE_CONNECTION_LOST', 'WRITE_OUTCOME_UNKNOWN'],
    ['DATABASE_UNAVAILABLE', undefined],
  ] as const)('that ended with %s is %s when it is sent again', async (code, then) => {
    const [writes, key] = [writesAt({ journal: false }), randomUUID()];
    answer = { after: () => Promise.reject(new ConduitError(code)) };
    expect((await run(writes, { key, terms: without })).error).toMatchObject({ code });
    answer = {};
    const { error } = await run(writes, { key, terms: without });
    expect((error as { code?: string } | undefined)?.code).toBe(then);
  });

  test('does not run when it cannot be remembered', async () => {
    keeping = aKeeping('/dev/null/writes');
    const { error } = await run(writesAt({ journal: false }), { key: 'k', terms: without });
    expect(error).toMatchObject({ code: 'JOURNAL_UNAVAILABLE' });
    expect(driver.runs).toBe(0);
  });
});

test('reads go to the database as they are', () => {
  const writes = writesAt();
  const order = { siteId: 's', integratorId: 'i', resultSets: 'first' as const };
  expect(writes.runnerFor(order, { grant: aGrant(), tier: 'read' })).toBe(driver);
});
