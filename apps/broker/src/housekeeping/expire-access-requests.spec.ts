import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { BrokerPractice } from '#apps/broker/src/grants/broker-practice.fixture.js';
import {
  accessRequestLifeMs,
  ExpireAccessRequests,
} from '#apps/broker/src/housekeeping/expire-access-requests.js';

let practice: BrokerPractice;
let expire: ExpireAccessRequests;
let told: string[];

beforeAll(async () => {
  practice = await BrokerPractice.open();
  const { store, audit, broadcast, clock } = practice;
  expire = new ExpireAccessRequests(store.kysely, audit, broadcast, clock);
  broadcast.subscribe('grant.changed', (siteId) => void told.push(siteId));
});
beforeEach(async () => {
  told = [];
  practice.audit.records = [];
  practice.audit.refuses = false;
  await practice.store.kysely.deleteFrom('access_requests').execute();
});
afterAll(() => practice.close());

async function aRequest(
  id: string,
  ageMs: number,
  state: 'pending' | 'approved' = 'pending',
  site = 'site-1',
): Promise<void> {
  await practice.store.kysely
    .insertInto('access_requests')
    .values({
      access_request_id: id,
      site_id: site,
      integrator_id: 'integrator-1',
      state,
      asked: JSON.stringify({ scopes: ['sql:read'], catalogues: [], purposes: [] }),
      created_at: new Date(practice.clock.now() - ageMs),
    })
    .execute();
}

async function states(): Promise<Record<string, string>> {
  const rows = await practice.store.kysely.selectFrom('access_requests').selectAll().execute();
  return Object.fromEntries(
    rows.map((row) => [row.access_request_id, `${row.state} ${row.decline_reason}`]),
  );
}

describe('access requests', () => {
  test('are declined when thirty days have passed without a decision, not sooner', async () => {
    await aRequest('old', accessRequestLifeMs + 1);
    await aRequest('young', accessRequestLifeMs - 1);
    await aRequest('decided', accessRequestLifeMs + 1, 'approved');
    await expire.execute();
    expect(await states()).toEqual({
      old: 'declined expired',
      young: 'pending null',
      decided: 'approved null',
    });
    practice.clock.advance(2);
    await expire.execute();
    expect((await states())['young']).toBe('declined expired');
  });

  test('are recorded with whom it concerns, and the nodes are told of their sites', async () => {
    await aRequest('one', accessRequestLifeMs + 1);
    await aRequest('two', accessRequestLifeMs + 1, 'pending', 'site-2');
    await expire.execute();
    const declined = (n: number) => ({
      type: 'access-request.declined',
      practice: `practice-${n}`,
      site: `site-${n}`,
      integrator: 'integrator-1',
      reason: 'expired',
    });
    expect(practice.audit.records).toHaveLength(2);
    expect(practice.audit.records).toEqual(expect.arrayContaining([declined(1), declined(2)]));
    expect(told.sort()).toEqual(['site-1', 'site-2']);
  });

  test('are declined once, however often the job runs', async () => {
    await aRequest('old', accessRequestLifeMs + 1);
    await Promise.all([expire.execute(), expire.execute()]);
    await expire.execute();
    expect(practice.audit.records).toHaveLength(1);
    expect(told).toEqual(['site-1']);
  });

  test('stay open when the record cannot be written', async () => {
    await aRequest('old', accessRequestLifeMs + 1);
    practice.audit.refuses = true;
    await expect(expire.execute()).rejects.toThrow();
    expect(await states()).toEqual({ old: 'pending null' });
    expect(told).toEqual([]);
  });

  test('are declined in any number', async () => {
    for (let n = 0; n < 201; n++) await aRequest(`old-${n}`, accessRequestLifeMs + 1 + n);
    await expire.execute();
    expect(new Set(Object.values(await states()))).toEqual(new Set(['declined expired']));
    expect(practice.audit.records).toHaveLength(201);
  });
});
