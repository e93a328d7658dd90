/** Statements over HTTP, as pages use them: what is kept, who may read it, and how a practice is asked. */
import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { PairedSite } from '#libs/console-api/integrator.js';
import type { AccessRequest, AccessRequestSummary } from '#libs/console-api/practice.js';
import type { Statements, SubmittedStatement } from '#libs/console-api/statement.js';
import { aGrant } from '#libs/grants/grant.fixture.js';
import type { Grant } from '#libs/grants/grant.js';
import { PretendApi } from '#test/contract/api.fixture.js';
import {
  aPairedSite,
  aSite,
  grantAs,
  type PairedSite as Paired,
} from '#test/contract/paired-site.fixture.js';
import { aConsolePerson, type ConsolePerson } from '#test/console/console-person.fixture.js';

const TEXT = 'SELECT TOP (100) INTERNALID, SURNAME FROM dbo.Patient WHERE UPDATED > @since';
const scopeOf = (text: string) => `statement:${createHash('sha256').update(text).digest('hex')}`;

let api: PretendApi;
let site: Paired;
let admin: ConsolePerson;
let owner: ConsolePerson;
let at: string;

beforeAll(async () => {
  api = await PretendApi.start({ CONDUIT_STRANGER_RATE_BURST: '10000' });
  site = await aPairedSite(api);
  at = `/integrators/${site.integratorId}/statements`;
  admin = await aConsolePerson(api, { role: 'integrator-admin', integratorId: site.integratorId });
  owner = await aConsolePerson(api, { role: 'practice-owner', practiceId: site.practiceId });
});
afterAll(() => api.stop());

const refused = (code: string) => expect.objectContaining({ code });
const submit = (text: string, changes: object = {}, person = admin) =>
  person.json<{ statementId: string }>('POST', at, {
    ...{ name: 'Patients updated', description: 'For the reminder list.', text },
    ...changes,
  });
const list = async () => (await admin.json<Statements>('GET', at)).statements;
const one = async (statementId: string) =>
  (await list()).find((each) => each.statementId === statementId) as SubmittedStatement;
const askFor = (statementId: string, siteId = site.siteId) =>
  admin.json('POST', `${at}/${statementId}/ask`, { siteId });
const pending = () =>
  owner.json<AccessRequestSummary[]>(
    'GET',
    `/practices/${site.practiceId}/access-requests?state=pending`,
  );
const readRequest = (id: string) =>
  owner.json<AccessRequest>('GET', `/practices/${site.practiceId}/access-requests/${id}`);

describe('a statement', () => {
  test('is kept as it was written, under the hash of its text', async () => {
    const { statementId } = await submit(TEXT);
    expect(await one(statementId)).toMatchObject({
      ...{ scope: scopeOf(TEXT), name: 'Patients updated', text: TEXT, changes: false, sites: [] },
      createdByName: 'Zz Alex Example',
    });
    await expect(submit(TEXT)).rejects.toEqual(refused('STATEMENT_KNOWN'));
    const changing = await submit('DELETE FROM dbo.Note WHERE NOTEID = @id');
    expect(await one(changing.statementId)).toMatchObject({ changes: true });
  });

  test('with a place for facts of somebody is not kept, and the place is named', async () => {
    const text = "SELECT SURNAME\nFROM dbo.Patient WHERE SURNAME = 'Zz Person'";
    const before = (await list()).length;
    const body = { name: 'Zz', description: 'Zz', text };
    const answer = await (await admin.call('POST', at, body)).json();
    expect(answer).toMatchObject({
      code: 'STATEMENT_UNFIT',
      errors: [{ field: 'text', problem: expect.stringContaining('line 2, column 34') }],
    });
    expect(JSON.stringify(answer)).not.toContain('Person');
    expect(await list()).toHaveLength(before);
    const { rows } = await searchStore('Zz Person');
    expect(rows).toBe(0);
  });

  test.each([
    ['a telephone number in its name', { name: 'Call 0355 501 000' }],
    ['a date of birth in its description', { description: 'Zz Person, 01/02/1970' }],
    ['no description', { description: '' }],
    ['blanks around it', { text: ' SELECT a FROM t ' }],
    ['a field that nobody knows', { changes: false }],
  ])('is refused with %s', async (_what, wrong) => {
    await expect(submit('SELECT a FROM t', wrong)).rejects.toEqual(refused('REQUEST_INVALID'));
  });

  test('is submitted by developers, and put before practices by administrators', async () => {
    const { integratorId } = site;
    const developer = await aConsolePerson(api, { role: 'integrator-admin', integratorId });
    await api.database.kysely
      .updateTable('person_roles')
      .set({ role: 'integrator-developer' })
      .where('person_id', '=', (await developer.json<Signed>('GET', '/session')).person.personId)
      .execute();
    const { statementId } = await submit('SELECT b FROM t', {}, developer);
    const path = `${at}/${statementId}`;
    for (const act of [
      developer.json('POST', `${path}/ask`, { siteId: site.siteId }),
      developer.json('DELETE', path),
    ])
      await expect(act).rejects.toEqual(refused('ROLE_FORBIDDEN'));
  });
});

interface Signed {
  person: { personId: string };
}

/** How many statements, audit records and requests say these words. */
async function searchStore(words: string): Promise<{ rows: number }> {
  const { kysely } = api.database;
  const all = [
    await kysely.selectFrom('submitted_statements').selectAll().execute(),
    await kysely.selectFrom('audit_records').select('record').execute(),
    await kysely.selectFrom('access_requests').selectAll().execute(),
  ];
  return { rows: all.flat().filter((row) => JSON.stringify(row).includes(words)).length };
}

describe('a site', () => {
  test('with a permission in force is asked, and its practice reads the text', async () => {
    const text = 'SELECT c FROM t WHERE d = @d';
    const { statementId } = await submit(text, { name: 'Zz Cees' });
    expect(await pending()).toEqual([]);
    await askFor(statementId);
    await askFor(statementId);
    const [request, ...others] = await pending();
    expect(others).toEqual([]);
    const read = await readRequest(request?.accessRequestId ?? '');
    const scope = scopeOf(text);
    const held = aGrant().scopes;
    expect(read.asked.scopes.map((asked) => asked.scope)).toEqual([...held, scope]);
    expect(read.statements).toEqual([
      { scope, name: 'Zz Cees', description: 'For the reminder list.', text, changes: false },
    ]);
    expect(await one(statementId)).toMatchObject({ sites: [{ standing: 'waiting' }] });
    const acts = await api.database.kysely.selectFrom('audit_records').select('record').execute();
    const asked = acts.filter(({ record }) => record.includes('"statement.asked"'));
    expect(asked).toHaveLength(1);
    expect(asked[0]?.record).toContain(scope);
    expect((await searchStore(text)).rows).toBe(1);
  });

  test('that decides already is asked in the same request', async () => {
    const text = 'SELECT e FROM t';
    const { statementId } = await submit(text);
    await askFor(statementId);
    const requests = await pending();
    expect(requests).toHaveLength(1);
    const { statements } = await readRequest(requests[0]?.accessRequestId ?? '');
    expect(statements.map((each) => each.text)).toContain(text);
  });

  test('whose practice has just decided without it is not asked again, and one that permits it is not bothered', async () => {
    const text = 'SELECT f FROM t';
    const { statementId } = await submit(text);
    await askFor(statementId);
    const decide = () =>
      api.database.kysely.updateTable('access_requests').set({ state: 'approved' }).execute();
    await decide();
    expect(await one(statementId)).toMatchObject({ sites: [{ standing: 'not-permitted' }] });
    await expect(askFor(statementId)).rejects.toEqual(refused('STATEMENT_NOT_ASKABLE'));
    const { practiceId, siteId, integratorId } = site;
    // Another site has its own week, and a week passes.
    const elsewhere = await aSite(api, practiceId);
    const held = aGrant({ practiceId, siteIds: [elsewhere], integratorId });
    grantAs(api, elsewhere, integratorId, { state: 'active', grant: held });
    await askFor(statementId, elsewhere);
    await api.database.kysely
      .updateTable('statement_asks')
      .set({ asked_at: new Date(Date.now() - 8 * 86_400_000) })
      .execute();
    await askFor(statementId);
    expect(await pending()).toHaveLength(2);
    await decide();
    const grant = aGrant({ practiceId, siteIds: [siteId], integratorId, scopes: [scopeOf(text)] });
    grantAs(api, siteId, integratorId, { state: 'active', grant });
    expect((await one(statementId)).sites).toContainEqual(
      expect.objectContaining({ siteId, standing: 'permitted' }),
    );
    await askFor(statementId);
    expect(await pending()).toEqual([]);
  });

  test('that permits nothing, or that is not paired, is not asked', async () => {
    const { statementId } = await submit('SELECT g FROM t');
    const elsewhere = await aSite(api, site.practiceId);
    await expect(askFor(statementId, elsewhere)).rejects.toEqual(
      refused('CONSOLE_ENTRY_NOT_FOUND'),
    );
    for (const state of ['declined', 'revoked', 'expired', 'paused'] as const) {
      grantAs(api, elsewhere, site.integratorId, { state });
      await expect(askFor(statementId, elsewhere)).rejects.toEqual(
        refused('STATEMENT_NOT_ASKABLE'),
      );
    }
    // More than anybody reads.
    const scopes = Array.from({ length: 50 }, (_, n) => `operation:zz-${n}`);
    const grant = aGrant({ siteIds: [elsewhere], scopes });
    grantAs(api, elsewhere, site.integratorId, { state: 'active', grant });
    await expect(askFor(statementId, elsewhere)).rejects.toEqual(refused('STATEMENT_NOT_ASKABLE'));
    await expect(askFor(randomUUID())).rejects.toEqual(refused('CONSOLE_ENTRY_NOT_FOUND'));
  });
});

describe('more than a permission gives', () => {
  const want = async (more: object, to = site) => {
    const { key, path } = to;
    const answer = await api.call('POST', `${path}/access`, { key, body: more });
    const { state, error } = (await answer.json()) as { state?: string; error?: { code: string } };
    return { status: answer.status, ...(state && { state }), ...(error && { code: error.code }) };
  };
  const scopesAsked = async () => {
    const [request, ...others] = await pending();
    expect(others).toEqual([]);
    const { asked } = await readRequest(request?.accessRequestId ?? '');
    return asked.scopes.map(({ scope }) => scope);
  };

  test('is asked for without a code, together with what is held, while that stays in force', async () => {
    const { practiceId, siteId, integratorId } = site;
    const grant = aGrant({ practiceId, siteIds: [siteId], integratorId, scopes: ['sql:read'] });
    grantAs(api, siteId, integratorId, { state: 'active', grant });
    await api.database.kysely.deleteFrom('access_requests').execute();
    expect(await want({ scopes: ['sql:read'] })).toEqual({ status: 202, state: 'permitted' });
    expect(await pending()).toEqual([]);
    const scopes = ['procedure:dbo.BookAppointment'];
    expect(await want({ scopes })).toEqual({ status: 202, state: 'waiting' });
    expect(await want({ scopes })).toEqual({ status: 202, state: 'waiting' });
    expect(await scopesAsked()).toEqual(['sql:read', ...scopes]);
    expect(await want({ scopes: ['sql:write'] })).toMatchObject({ state: 'waiting' });
    expect(await scopesAsked()).toEqual(['sql:read', ...scopes, 'sql:write']);
    const acts = await api.database.kysely.selectFrom('audit_records').select('record').execute();
    const asked = acts.filter(({ record }) => record.includes('"access-request.created"'));
    expect(asked).toHaveLength(2);
    expect(asked[0]?.record).toContain(`"keyId":"${site.keyId}"`);
  });

  test('is not asked for again in the week after the practice has decided on it', async () => {
    await api.database.kysely
      .updateTable('access_requests')
      .set({ state: 'declined', decided_at: new Date() })
      .where('state', '=', 'pending')
      .execute();
    expect(await want({ scopes: ['sql:write'] })).toMatchObject({ code: 'ACCESS_NOT_ASKABLE' });
    expect(await want({ scopes: ['procedure:dbo.Cancel'] })).toMatchObject({ state: 'waiting' });
  });

  test('is what can be asked for there: no statement unread, no other purpose or database', async () => {
    for (const [field, value] of [
      ['scopes', scopeOf(TEXT)],
      ['scopes', 'everything'],
      ['catalogues', 'Elsewhere'],
      ['purposes', 'ETREAT'],
    ] as const)
      expect(await want({ [field]: [value] })).toMatchObject({
        ...{ status: 400, code: 'REQUEST_INVALID' },
      });
    expect(await want({ purposes: ['HMARKT'] })).toMatchObject({ status: 400 });
  });

  test('is not asked for where nothing is permitted, or nobody is paired', async () => {
    const elsewhere = await aSite(api, site.practiceId);
    const path = `/integrator/sites/${elsewhere}`;
    const at = { ...site, path };
    expect(await want({ scopes: ['sql:write'] }, at)).toMatchObject({ status: 404 });
    grantAs(api, elsewhere, site.integratorId, { state: 'revoked' });
    expect(await want({ scopes: ['sql:write'] }, at)).toMatchObject({ code: 'ACCESS_NOT_ASKABLE' });
  });
});

test('an administrator asks for more in the console, and both sides see what is new', async () => {
  const hours = { timeZone: 'Australia/Sydney', days: [1, 2], from: '08:00', to: '17:00' };
  const expires = new Date(Date.now() + 90 * 86_400_000).toISOString();
  const past = new Date(Date.now() - 86_400_000).toISOString();
  const terms = { scopes: ['sql:read'], limits: { rows: 500, hours }, expires };
  const paired = await aPairedSite(api, terms);
  const { practiceId, siteId, integratorId } = paired;
  const { kysely } = api.database;
  await kysely
    .updateTable('integrators')
    .set({ purposes: JSON.stringify(['PATADMIN', 'HPAYMT']) })
    .where('integrator_id', '=', integratorId)
    .execute();
  const person = await aConsolePerson(api, { role: 'integrator-admin', integratorId });
  const reader = await aConsolePerson(api, { role: 'practice-owner', practiceId });
  const at = `/integrators/${integratorId}/sites`;
  const more = { scopes: ['procedure:dbo.Book'], purposes: ['HPAYMT'] };
  const ask = (site: string, wanted: object = more) =>
    person.json('POST', `${at}/${site}/access`, wanted);
  const sites = async () => (await person.json<PairedSite[]>('GET', at))[0];
  const requests = () =>
    reader.json<AccessRequestSummary[]>('GET', `/practices/${practiceId}/access-requests`);
  expect(await sites()).not.toHaveProperty('waiting');
  expect(await ask(siteId)).toEqual({ state: 'waiting' });
  expect((await sites())?.waiting).toEqual({
    ...{ scopes: [expect.objectContaining({ scope: 'procedure:dbo.Book' })], catalogues: [] },
    purposes: ['HPAYMT'],
  });
  const acts = await kysely
    .selectFrom('audit_records')
    .select('record')
    .where('practice_id', '=', practiceId)
    .orderBy('seq', 'desc')
    .execute();
  const { personId } = (await person.json<Signed>('GET', '/session')).person;
  const act = JSON.parse(acts[0]?.record ?? '') as object;
  expect(act).toMatchObject({ type: 'access-request.created', site: siteId, actorRef: personId });
  expect(act).not.toHaveProperty('keyId');

  // Of a first request nothing says that it is more.
  const [first] = await requests();
  expect(first).not.toHaveProperty('isMore');
  const grant = aGrant({ practiceId, siteIds: [siteId], integratorId, ...terms });
  await putInForce(grant);
  const [now] = await requests();
  expect(now).toMatchObject({ isMore: true });
  const path = `/practices/${practiceId}/access-requests/${now?.accessRequestId ?? ''}`;
  expect(await reader.json<AccessRequest>('GET', path)).toMatchObject({
    running: {
      grantId: grant.grantId,
      ...{ expires, scopes: ['sql:read'], catalogues: ['Patients'], purposes: ['PATADMIN'] },
      ...{ rows: 500, hours: { days: [1, 2], from: '08:00', to: '17:00' } },
    },
    asked: { purposes: [{ code: 'PATADMIN' }, { code: 'HPAYMT' }] },
  });
  // What runs at another site, for another company, or no more, makes nothing more of a request.
  const elsewhere = await aSite(api, practiceId);
  await putInForce({ ...grant, grantId: randomUUID(), siteIds: [elsewhere], expires: past });
  for (const [where, by] of [
    [elsewhere, integratorId],
    [siteId, site.integratorId],
  ] as const)
    await kysely
      .insertInto('access_requests')
      .values({
        ...{ access_request_id: randomUUID(), site_id: where, integrator_id: by },
        ...{ state: 'pending', asked: JSON.stringify({ ...more, catalogues: [] }) },
      })
      .execute();
  expect((await requests()).map(({ isMore }) => isMore ?? false).sort()).toEqual([
    ...[false, false, true],
  ]);

  await kysely.updateTable('access_requests').set({ state: 'approved' }).execute();
  expect((await requests())[0]).not.toHaveProperty('isMore');
  expect(await sites()).not.toHaveProperty('waiting');

  expect(await ask(siteId, { scopes: ['sql:read'] })).toEqual({ state: 'permitted' });
  await expect(ask(siteId, { purposes: ['HRESCH'] })).rejects.toEqual(refused('REQUEST_INVALID'));
  // Paired with somebody else, or with nobody.
  for (const unpaired of [site.siteId, randomUUID()])
    await expect(ask(unpaired)).rejects.toEqual(refused('CONSOLE_ENTRY_NOT_FOUND'));
});

test('a request that waits is listed before any number of newer ones that were decided', async () => {
  const { practiceId, siteId, integratorId } = await aPairedSite(api);
  const person = await aConsolePerson(api, { role: 'practice-owner', practiceId });
  const asked = JSON.stringify({ scopes: [], catalogues: [], purposes: [] });
  const oldest = { state: 'pending', created_at: new Date(Date.now() - 86_400_000) } as const;
  const rows = Array.from({ length: 501 }, (_, n) => ({
    ...{ access_request_id: randomUUID(), site_id: siteId, integrator_id: integratorId, asked },
    ...(n === 0 ? oldest : { state: 'declined' as const }),
  }));
  await api.database.kysely.insertInto('access_requests').values(rows).execute();
  const path = `/practices/${practiceId}/access-requests`;
  const listed = await person.json<AccessRequestSummary[]>('GET', path);
  expect([listed.length, listed[0]?.state]).toEqual([500, 'pending']);
});

/** As the agent's receipt does. */
async function putInForce(grant: Grant): Promise<void> {
  const { grantId, seq, integratorId, siteIds, expires } = grant;
  await api.database.kysely
    .insertInto('grants')
    .values({
      ...{ grant_id: grantId, seq, site_id: siteIds[0] ?? '', integrator_id: integratorId },
      ...{ state: 'active', expires_at: new Date(expires) },
      signed: JSON.stringify({ document: JSON.stringify(grant), approvals: [] }),
    })
    .execute();
}

describe('a statement that was taken back', () => {
  test('is gone when nobody was asked, and stays readable where somebody was', async () => {
    const unseen = await submit('SELECT h FROM t');
    await admin.json('DELETE', `${at}/${unseen.statementId}`);
    expect((await searchStore('SELECT h FROM t')).rows).toBe(0);
    const { practiceId, siteId, integratorId } = site;
    const grant = aGrant({ practiceId, siteIds: [siteId], integratorId });
    grantAs(api, siteId, integratorId, { state: 'active', grant });
    const text = 'SELECT i FROM t';
    const { statementId } = await submit(text);
    await askFor(statementId);
    await admin.json('DELETE', `${at}/${statementId}`);
    expect(await one(statementId)).toBeUndefined();
    const [request] = await pending();
    const { statements } = await readRequest(request?.accessRequestId ?? '');
    expect(statements.map((each) => each.text)).toEqual([text]);
    await expect(askFor(statementId)).rejects.toEqual(refused('CONSOLE_ENTRY_NOT_FOUND'));
    await expect(admin.json('DELETE', `${at}/${statementId}`)).rejects.toEqual(
      refused('CONSOLE_ENTRY_NOT_FOUND'),
    );
  });
});

test('another integrator neither reads nor moves it, and another practice never sees its text', async () => {
  const other = await aPairedSite(api);
  const stranger = await aConsolePerson(api, {
    role: 'integrator-admin',
    integratorId: other.integratorId,
  });
  const text = 'SELECT j FROM t';
  const { statementId } = await submit(text);
  expect(await stranger.json('GET', `/integrators/${other.integratorId}/statements`)).toMatchObject(
    { statements: [] },
  );
  const theirs = `/integrators/${other.integratorId}/statements/${statementId}`;
  for (const act of [
    stranger.json('GET', at),
    stranger.json('DELETE', theirs),
    stranger.json('POST', `${theirs}/ask`, { siteId: other.siteId }),
  ])
    await expect(act).rejects.toEqual(refused('CONSOLE_ENTRY_NOT_FOUND'));
  await askFor(statementId);
  // The same text may be theirs too, with words of their own, which are nobody else's.
  const own = `/integrators/${other.integratorId}/statements`;
  const same = await stranger.json<{ statementId: string }>('POST', own, {
    ...{ name: 'Zz theirs', description: 'Zz theirs.', text },
  });
  await stranger.json('POST', `${own}/${same.statementId}/ask`, { siteId: other.siteId });
  // Somebody names its hash to a practice that was never asked for it.
  const neighbour = await aConsolePerson(api, {
    role: 'practice-owner',
    practiceId: other.practiceId,
  });
  const requestId = randomUUID();
  await api.database.kysely
    .insertInto('access_requests')
    .values({
      ...{ access_request_id: requestId, site_id: other.siteId, state: 'pending' },
      integrator_id: site.integratorId,
      asked: JSON.stringify({ scopes: [scopeOf(text)], catalogues: [], purposes: [] }),
    })
    .execute();
  const read = await neighbour.json<AccessRequest>(
    'GET',
    `/practices/${other.practiceId}/access-requests/${requestId}`,
  );
  expect(read.statements).toEqual([]);
  expect(JSON.stringify(read)).not.toContain(text);
});

test('nobody has more than a hundred', async () => {
  const { integratorId } = await aPairedSite(api);
  const person = await aConsolePerson(api, { role: 'integrator-admin', integratorId });
  const many = Array.from({ length: 100 }, (_, n) => ({
    ...{
      statement_id: randomUUID(),
      integrator_id: integratorId,
      sha256: n.toString(16).padStart(64, '0'),
    },
    ...{ name: 'Zz', description: 'Zz', text: `SELECT z${n}`, changes: false, withdrawn_at: null },
    ...{ submitted_by: 'person-1', submitted_at: new Date() },
  }));
  await api.database.kysely.insertInto('submitted_statements').values(many).execute();
  const body = { name: 'Zz', description: 'Zz', text: 'SELECT a FROM t' };
  const submitted = person.json('POST', `/integrators/${integratorId}/statements`, body);
  await expect(submitted).rejects.toEqual(refused('STATEMENT_LIMIT'));
});
