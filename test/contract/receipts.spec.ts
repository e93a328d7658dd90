/** Receipts: what was answered is in the audit log, and whoever was answered can prove it offline. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { StoredAuditTrail } from '#apps/broker/src/audit/audit-trail.postgres.js';
import { LogSequencer } from '#apps/broker/src/audit/log-sequencer.js';
import { exportProofsLimits, GatherExport } from '#apps/broker/src/proofs/gather-export.js';
import { formatAuditExport } from '#libs/audit/audit-export.js';
import type { AuditRecord } from '#libs/audit/audit-record.js';
import { parseLogProof, verifyLogProof } from '#libs/audit/log-proof.js';
import { isExportProblem, parseAuditExport } from '#libs/audit/parse-audit-export.js';
import { parseVerifierKey, type NoteKey } from '#libs/audit/signed-note.js';
import { textLeafHash } from '#libs/audit/tree-hash.js';
import { verifyExports } from '#libs/audit/verify-export.js';
import type { ActivityPage } from '#libs/console-api/activity.js';
import type { RecordProof, ShownProof } from '#libs/console-api/proofs.js';
import { agentPatterns } from '#libs/contracts/link-messages.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { uuid7 } from '#libs/kernel/uuid7.js';
import { FixedClock } from '#libs/kernel/clock.js';
import { ReceiptIds } from '#apps/broker/src/queries/receipt-ids.js';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { NDJSON_TYPE } from '#apps/broker/src/queries/answer-options.js';
import { aConsolePerson } from '#test/console/console-person.fixture.js';
import { PretendApi, rowsReply } from '#test/contract/api.fixture.js';
import { aPairedSite, type PairedSite } from '#test/contract/paired-site.fixture.js';

let api: PretendApi;
let site: PairedSite;
let other: PairedSite;
let answer: () => object;
let lookForWrite: (meta: { requestId: string }) => object;

const settled = exportProofsLimits.settledMs;

beforeAll(async () => {
  api = await PretendApi.start();
  [site, other] = [await aPairedSite(api), await aPairedSite(api)];
  for (const { siteId } of [site, other]) {
    api.attach(siteId, () => answer() as never, {
      [agentPatterns.findWrite]: ({ meta }) => lookForWrite(meta as { requestId: string }),
    });
  }
  exportProofsLimits.settledMs = -1_000;
});
afterAll(async () => {
  exportProofsLimits.settledMs = settled;
  await api.stop();
});

async function query(at = site, accept?: string) {
  const response = await api.call('POST', `${at.path}/queries/immediate`, {
    key: at.key,
    body: { command: { text: 'SELECT 1' } },
    ...(accept !== undefined && { headers: { accept } }),
  });
  const text = await response.text();
  const receipt = response.headers.get('conduit-receipt') ?? '';
  return { status: response.status, receipt, text };
}

async function ask(receipt: string, { key } = site) {
  const path = `/integrator/receipts/${encodeURIComponent(receipt)}`;
  const response = await api.call('GET', path, { key });
  const body = (await response.json()) as RecordProof & { error?: { code: string } };
  return { status: response.status, body, retryAfter: response.headers.get('retry-after') };
}

async function integrate(): Promise<void> {
  await api.app.get(StoredAuditTrail, { strict: false }).flush();
  await api.app.get(LogSequencer, { strict: false }).look();
}

/** The record, once the proof was checked as whoever gets it can check it. */
function provenBy({ record, index, proof, checkpoint, verifierKey }: RecordProof): AuditRecord {
  const parsed = parseLogProof(proof);
  if (!parsed) throw new Error('no proof');
  expect(parsed).toMatchObject({ index, signedCheckpoint: checkpoint });
  const log = parseVerifierKey(verifierKey) as NoteKey;
  expect(verifyLogProof(parsed, textLeafHash(record), { log })).toBeDefined();
  return JSON.parse(record) as AuditRecord;
}

const failed = {
  ...{ status: 'executionFailed', sqlExecutionMs: 1, waitedMs: 0 },
  error: { code: 'STATEMENT_FAILED', errorType: 'mssql', errorCode: 208, errorMessage: 'x' },
};

describe('the receipt of an answer', () => {
  test.each([
    ['rows', () => rowsReply([{ a: 1 }]), undefined, 200, 'successful'],
    ['a stream', () => rowsReply([{ a: 1 }]), NDJSON_TYPE, 200, 'successful'],
    ['a failure', () => failed, undefined, 400, 'failed'],
    ['a problem', () => failed, 'application/problem+json', 400, 'failed'],
  ])('is named with %s, and proves it', async (_, script, accept, status, outcome) => {
    answer = script;
    const answered = await query(site, accept);
    expect(answered.status).toBe(status);
    if (status !== 200) expect(answered.text).toContain(`"receipt":"${answered.receipt}"`);
    await integrate();
    const { body } = await ask(answered.receipt);
    const { practiceId, siteId, integratorId } = site;
    expect(provenBy(body)).toMatchObject({
      ...{ practice: practiceId, site: siteId, integrator: integratorId },
      ...{ queryId: answered.receipt, lane: 'immediate', outcome },
    });
  });

  test('is pending until its record is in the log, and says when to ask again', async () => {
    answer = () => rowsReply([]);
    const { receipt } = await query();
    const ids = api.app.get(ReceiptIds, { strict: false });
    expect(ids.isOurs(receipt, site.integratorId)).toBe(true);
    const early = await ask(receipt);
    expect([early.status, early.body.error?.code]).toEqual([409, 'RECEIPT_PENDING']);
    expect(Number(early.retryAfter)).toBeGreaterThan(0);
    await api.app.get(StoredAuditTrail, { strict: false }).flush();
    expect((await ask(receipt)).status).toBe(409);
    await integrate();
    expect((await ask(receipt)).status).toBe(200);
  });

  test('is pending at a node that knows nothing of the query but its id, until it can have ended', async () => {
    const ids = api.app.get(ReceiptIds, { strict: false });
    const elsewhere = ids.mint(site.integratorId);
    const early = await ask(elsewhere);
    expect([early.status, early.body.error?.code]).toEqual([409, 'RECEIPT_PENDING']);
    expect(Number(early.retryAfter)).toBeGreaterThan(0);
    expect((await ask(elsewhere, other)).status).toBe(404);
    const earlier = new ReceiptIds(
      api.app.get(BrokerConfig, { strict: false }),
      new FixedClock(Date.now() - 3_600_000),
    );
    expect((await ask(earlier.mint(site.integratorId))).status).toBe(404);
  });

  test('is named where nothing reached the site, and not where nothing was dispatched', async () => {
    const cut = await aPairedSite(api);
    const { status, receipt } = await query(cut);
    await integrate();
    const proven = provenBy((await ask(receipt, cut)).body);
    expect([status, proven.errorCode]).toEqual([503, 'SITE_OFFLINE']);
    expect((await query({ ...site, path: cut.path })).receipt).toBe('');
  });

  test('comes also with what became of a write', async () => {
    let asked = '';
    lookForWrite = ({ requestId }) => {
      asked = requestId;
      return { state: 'neverReceived' };
    };
    const response = await api.call('GET', `${site.path}/writes/k`, { key: site.key });
    await integrate();
    const receipt = response.headers.get('conduit-receipt') ?? '';
    expect(provenBy((await ask(receipt)).body)).toMatchObject({
      ...{ type: 'write.found', practice: site.practiceId, reason: 'neverReceived' },
    });
    // By it the agent's own record of the question is found again.
    expect(asked).toBe(receipt);
  });

  test('of a question about a write that the site refused has a record too', async () => {
    lookForWrite = () => {
      throw new ConduitError('GRANT_MISSING');
    };
    const headers = { 'x-request-id': randomUUID() };
    const response = await api.call('GET', `${site.path}/writes/k`, { key: site.key, headers });
    expect(response.status).toBe(403);
    await integrate();
    const { record } = await api.database.kysely
      .selectFrom('audit_records')
      .select('record')
      .where('record', 'like', `%${headers['x-request-id']}%`)
      .executeTakeFirstOrThrow();
    expect(JSON.parse(record)).toMatchObject({
      ...{ type: 'write.found', outcome: 'refused', errorCode: 'GRANT_MISSING' },
    });
  });

  test('of somebody else is not told from one that never was, nor one that is no id', async () => {
    answer = () => rowsReply([]);
    const { receipt } = await query();
    await integrate();
    const asked = [
      receipt,
      uuid7(Date.now()),
      randomUUID(),
      `${receipt}.1`,
      'x',
      "' or 1=1",
      '%00',
    ];
    const answers = await Promise.all(asked.map((one) => ask(one, other)));
    expect(answers.map(({ status, body }) => [status, body.error?.code])).toEqual(
      asked.map(() => [404, 'RECEIPT_NOT_FOUND']),
    );
  });

  test('is withheld by the database also where the code would take it for the caller’s own', async () => {
    const queryId = randomUUID();
    const fields = `"outcome":"successful","queryId":"${queryId}","ts":"2026-03-04T05:06:07.000Z"`;
    const plant = (integrators: string) => {
      const record = `{${integrators},${fields},"type":"query.executed"}`;
      const leaf = { record, leaf_hash: textLeafHash(record) };
      const row = { recorded_at: new Date(), practice_id: null, ...leaf };
      return api.database.kysely.insertInto('audit_records').values(row).execute();
    };
    // The code reads the last of two fields of one name, the database's column the first.
    await plant(`"integrator":"somebody-else","integrator":"${other.integratorId}"`);
    expect((await ask(queryId, other)).status).toBe(404);
    await plant(`"integrator":"${other.integratorId}"`);
    expect((await ask(queryId, other)).status).toBe(409);
  });

  test('of a site that the key may not see is not found', async () => {
    const keys = `/operator/integrators/${site.integratorId}/keys`;
    const narrow = await api.operator(keys, { name: 'narrow', siteIds: [other.siteId] });
    answer = () => rowsReply([]);
    const { receipt } = await query();
    await integrate();
    expect((await ask(receipt, { ...site, key: narrow['key'] ?? '' })).status).toBe(404);
    // Nor of a query that another node ran.
    const { integratorId, siteId } = site;
    const queryId = api.app.get(ReceiptIds, { strict: false }).mint(integratorId);
    const ended = { type: 'query.executed', integrator: integratorId, site: siteId } as const;
    await api.app.get(StoredAuditTrail, { strict: false }).record({ ...ended, queryId });
    expect((await ask(queryId, { ...site, key: narrow['key'] ?? '' })).status).toBe(404);
  });
});

describe('the proof of a line, in the console', () => {
  async function notedReading(whose: Partial<AuditRecord>): Promise<(string | undefined)[]> {
    const rows = await api.database.kysely
      .selectFrom('audit_records')
      .select('record')
      .where('type', '=', 'activity.read')
      .orderBy('seq')
      .execute();
    return rows
      .map(({ record }) => JSON.parse(record) as AuditRecord)
      .filter((one) => one.practice === whose.practice && one.integrator === whose.integrator)
      .map(({ filter }) => filter);
  }

  /** What a file says to who checks it without anybody. */
  function check(exported: string): { wrong: string[]; records: number } {
    const content = parseAuditExport(exported);
    if (isExportProblem(content)) throw new Error(content.place);
    const { findings, logs } = verifyExports([{ name: 'file', content }]);
    const wrong = findings.filter(({ level }) => level === 'wrong').map(({ says }) => says);
    return { wrong, records: logs.reduce((sum, { proven }) => sum + proven, 0) };
  }

  test('says in words what was done, and comes with a file that is found good offline', async () => {
    const { practiceId, integratorId } = site;
    const owner = await aConsolePerson(api, { role: 'practice-owner', practiceId });
    const admin = await aConsolePerson(api, { role: 'integrator-admin', integratorId });
    answer = () => rowsReply([{ a: 1 }]);
    const { receipt } = await query();
    await integrate();
    const mine = await admin.json<ShownProof>(
      'GET',
      `/integrators/${integratorId}/receipts/${receipt}`,
    );
    expect(mine.entry).toMatchObject({ kind: 'records', outcome: 'successful' });
    expect(mine.entry.words).toContain('read data at');
    expect(provenBy(mine).queryId).toBe(receipt);
    expect(mine.ownWitnesses).toBeUndefined();
    const { entries } = await owner.json<ActivityPage>(
      'GET',
      `/practices/${practiceId}/activity?kind=records`,
    );
    const path = `/practices/${practiceId}/activity/${entries[0]?.seq}/proof`;
    for (let n = 0; n < 2; n += 1) await owner.json<ShownProof>('GET', path);
    const theirs = await owner.json<ShownProof>('GET', path);
    expect(await notedReading({ practice: practiceId })).toEqual([
      'kind=records',
      `record=${entries[0]?.seq}`,
    ]);
    expect(await notedReading({ integrator: integratorId })).toEqual([`record=${mine.entry.seq}`]);
    expect(theirs.entry).toEqual(entries[0]);
    expect(theirs.ownWitnesses).toBe(0);
    const people = await owner.json<ActivityPage>(
      'GET',
      `/practices/${practiceId}/activity?kind=people`,
    );
    const named = people.entries.find(({ who }) => who === 'Zz Alex Example');
    await integrate();
    const looked = `/practices/${practiceId}/activity/${named?.seq}/proof`;
    expect((await owner.json<ShownProof>('GET', looked)).entry).toEqual(named);
    for (const { exported, record } of [mine, theirs]) {
      expect(check(exported)).toEqual({ wrong: [], records: 1 });
      const other = record.replace('"outcome":"successful"', '"outcome":"cancelled"');
      const forged = exported.replace(JSON.stringify(record), JSON.stringify(other));
      expect(check(forged)).toMatchObject({ records: 0 });
    }
  });
});

describe('an export with proofs', () => {
  const from = Date.now() - 3_600_000;
  const gather = (tenant: { practiceId: string } | { integratorId: string }) =>
    api.app.get(GatherExport, { strict: false }).execute(tenant as never, from, Date.now() + 500);
  const recordsIn = (content: Awaited<ReturnType<typeof gather>>): AuditRecord[] =>
    content.logs.flatMap(({ entries }) =>
      entries.map(({ record }) => JSON.parse(record) as AuditRecord),
    );

  test('holds what is the tenant’s own and nothing else, and is found good offline', async () => {
    answer = () => rowsReply([]);
    await query();
    await query(other);
    await integrate();
    for (const tenant of [{ practiceId: site.practiceId }, { integratorId: site.integratorId }]) {
      const content = parseAuditExport(formatAuditExport(await gather(tenant)));
      if (isExportProblem(content)) throw new Error(content.place);
      const { findings } = verifyExports([{ name: 'export', content }]);
      expect(findings.filter(({ level }) => level === 'wrong')).toEqual([]);
      expect(findings.map(({ place }) => place)).not.toContain('seal');
      const stored = await api.database.kysely
        .selectFrom('audit_records')
        .select('record')
        .orderBy('seq')
        .execute();
      const own = stored
        .map(({ record }) => JSON.parse(record) as AuditRecord)
        .filter(({ practice, integrator }) =>
          'practiceId' in tenant
            ? practice === tenant.practiceId
            : integrator === tenant.integratorId,
        );
      expect(own.length).toBeGreaterThan(4);
      expect(recordsIn(content)).toEqual(expect.arrayContaining(own));
      expect(recordsIn(content)).toHaveLength(own.length);
    }
  });

  test('ends before the first record that is not in the log, or that is too many', async () => {
    answer = () => rowsReply([]);
    const whole = await gather({ practiceId: site.practiceId });
    await query();
    await api.app.get(StoredAuditTrail, { strict: false }).flush();
    const cut = await gather({ practiceId: site.practiceId });
    expect(recordsIn(cut)).toEqual(recordsIn(whole));
    await integrate();
    const [last] = recordsIn(await gather({ practiceId: site.practiceId })).slice(-1);
    expect(cut.scope.to).toBe(last?.ts);
    const { entries } = exportProofsLimits;
    try {
      exportProofsLimits.entries = 2;
      const first = await gather({ practiceId: site.practiceId });
      expect(recordsIn(first).length).toBeLessThanOrEqual(2);
      expect(first.scope.to).toBe(recordsIn(whole)[2]?.ts);
    } finally {
      exportProofsLimits.entries = entries;
    }
  });
});
