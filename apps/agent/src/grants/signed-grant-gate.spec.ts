import { createHash } from 'node:crypto';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { ErrorCode } from '#libs/errors/catalogue.js';
import { APractice, aQuery } from '#apps/agent/src/grants/grant.fixture.js';

let practice: APractice;
let withdrawn: string[];
beforeEach(async () => {
  practice = await APractice.open();
  withdrawn = [];
  practice.gate.onWithdrawn((grantId) => withdrawn.push(grantId));
});
afterEach(() => practice.close());

const setCeiling = (ceiling: object | string): void => {
  const text = typeof ceiling === 'string' ? ceiling : JSON.stringify(ceiling);
  writeFileSync(join(practice.stateFolder, 'ceiling.json'), text);
  practice.gate.sweep();
};

describe('withdrawal', () => {
  test('a revocation is told at once and is for good', async () => {
    const grant = await practice.permit();
    await practice.permit({ ...grant, seq: 2, revoked: true });
    expect(withdrawn).toEqual([grant.grantId]);
    expect(practice.gate.decide(aQuery(grant))).toEqual({ allowed: false, code: 'GRANT_REVOKED' });
  });

  test('a replacement is told, and the new document counts', async () => {
    const grant = await practice.permit();
    const next = await practice.permit({ ...grant, seq: 2, catalogues: ['Reference'] });
    expect(withdrawn).toEqual([grant.grantId]);
    expect(practice.gate.decide(aQuery(next))).toMatchObject({ code: 'GRANT_CATALOGUE' });
  });

  test('the end of the term is told by the next sweep', async () => {
    const grant = await practice.permit({ expires: '2026-03-04T00:00:00.000Z' });
    practice.gate.sweep();
    expect(withdrawn).toEqual([]);
    practice.clock.advance(3_600_000);
    practice.gate.sweep();
    expect(withdrawn).toEqual([grant.grantId]);
    expect(practice.gate.decide(aQuery(grant))).toEqual({ allowed: false, code: 'GRANT_EXPIRED' });
  });

  test('what runs under it ends with why the clock or the practice ended it', async () => {
    const told: ErrorCode[] = [];
    practice.gate.onWithdrawn((_grantId, code) => told.push(code));
    const grant = await practice.permit({ expires: '2026-03-04T00:00:00.000Z' });
    practice.clock.advance(-90 * 86_400_000);
    practice.gate.sweep();
    practice.clock.advance(90 * 86_400_000);
    practice.gate.sweep();
    practice.clock.advance(3_600_000);
    practice.gate.sweep();
    practice.clock.advance(-3_600_000);
    practice.gate.sweep();
    writeFileSync(join(practice.stateFolder, 'paused'), '');
    practice.gate.sweep();
    rmSync(join(practice.stateFolder, 'paused'));
    practice.gate.sweep();
    await practice.permit({ ...grant, seq: 2, revoked: true });
    expect(told).toEqual([
      'GRANT_NOT_YET_VALID',
      'GRANT_EXPIRED',
      // Not the pause's own code: that says that nothing was run, and some of this was.
      'QUERY_STOPPED',
      'GRANT_REVOKED',
    ]);
  });

  test('the pause flag stops everything until it is gone', async () => {
    const grant = await practice.permit();
    writeFileSync(join(practice.stateFolder, 'paused'), '');
    practice.gate.sweep();
    expect(withdrawn).toEqual([grant.grantId]);
    expect(practice.gate.decide(aQuery(grant))).toEqual({ allowed: false, code: 'SITE_PAUSED' });
    rmSync(join(practice.stateFolder, 'paused'));
    practice.gate.sweep();
    const acts = practice.journal.records.map(({ type }) => type);
    expect(acts.slice(-2)).toEqual(['access.paused', 'access.resumed']);
    expect(practice.gate.decide(aQuery(grant))).toMatchObject({ allowed: true });
  });

  test('a running gate notices the pause flag by itself', async () => {
    const grant = await practice.permit();
    const told = new Promise((resolve) => practice.gate.onWithdrawn(resolve));
    practice.gate.start();
    try {
      writeFileSync(join(practice.stateFolder, 'paused'), '');
      await expect(told).resolves.toBe(grant.grantId);
    } finally {
      practice.gate.stop();
    }
  });
});

describe('the local ceiling', () => {
  test('lets procedures through and raw writes only when its file says so', async () => {
    setCeiling({ rawSqlWrites: true });
    const grant = await practice.permit({ scopes: ['sql:write', 'procedure:Book'] });
    const write = aQuery(grant, { text: 'DELETE FROM x', executionMode: 'nonQuery' });
    const book = aQuery(grant, { text: 'Book', commandType: 'storedProcedure' });
    expect(practice.gate.decide(write)).toMatchObject({ allowed: true, scope: 'sql:write' });
    setCeiling({});
    expect(withdrawn).toEqual([grant.grantId]);
    expect(practice.gate.decide(write)).toEqual({ allowed: false, code: 'GRANT_CEILING' });
    expect(practice.gate.decide(book)).toMatchObject({ allowed: true, tier: 'write' });
  });

  test('keeps an agreed statement that may change data from running unless raw writes are allowed', async () => {
    const change = 'DELETE FROM x';
    const scopes = [change, 'SELECT 1'].map(
      (text) => `statement:${createHash('sha256').update(text).digest('hex')}`,
    );
    const grant = await practice.permit({ scopes });
    const decide = (text: string) => practice.gate.decide(aQuery(grant, { text }));
    expect(decide(change)).toEqual({ allowed: false, code: 'GRANT_CEILING', reason: 'statement' });
    expect(decide('SELECT 1')).toMatchObject({ allowed: true, tier: 'read' });
    setCeiling({ rawSqlWrites: true });
    expect(decide(change)).toMatchObject({ allowed: true, tier: 'write' });
  });

  test('lowers the limits of a grant admitted before', async () => {
    const grant = await practice.permit({ limits: { rows: 10_000 } });
    setCeiling({ maxRows: 500 });
    const decision = practice.gate.decide(aQuery(grant));
    expect(decision.allowed && decision.grant.limits.rows).toBe(500);
  });

  test('that cannot be understood allows nothing', async () => {
    const grant = await practice.permit();
    for (const text of ['{', '[]', '{"rawSqlWrite":true}', '{"maxDays":"400"}']) {
      setCeiling(text);
      expect(practice.gate.decide(aQuery(grant))).toMatchObject({
        code: 'GRANT_CEILING',
        reason: 'ceiling-unreadable',
      });
    }
    setCeiling({});
    expect(practice.gate.decide(aQuery(grant))).toMatchObject({ allowed: true });
  });
});

describe('the granted catalogues', () => {
  const asks = (text: string, changes = {}) => ({ text, ...changes });

  test('are the only databases that a read names, whatever else the site has', async () => {
    const grant = await practice.permit({ scopes: ['sql:read'], catalogues: ['Patients'] });
    const read = (sql: string) => practice.gate.decide(aQuery(grant, asks(sql)));
    expect(read('SELECT * FROM [patientsDB].dbo.Patient')).toMatchObject({ allowed: true });
    for (const sql of ['SELECT * FROM ReferenceDB.dbo.X', 'SELECT 1 FROM t, [REFERENCEdb]..X'])
      expect(read(sql)).toEqual({
        ...{ allowed: false, code: 'GRANT_CATALOGUE', reason: 'otherCatalogue' },
      });
  });

  test('are two when the grant names two', async () => {
    const grant = await practice.permit({ catalogues: ['Patients', 'Reference'] });
    const both = 'SELECT * FROM PatientsDB..P JOIN ReferenceDB.dbo.X ON 1 = 1';
    expect(practice.gate.decide(aQuery(grant, asks(both)))).toMatchObject({ allowed: true });
  });

  test('bound raw writes and unnamed procedures too', async () => {
    setCeiling({ rawSqlWrites: true });
    const grant = await practice.permit({ scopes: ['sql:read', 'sql:write'] });
    const call = { commandType: 'storedProcedure' } as const;
    const decide = (text: string, changes = {}) =>
      practice.gate.decide(aQuery(grant, asks(text, changes)));
    expect(decide('UPDATE t SET a = 1')).toMatchObject({ allowed: true, tier: 'write' });
    expect(decide('PatientsDB.dbo.Book', call)).toMatchObject({ allowed: true });
    for (const refused of [
      decide('UPDATE ReferenceDB.dbo.X SET a = 1'),
      decide('SELECT * FROM ReferenceDB.dbo.X'),
      decide('ReferenceDB.dbo.Book', call),
      decide('[referencedb]..Book', call),
      decide('srv.PatientsDB.dbo.Book', call),
    ])
      expect(refused).toMatchObject({ allowed: false, code: 'GRANT_CATALOGUE' });
  });
});

describe('the state of this server', () => {
  test('a journal that cannot be written stops queries', async () => {
    const grant = await practice.permit();
    practice.journalWritable = false;
    expect(practice.gate.decide(aQuery(grant))).toMatchObject({ code: 'JOURNAL_UNAVAILABLE' });
  });

  test('a permission is not given when that cannot be written down', async () => {
    practice.journal.refuses = true;
    await expect(practice.permit()).rejects.toThrow();
    expect(practice.store.all()).toEqual([]);
  });

  test('a permission ends even when that cannot be written down', async () => {
    const grant = await practice.permit();
    practice.journal.refuses = true;
    await practice.permit({ ...grant, seq: 2, revoked: true });
    expect(practice.gate.decide(aQuery(grant))).toMatchObject({ code: 'GRANT_REVOKED' });
  });

  test('permissions survive a restart as they were', async () => {
    const grant = await practice.permit();
    await practice.restart();
    expect(practice.gate.decide(aQuery(grant))).toMatchObject({ allowed: true });
    expect(practice.store.find(grant.grantId)?.acknowledged).toBe(false);
  });

  test('a damaged file keeps the store from opening', async () => {
    writeFileSync(join(practice.stateFolder, 'grants.json'), '{"version":1,"epoch":0,"entr');
    await expect(practice.restart()).rejects.toMatchObject({ code: 'GRANT_STORE_DAMAGED' });
  });

  test('a file of permissions that is gone is not taken for a first start', async () => {
    const grant = await practice.permit();
    await practice.permit({ ...grant, seq: 2, revoked: true });
    rmSync(join(practice.stateFolder, 'grants.json'));
    await expect(practice.restart()).rejects.toMatchObject({ code: 'GRANT_STORE_DAMAGED' });
  });

  test('a document that did not pass stays in the file when another is written', async () => {
    const grant = await practice.permit();
    const file = join(practice.stateFolder, 'grants.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('Patients', 'Everything'));
    await practice.restart();
    await practice.permit();
    expect(readFileSync(file, 'utf8')).toContain(grant.grantId);
    await practice.restart();
    expect(practice.gate.decide(aQuery(grant))).toMatchObject({ reason: 'grant-unknown' });
  });

  test('a held permission with terms that this version cannot keep allows nothing', async () => {
    const grant = await practice.permit();
    const odd = practice.sign(practice.grant({ encryptionMode: 'sidecar' }));
    const file = join(practice.stateFolder, 'grants.json');
    const entries = [{ signed: odd, acknowledged: true }];
    writeFileSync(file, JSON.stringify({ version: 1, epoch: 1, entries }));
    await practice.restart();
    const [held] = practice.store.all();
    const query = aQuery(grant, { grantId: held!.grant.grantId });
    expect(practice.gate.decide(query)).toMatchObject({ reason: 'encryption-mode' });
    expect(practice.gate.grantsInForce).toBe(0);
  });

  test('a permission edited in the file is refused at the next start', async () => {
    const grant = await practice.permit();
    const { document, approvals } = practice.store.find(grant.grantId)!.signed;
    const edited = document.replace('"Patients"', '"Everything"');
    writeFileSync(
      join(practice.stateFolder, 'grants.json'),
      JSON.stringify({
        version: 1,
        epoch: 1,
        entries: [{ signed: { document: edited, approvals }, acknowledged: true }],
      }),
    );
    await practice.restart();
    expect(practice.refused).toMatchObject([{ reason: 'signature-wrong' }]);
    expect(practice.gate.decide(aQuery(grant))).toMatchObject({ reason: 'grant-unknown' });
  });

  test('the key and the grants are for their owner only', async () => {
    await practice.permit();
    for (const name of ['approver.key', 'approvers.json', 'grants.json'])
      expect(statSync(join(practice.stateFolder, name)).mode & 0o777).toBe(0o600);
  });
});
