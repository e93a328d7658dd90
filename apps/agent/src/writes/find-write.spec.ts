import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { FixedClock } from '#libs/kernel/clock.js';
import { aGrant } from '#libs/grants/grant.fixture.js';
import type { Grant } from '#libs/grants/grant.js';
import { JournalSettings } from '#apps/agent/src/agent.config.js';
import { KeptJournal } from '#apps/agent/src/execution/execution.fixture.js';
import { ConsentGuard } from '#apps/agent/src/consent/consent-guard.js';
import { WithdrawnConsents } from '#apps/agent/src/consent/withdrawn-consents.js';
import { PmsSites } from '#apps/agent/src/execution/pms-sites.js';
import type { JournalRow } from '#apps/agent/src/pms/pms-driver.port.js';
import { ScriptedPmsDriver } from '#apps/agent/src/pms/pms-driver.scripted.js';
import { anyShape } from '#apps/agent/src/pms/rows/result.fixture.js';
import { ResultWriter } from '#apps/agent/src/pms/rows/result-writer.js';
import { RowRecording } from '#apps/agent/src/pms/rows/row-recording.js';
import { aSite } from '#apps/agent/src/pms/site-settings.fixture.js';
import { noDisk } from '#apps/agent/src/spool/spool.fixture.js';
import { FindWrite } from '#apps/agent/src/writes/find-write.js';
import { packOutcome } from '#apps/agent/src/writes/kept-outcome.js';
import { keyHashOf } from '#apps/agent/src/writes/write-identity.js';
import { aKeeping } from '#apps/agent/src/writes/write-keeping.fixture.js';

const site = aSite(1);
const { siteId } = site;
site.journal = Object.assign(new JournalSettings(), { database: 'ConduitJournal' });
const meta = { requestId: 'request-1', siteId, integratorId: 'integrator-1', key: 'order-17' };
const identity = { keyHash: keyHashOf(meta), requestHash: Buffer.alloc(32, 2) };
const receivedAt = new Date(1_000);

let row: JournalRow | 'busy' | Error | undefined;
let grants: Grant[];
let isInForce: boolean;
let stateFolder: string;
let consents: WithdrawnConsents;
let rules: { paused: boolean };
let journal: KeptJournal;
let sites: PmsSites;

beforeEach(async () => {
  stateFolder = mkdtempSync(join(tmpdir(), 'find-write-'));
  consents = await WithdrawnConsents.open({ stateFolder, clock: new FixedClock(0) });
  const driver = new ScriptedPmsDriver(() => ({}));
  driver.findWrite = () => (row instanceof Error ? Promise.reject(row) : Promise.resolve(row));
  const guard = new ConsentGuard(consents);
  sites = new PmsSites([site], () => driver, noDisk(), aKeeping(), guard);
  grants = [aGrant({ siteIds: [siteId] })];
  isInForce = true;
  rules = { paused: false };
  journal = new KeptJournal();
});

afterEach(() => rmSync(stateFolder, { recursive: true, force: true }));

function find(changes: Partial<typeof meta> = {}) {
  const store = { all: () => grants.map((grant) => ({ grant })), epoch: 1 };
  const gate = { isInForce: () => isInForce };
  const finder = new FindWrite(sites, store as never, rules as never, journal, gate as never);
  return finder.execute({ ...meta, ...changes });
}

function sealed(): Buffer {
  const sink = new ResultWriter(anyShape, () => {});
  sink.recording = new RowRecording(1_000);
  const parameters = [{ name: '@NewId', direction: 'output' as const, value: '7' }];
  const packed = packOutcome({ rowsAffected: 1, sqlExecutionMs: 2, parameters }, sink);
  return sites.all()[0]!.writes.keeping.box.seal(identity, packed);
}

const aRow = (state: JournalRow['state']): JournalRow => ({
  state,
  requestHash: identity.requestHash,
  receivedAt,
  endedAt: new Date(2_000),
  outcome: sealed(),
});

describe('what is told of a write', () => {
  const times = { receivedAt: '1970-01-01T00:00:01.000Z', appliedAt: '1970-01-01T00:00:02.000Z' };
  const outcome = {
    rowsAffected: 1,
    rows: 0,
    parameters: [{ name: '@NewId', direction: 'output', value: '7' }],
    kept: true,
  };

  test('is its state, its times and what it answered', async () => {
    row = aRow('applied');
    expect(await find()).toEqual({ state: 'applied', ...times, outcome });
    expect(journal.records).toMatchObject([{ type: 'write.found', reason: 'applied' }]);
    expect(JSON.stringify(journal.records)).not.toContain('order-17');
  });

  test.each([
    [undefined, { state: 'neverReceived' }],
    ['busy' as const, { state: 'inProgress' }],
    [
      new ConduitError('DATABASE_UNAVAILABLE'),
      { state: 'unknown', reason: 'DATABASE_UNAVAILABLE' },
    ],
    [new Error('ZzCanary'), { state: 'unknown', reason: 'INTERNAL' }],
  ])('is honest about %s', async (found, answer) => {
    row = found;
    expect(await find()).toEqual(answer);
  });

  test('tells a rolled back write from one that nobody can vouch for', async () => {
    row = { ...aRow('received') };
    expect(await find()).toMatchObject({ state: 'notApplied' });
    row = aRow('withdrawn');
    expect(await find()).toMatchObject({
      state: 'notApplied',
      reason: 'rolledBackByStatement',
      outcome,
    });
    row = aRow('running');
    expect(await find()).toMatchObject({ state: 'unknown', reason: 'committedByStatement' });
  });

  test('holds no outcome while no permission is in force, nor one that cannot be opened', async () => {
    row = aRow('applied');
    isInForce = false;
    expect(await find()).toEqual({ state: 'applied', ...times });
    isInForce = true;
    row = { ...aRow('applied'), outcome: Buffer.alloc(64) };
    expect(await find()).toEqual({ state: 'applied', ...times });
  });

  test('holds no values of parameters once a patient has withdrawn: nobody sees here whose they are', async () => {
    row = aRow('applied');
    await consents.withdraw({ siteId, patient: '7', integratorId: 'integrator-2' });
    expect(await find()).toMatchObject({ outcome });
    await consents.withdraw({ siteId, patient: '7' });
    const counts = { rowsAffected: 1, rows: 0, kept: true };
    expect(await find()).toEqual({ state: 'applied', ...times, outcome: counts });
  });

  test('is nothing to those who never had a permission, elsewhere, or while all is paused', async () => {
    row = aRow('applied');
    await expect(find({ integratorId: 'integrator-2' })).rejects.toMatchObject({
      code: 'GRANT_MISSING',
    });
    await expect(find({ siteId: 'nowhere' })).rejects.toMatchObject({ code: 'SITE_NOT_FOUND' });
    rules.paused = true;
    await expect(find()).rejects.toMatchObject({ code: 'SITE_PAUSED' });
  });

  test('is that it is in progress from the moment it has come', async () => {
    row = undefined;
    const gone = sites
      .find(siteId)!
      .writes.expect({ ...meta, idempotencyKey: meta.key, resultSets: 'first' });
    expect(await find()).toEqual({ state: 'inProgress' });
    gone();
    expect(await find()).toEqual({ state: 'neverReceived' });
  });

  test('is limited to a few questions at once', async () => {
    let go = (): void => {};
    const held = new Promise<undefined>((resolve) => (go = () => resolve(undefined)));
    sites.all()[0]!.driver.findWrite = () => held;
    const store = { all: () => grants.map((grant) => ({ grant })), epoch: 1 };
    const gate = { isInForce: () => isInForce };
    const finder = new FindWrite(sites, store as never, rules as never, journal, gate as never);
    const asked = Array.from({ length: 8 }, () => finder.execute(meta));
    await expect(finder.execute(meta)).rejects.toMatchObject({ code: 'CONCURRENCY_LIMITED' });
    go();
    await Promise.all(asked);
    await finder.execute(meta);
  });
});
