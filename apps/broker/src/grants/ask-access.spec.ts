/** Asking for more, at the store: what practices decide on is theirs, site by site and integrator by integrator. */
import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';

import type { AskAccess } from '#apps/broker/src/grants/ask-access.js';
import { BrokerPractice } from '#apps/broker/src/grants/broker-practice.fixture.js';
import { aGrant } from '#libs/grants/grant.fixture.js';

const HOUR_MS = 3_600_000;
const integratorId = 'integrator-1';
const book = 'procedure:dbo.Book';

let practice: BrokerPractice;
let asking: AskAccess;

beforeAll(async () => {
  practice = await BrokerPractice.open();
  asking = practice.asker();
  await practice.asked('site-1', integratorId);
  const terms = { practiceId: 'practice-1', siteIds: ['site-1'], scopes: ['sql:read'] };
  await practice.grants.execute(
    practice.agents.one.peer,
    practice.published(aGrant({ ...terms, integratorId })),
  );
});
afterAll(() => practice.close());
beforeEach(async () => {
  await practice.store.kysely.deleteFrom('access_requests').execute();
  practice.audit.records = [];
});

const ask = (scopes: string[]) =>
  asking.execute({
    ...{ siteId: 'site-1', integratorId, by: { actorRef: 'person-1' } },
    more: { scopes, catalogues: [], purposes: [] },
  });
const pending = () =>
  practice.store.kysely
    .selectFrom('access_requests')
    .select(['site_id', 'integrator_id'])
    .where('state', '=', 'pending')
    .execute();
/** The practice of a site has answered somebody who asked for this. */
const decided = (siteId: string, whose: string, hoursAgo: number, scopes = [book]) =>
  practice.store.kysely
    .insertInto('access_requests')
    .values({
      ...{ access_request_id: randomUUID(), site_id: siteId, integrator_id: whose },
      ...{ state: 'declined', asked: JSON.stringify({ scopes, catalogues: [], purposes: [] }) },
      decided_at: new Date(practice.clock.now() - hoursAgo * HOUR_MS),
    })
    .execute();

test('it is one request and one record, of which every node hears once it is stored', async () => {
  const heard: number[] = [];
  const stop = practice.broadcast.subscribe('grant.changed', async () => {
    heard.push((await pending()).length);
  });
  expect(await ask([book])).toBe('waiting');
  expect(heard).toEqual([1]);
  expect(await ask([book])).toBe('waiting');
  stop();
  expect(await pending()).toEqual([{ site_id: 'site-1', integrator_id: integratorId }]);
  expect(practice.audit.records).toEqual([
    {
      ...{ type: 'access-request.created', practice: 'practice-1', site: 'site-1' },
      ...{ integrator: integratorId, actorRef: 'person-1' },
    },
  ]);
});

test('it is not asked when that cannot be written down', async () => {
  practice.audit.refuses = true;
  await expect(ask([book])).rejects.toThrow('planned');
  practice.audit.refuses = false;
  expect(await pending()).toEqual([]);
});

test('what a practice has decided on is asked again after a week', async () => {
  await decided('site-1', integratorId, 24 * 7 - 1);
  await expect(ask([book])).rejects.toMatchObject({ code: 'ACCESS_NOT_ASKABLE' });
  await practice.store.kysely.deleteFrom('access_requests').execute();
  await decided('site-1', integratorId, 24 * 7 + 1);
  expect(await ask([book])).toBe('waiting');
});

test.each([
  ['another practice', 'site-2', integratorId, [book]],
  ['the practice about somebody else', 'site-1', 'integrator-2', [book]],
  ['the practice about something else', 'site-1', integratorId, ['procedure:dbo.Cancel']],
])('what was decided by %s keeps nobody from asking', async (_who, siteId, whose, scopes) => {
  await decided(siteId, whose, 1, scopes);
  expect(await ask([book])).toBe('waiting');
});
