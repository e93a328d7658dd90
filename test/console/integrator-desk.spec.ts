/** The integrator's side of the console over HTTP, as its pages use it. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ActivityPage } from '#libs/console-api/activity.js';
import type {
  ApiKeys,
  Deliveries,
  IntegratorHome,
  MadeKey,
  PairedSite,
  Profile,
  UsageReport,
  Webhook,
  Webhooks,
} from '#libs/console-api/integrator.js';
import { PretendApi } from '#test/contract/api.fixture.js';
import {
  aPairedSite,
  grantAs,
  type PairedSite as Paired,
} from '#test/contract/paired-site.fixture.js';
import { aConsolePerson, type ConsolePerson } from '#test/console/console-person.fixture.js';

let api: PretendApi;
let site: Paired;
let admin: ConsolePerson;
let developer: ConsolePerson;
let at: string;

beforeAll(async () => {
  api = await PretendApi.start({
    CONDUIT_STRANGER_RATE_BURST: '10000',
    CONDUIT_WEBHOOK_PRIVATE_RANGES: '127.0.0.0/8,::1',
  });
  site = await aPairedSite(api);
  at = `/integrators/${site.integratorId}`;
  admin = await aConsolePerson(api, { role: 'integrator-admin', integratorId: site.integratorId });
  developer = await aConsolePerson(api, { role: 'operator-support' });
  await api.database.kysely
    .updateTable('person_roles')
    .set({ role: 'integrator-developer', integrator_id: site.integratorId })
    .where('role', '=', 'operator-support')
    .execute();
});
afterAll(() => api.stop());

const refused = (code: string) => expect.objectContaining({ code });
const codeOf = async (response: Response) =>
  ((await response.json()) as { code?: string; error?: { code?: string } }).code;
const useKey = async (key: string) => (await api.call('GET', site.path, { key })).status;

async function createKey(order: { name: string } & Record<string, unknown>): Promise<MadeKey> {
  const { integratorId } = site;
  const bounds = { siteIds: [], addressRanges: [], ...order };
  const stepUp = await admin.stepUp({ type: 'api-key.create', integratorId, ...bounds });
  return admin.json('POST', `${at}/keys`, { ...order, stepUp });
}
const list = () => admin.json<ApiKeys>('GET', `${at}/keys`);
const one = async (keyId: string) => (await list()).keys.find((key) => key.keyId === keyId);

describe('what an integrator declares', () => {
  const declaration = {
    name: 'Zz Vendor Pty Ltd',
    abn: '51824753556',
    contactName: 'Zz Alex Example',
    contactEmail: 'privacy@vendor.example',
    contactPhone: '+61 3 5550 0100',
    website: 'https://vendor.example',
    purposes: ['TREAT', 'PATADMIN'],
    countries: ['AU', 'NZ'],
    subprocessors: [{ name: 'Zz Hosting', country: 'AU', purpose: 'Servers' }],
    retentionDays: 30,
    retention: 'Appointments for thirty days.\nThen they are deleted.',
  };

  test('is kept with who changed what, and a practice reads it', async () => {
    const before = await admin.json<Profile>('GET', `${at}/profile`);
    expect(before.missing).toContain('abn');
    const after = await admin.json<Profile>('PUT', `${at}/profile`, declaration);
    expect(after).toMatchObject({ ...declaration, missing: [] });
    expect(after.changes).toMatchObject([{ byName: 'Zz Alex Example' }]);
    expect(after.changes[0]?.fields.sort()).toEqual(Object.keys(declaration).sort());
    // The same again is no change.
    await admin.json('PUT', `${at}/profile`, declaration);
    const { changes } = await admin.json<Profile>('GET', `${at}/profile`);
    expect(changes).toHaveLength(1);
    const less = await admin.json<Profile>('PUT', `${at}/profile`, {
      ...declaration,
      website: undefined,
    });
    expect(less.missing).toEqual(['website']);
    expect(less.changes[0]?.fields).toEqual(['website']);
  });

  test.each([
    ['an ABN whose digits do not check each other', { abn: '51824753557' }],
    ['marketing', { purposes: ['HMARKT'] }],
    ['no purpose at all', { purposes: [] }],
    ['a country that is none', { countries: ['Australia'] }],
    ['a website without https', { website: 'http://vendor.example' }],
    ['a website that is a script', { website: 'javascript:alert(1)' }],
    ['a name with a line break', { name: 'Zz\nVendor' }],
    ['a field that nobody knows', { isTrusted: true }],
    ['a period before nought', { retentionDays: -1 }],
  ])('is refused with %s', async (_what, wrong) => {
    const response = await admin.call('PUT', `${at}/profile`, { ...declaration, ...wrong });
    expect([response.status, await codeOf(response)]).toEqual([400, 'REQUEST_INVALID']);
  });

  test('is changed by administrators alone', async () => {
    const response = await developer.call('PUT', `${at}/profile`, declaration);
    expect([response.status, await codeOf(response)]).toEqual([403, 'ROLE_FORBIDDEN']);
  });
});

describe('an API key', () => {
  test('is shown once, works at once, and stops when it is revoked', async () => {
    const { key, keyId } = await createKey({ name: 'server' });
    expect(await useKey(key)).toBe(200);
    expect(JSON.stringify(await list())).not.toContain(key.slice(20, 50));
    const stepUp = await admin.stepUp({
      type: 'api-key.revoke',
      integratorId: site.integratorId,
      keyId,
    });
    const response = await admin.call('DELETE', `${at}/keys/${keyId}`, { stepUp });
    expect(response.status).toBe(204);
    expect(await useKey(key)).toBe(401);
    expect(await one(keyId)).toMatchObject({ state: 'revoked' });
  });

  test('can be bound to sites, addresses and a time', async () => {
    const expiresAt = '2999-01-01T00:00:00.000Z';
    const bounds = { siteIds: [site.siteId], addressRanges: ['203.0.113.0/24'], expiresAt };
    const { key, keyId } = await createKey({ name: 'bound', ...bounds });
    expect(await one(keyId)).toMatchObject({ state: 'live', ...bounds });
    expect(await useKey(key)).toBe(403);
  });

  test('is replaced with an overlap in which both work, or at once', async () => {
    const { integratorId } = site;
    const first = await createKey({ name: 'rotated', addressRanges: ['127.0.0.0/8'] });
    const replace = async (keyId: string, overlapHours: number) => {
      const terms = { overlapHours };
      const stepUp = await admin.stepUp({ type: 'api-key.rotate', integratorId, keyId, ...terms });
      return admin.json<MadeKey>('POST', `${at}/keys/${keyId}/rotate`, { ...terms, stepUp });
    };
    const second = await replace(first.keyId, 24);
    expect([await useKey(first.key), await useKey(second.key)]).toEqual([200, 200]);
    expect(await one(first.keyId)).toMatchObject({ state: 'ending' });
    expect(await one(second.keyId)).toMatchObject({
      state: 'live',
      name: 'rotated',
      addressRanges: ['127.0.0.0/8'],
    });
    // Two live ones of a name and no more; without an overlap the old one makes room.
    await expect(replace(second.keyId, 1)).rejects.toEqual(refused('KEY_LIMIT'));
    const third = await replace(second.keyId, 0);
    expect([await useKey(second.key), await useKey(third.key)]).toEqual([401, 200]);
    await expect(replace(second.keyId, 0)).rejects.toEqual(refused('CONSOLE_ENTRY_NOT_FOUND'));
  });

  test('is made by nobody whose passkey confirmed another one', async () => {
    const { integratorId } = site;
    const action = {
      type: 'api-key.create',
      integratorId,
      name: 'small',
      siteIds: [],
      addressRanges: [],
    };
    const stepUp = await admin.stepUp(action);
    await expect(admin.json('POST', `${at}/keys`, { name: 'large', stepUp })).rejects.toEqual(
      refused('STEP_UP_REFUSED'),
    );
    await expect(admin.json('POST', `${at}/keys`, { name: 'small' })).rejects.toEqual(
      refused('REQUEST_INVALID'),
    );
  });

  test.each([
    ['a site of somebody else', { siteIds: ['6f9619ff-8b86-4011-842d-00c04fc964ff'] }],
    ['a range that is none', { addressRanges: ['10.0.0.0/99'] }],
    ['an end in the past', { expiresAt: '2001-01-01T00:00:00.000Z' }],
  ])('is refused with %s', async (_what, wrong) => {
    await expect(createKey({ name: 'wrong', ...wrong })).rejects.toEqual(
      refused('REQUEST_INVALID'),
    );
  });

  test('of another integrator is not there', async () => {
    const other = await aPairedSite(api);
    const { keyId } = other;
    const { integratorId } = site;
    const stepUp = await admin.stepUp({ type: 'api-key.revoke', integratorId, keyId });
    const response = await admin.call('DELETE', `${at}/keys/${keyId}`, { stepUp });
    expect([response.status, await codeOf(response)]).toEqual([404, 'CONSOLE_ENTRY_NOT_FOUND']);
    expect((await api.call('GET', other.path, other)).status).toBe(200);
    const elsewhere = await admin.call('GET', `/integrators/${other.integratorId}/keys`);
    expect(elsewhere.status).toBe(404);
  });
});

describe('a webhook endpoint', () => {
  test('is made, paused, rotated, tested and deleted by people', async () => {
    const made = await developer.json<Webhook>('POST', `${at}/webhooks`, {
      url: 'https://localhost:8443/hooks',
      events: ['query.failed'],
      country: 'NZ',
    });
    expect(made.secret).toMatch(/^whsec_/);
    const own = `${at}/webhooks/${made.id}`;
    const listed = await admin.json<Webhooks>('GET', `${at}/webhooks`);
    expect(listed.webhooks.map(({ id, secret }) => [id, secret])).toEqual([[made.id, undefined]]);
    const paused = await developer.json<Webhook>('PATCH', own, { paused: true });
    expect(paused).toMatchObject({ paused: true, pauseReason: 'asked' });
    await developer.json('PATCH', own, { paused: false });
    const rotated = await developer.json<Webhook>('POST', `${own}/secret`, { overlapSeconds: 60 });
    expect(rotated.secret).not.toBe(made.secret);
    expect(rotated.previousPublicKey).toBe(made.publicKey);
    const { deliveryId } = await developer.json<{ deliveryId: string }>('POST', `${own}/test`, {});
    const { deliveries } = await developer.json<Deliveries>('GET', `${own}/deliveries`);
    expect(deliveries).toMatchObject([{ id: deliveryId, type: 'webhook.test' }]);
    expect((await developer.call('DELETE', own)).status).toBe(204);
    await expect(developer.json('GET', `${own}/deliveries`)).rejects.toEqual(
      refused('WEBHOOK_NOT_FOUND'),
    );
    expect(await changesByPeople()).toBe(2);
  });

  test('of another integrator is not there', async () => {
    const other = await aPairedSite(api);
    const response = await api.call('POST', '/integrator/webhooks', {
      key: other.key,
      body: { url: 'https://localhost:8443/hooks' },
    });
    const { id } = (await response.json()) as { id: string };
    await expect(admin.json('POST', `${at}/webhooks/${id}/test`, {})).rejects.toEqual(
      refused('WEBHOOK_NOT_FOUND'),
    );
  });
});

/** How many; each names a person in the audit, not a key. */
async function changesByPeople(): Promise<number> {
  const records = await api.database.kysely.selectFrom('audit_records').select('record').execute();
  const acts = records
    .map(({ record }) => JSON.parse(record) as Record<string, unknown>)
    .filter(({ type }) => type === 'webhook.changed');
  for (const act of acts) {
    expect(act).toMatchObject({ actorRef: expect.any(String), integrator: site.integratorId });
    expect(act).not.toHaveProperty('keyId');
  }
  return acts.length;
}

describe('where an integrator stands', () => {
  test('its sites say how they are and what is permitted there', async () => {
    const [shown] = await admin.json<PairedSite[]>('GET', `${at}/sites`);
    expect(shown).toMatchObject({
      siteId: site.siteId,
      name: 'Zz Clinic',
      availability: 'offline',
      standing: 'active',
      catalogues: ['Patients'],
    });
    expect(shown?.permission?.lines.map(({ label }) => label)).toContain('What it may do');
    grantAs(api, site.siteId, site.integratorId, { state: 'pending', waitsFor: 'server' });
    const [waiting] = await admin.json<PairedSite[]>('GET', `${at}/sites`);
    expect(waiting).toMatchObject({ standing: 'waiting-for-server' });
    expect(waiting).not.toHaveProperty('permission');
  });

  test('its use is summed by day and by site', async () => {
    const day = new Date().toISOString().slice(0, 10);
    const row = { integrator_id: site.integratorId, site_id: site.siteId, day };
    const sums = { request_bytes: 1, result_bytes: 2048, duration_ms: 90, sql_ms: 30 };
    await api.database.kysely
      .insertInto('usage_counts')
      .values([
        { ...row, kind: 'immediate', access: 'read', outcome: 'successful', queries: 2, ...sums },
        { ...row, kind: 'async', access: 'write', outcome: 'failed', queries: 1, ...sums },
      ])
      .execute();
    const usage = await developer.json<UsageReport>('GET', `${at}/usage?days=7`);
    expect(usage.days).toHaveLength(7);
    expect(usage.days.at(-1)).toMatchObject({
      day,
      queries: 3,
      successful: 2,
      failed: 1,
      immediate: 2,
      async: 1,
      writes: 1,
    });
    expect(usage.sites).toMatchObject([
      { siteId: site.siteId, name: 'Zz Clinic', queries: 3, resultBytes: 4096, meanMs: 60 },
    ]);
    const wrong = await developer.call('GET', `${at}/usage?days=1000`);
    expect(wrong.status).toBe(400);
  });

  test('its first page counts all of it', async () => {
    const home = await developer.json<IntegratorHome>('GET', at);
    expect(home).toMatchObject({
      integratorId: site.integratorId,
      apiOrigin: expect.stringMatching(/^https:\/\/localhost/),
      queries: 3,
      failedQueries: 1,
    });
    expect(home.keys).toBeGreaterThan(0);
    expect(home.sites.paired).toBe(1);
  });
});

describe('its activity', () => {
  test('is read in sentences, is narrowed, and says who looked', async () => {
    const read = (filter: string) =>
      developer.json<ActivityPage>('GET', `${at}/activity?${filter}`).then((page) => page.entries);
    const keys = await read('kind=keys');
    expect(keys.map(({ words }) => words)).toContain('Zz Vendor Pty Ltd got an API key.');
    expect(keys.every(({ kind }) => kind === 'keys')).toBe(true);
    expect(await read('siteId=nowhere')).toEqual([]);
    const looked = (await read('kind=people')).filter(({ words }) => words.includes('looked at'));
    expect(looked.length).toBeGreaterThanOrEqual(2);
    const wrong = await developer.call('GET', `${at}/activity?before=1.2.3`);
    expect(wrong.status).toBe(400);
  });

  test('leaves as a file of audit events, whole', async () => {
    const { integratorId } = site;
    const body = { format: 'fhir', filter: { kind: 'keys' } };
    const stepUp = await admin.stepUp({ type: 'activity.export', integratorId, ...body });
    const answer = await admin.call('POST', `${at}/activity/export`, { ...body, stepUp });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/fhir+ndjson');
    expect(answer.headers.get('content-disposition')).toMatch(
      /filename="conduit-activity-[\d-]+\.fhir\.ndjson"/,
    );
    const events = (await answer.text())
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const page = await admin.json<ActivityPage>('GET', `${at}/activity?kind=keys`);
    expect(events.map(({ recorded }) => recorded)).toEqual(page.entries.map((one) => one.at));
    const acts = await admin.json<ActivityPage>('GET', `${at}/activity?kind=people`);
    expect(acts.entries.map(({ words }) => words)).toContain('This list was exported.');
  });
});
