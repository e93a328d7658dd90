import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import type { SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { BrokerPractice } from '#apps/broker/src/grants/broker-practice.fixture.js';
import { LivePauses } from '#apps/broker/src/grants/live-pauses.js';
import { PausableGrantBook } from '#apps/broker/src/grants/pausable-grant-book.js';
import { PausesAtAgents } from '#apps/broker/src/grants/pauses-at-agents.js';
import type { SiteLinks } from '#apps/broker/src/gateway/site-links.port.js';
import { PracticeBook } from '#apps/broker/src/practice-desk/practice-book.js';
import { ShowPauses } from '#apps/broker/src/practice-desk/show-pauses.js';
import { PauseAccess } from '#apps/broker/src/practice-desk/pause-access.js';
import { aGrant } from '#libs/grants/grant.fixture.js';
import { MAX_PAUSED } from '#libs/grants/pause-messages.js';

const person = {
  personId: 'person-1',
  name: 'Zz Mia Manager',
  roles: [],
} as unknown as SignedInPerson;

let practice: BrokerPractice;
let pauses: LivePauses;
let book: PausableGrantBook;
let access: PauseAccess;
let atAgents: PausesAtAgents;

beforeAll(async () => {
  practice = await BrokerPractice.open();
  const { store, broadcast, log, audit, clock, agents } = practice;
  pauses = new LivePauses(store.kysely, broadcast, log);
  await pauses.onModuleInit();
  book = new PausableGrantBook(practice.book, pauses);
  atAgents = new PausesAtAgents(store.kysely, clock);
  const links = { availability: () => 'offline' } as unknown as SiteLinks;
  const shown = new ShowPauses(store.kysely, new PracticeBook(store.kysely, links), atAgents);
  access = new PauseAccess(store.kysely, audit, broadcast, clock, shown);
  for (const n of ['1', '2']) {
    const integratorId = `integrator-${n}`;
    await practice.asked('site-1', integratorId);
    await practice.grants.execute(agents.one.peer, practice.published(aGrant({ integratorId })));
  }
});

afterAll(async () => {
  pauses.onApplicationShutdown();
  await practice.close();
});

const states = () =>
  ['integrator-1', 'integrator-2'].map((integratorId) => book.find('site-1', integratorId).state);

test('one is stopped at once, and goes on once it is resumed', async () => {
  expect(states()).toEqual(['active', 'active']);
  await access.pause('practice-1', person, 'integrator-1');
  expect(states()).toEqual(['paused', 'active']);
  expect(await access.list('practice-1')).toMatchObject({
    integrators: [{ integratorId: 'integrator-1' }],
  });
  await access.resume('practice-1', person, 'integrator-1');
  expect(states()).toEqual(['active', 'active']);
});

test('what runs is told once, and only if it is meant', async () => {
  const told: string[] = [];
  const watch = (practiceId: string, integratorId: string) =>
    pauses.whenPaused({ practiceId, integratorId, siteId: 'site-1', keyId: 'key-1' }, () =>
      told.push(`${practiceId} ${integratorId}`),
    );
  watch('practice-1', 'integrator-1');
  watch('practice-1', 'integrator-2');
  watch('practice-2', 'integrator-1');
  watch('practice-1', 'integrator-1')();
  await access.pause('practice-1', person, 'integrator-1');
  await access.pause('practice-1', person, 'integrator-1');
  expect(told).toEqual(['practice-1 integrator-1']);
  await access.resume('practice-1', person, 'integrator-1');
});

test('all are stopped, and one that was stopped by itself stays so', async () => {
  await access.pause('practice-1', person, 'integrator-2');
  await access.pause('practice-1', person);
  expect(states()).toEqual(['paused', 'paused']);
  await access.resume('practice-1', person);
  expect(states()).toEqual(['active', 'paused']);
  await access.resume('practice-1', person, 'integrator-2');
});

test('another practice’s pause stops nothing here, and of a stranger nothing is known', async () => {
  await access.pause('practice-2', person);
  expect(states()).toEqual(['active', 'active']);
  await access.resume('practice-2', person);
  await expect(access.pause('practice-1', person, 'nobody')).rejects.toMatchObject({
    code: 'CONSOLE_ENTRY_NOT_FOUND',
  });
});

test('a pause is in force at a server once the server has said so, and since then', async () => {
  const servers = async () => (await access.list('practice-1')).integrators[0]?.servers;
  await access.pause('practice-1', person, 'integrator-1');
  const wanted = await atAgents.wanted('practice-1', 'agent-1');
  expect(wanted).toMatchObject({ everyone: false, integrators: ['integrator-1'] });
  expect(await atAgents.behind(['agent-1'])).toEqual(['agent-1']);
  expect(await servers()).toEqual([{ siteNames: ['Zz Rooms 1'], isOnline: false }]);
  expect(await atAgents.confirmed('practice-1', 'agent-1', wanted)).toBe(false);
  expect(await atAgents.behind(['agent-1'])).toEqual([]);
  const since = new Date(practice.clock.now()).toISOString();
  practice.clock.advance(60_000);
  await access.pause('practice-1', person);
  await atAgents.confirmed('practice-1', 'agent-1', await atAgents.wanted('practice-1', 'agent-1'));
  expect(await servers()).toMatchObject([{ since }]);
  expect((await access.list('practice-1')).all?.servers).toMatchObject([
    { since: new Date(practice.clock.now()).toISOString() },
  ]);
  // One that was revoked lets nothing through: nobody waits for it.
  const agent = practice.store.kysely.updateTable('agents').where('agent_id', '=', 'agent-1');
  await agent.set({ state: 'revoked' }).execute();
  expect(await servers()).toEqual([]);
  await agent.set({ state: 'active' }).execute();
  await access.resume('practice-1', person);
  await access.resume('practice-1', person, 'integrator-1');
});

test('a server that is ahead of a store that was set back is told again, above its number', async () => {
  const { revision } = await atAgents.wanted('practice-1', 'agent-1');
  const held = { revision: revision + 5, everyone: true, integrators: [] };
  expect(await atAgents.confirmed('practice-1', 'agent-1', held)).toBe(true);
  expect((await atAgents.wanted('practice-1', 'agent-1')).revision).toBe(revision + 6);
  expect(await atAgents.behind(['agent-1'])).toEqual(['agent-1']);
});

test('beyond what a server is told one by one, all are paused', async () => {
  const { kysely } = practice.store;
  await sql`insert into access_pauses (practice_id, integrator_id, paused_by, paused_at)
    select 'practice-2', 'integrator-' || n, 'person-1', now()
    from generate_series(1, ${sql.lit(MAX_PAUSED + 1)}) as n`.execute(kysely);
  const { everyone, integrators } = await atAgents.wanted('practice-2', 'agent-2');
  expect([everyone, integrators.length]).toEqual([true, MAX_PAUSED]);
  await kysely.deleteFrom('access_pauses').where('practice_id', '=', 'practice-2').execute();
});

test('each change is recorded once, with whose it was', async () => {
  practice.audit.records.length = 0;
  await access.pause('practice-1', person, 'integrator-1');
  await access.pause('practice-1', person, 'integrator-1');
  await access.resume('practice-1', person, 'integrator-1');
  const by = { practice: 'practice-1', integrator: 'integrator-1', actorRef: 'person-1' };
  expect(practice.audit.records).toEqual([
    { type: 'access.paused', ...by },
    { type: 'access.resumed', ...by },
  ]);
});

test('a pause that cannot be recorded does not happen', async () => {
  practice.audit.refuses = true;
  await expect(access.pause('practice-1', person)).rejects.toThrow('planned');
  practice.audit.refuses = false;
  expect(states()).toEqual(['active', 'active']);
});
