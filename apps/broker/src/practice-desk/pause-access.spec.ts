import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { BrokerPractice } from '#apps/broker/src/grants/broker-practice.fixture.js';
import { LivePauses } from '#apps/broker/src/grants/live-pauses.js';
import { PausableGrantBook } from '#apps/broker/src/grants/pausable-grant-book.js';
import { PauseAccess } from '#apps/broker/src/practice-desk/pause-access.js';
import { aGrant } from '#libs/grants/grant.fixture.js';

const person = {
  personId: 'person-1',
  name: 'Zz Mia Manager',
  roles: [],
} as unknown as SignedInPerson;

let practice: BrokerPractice;
let pauses: LivePauses;
let book: PausableGrantBook;
let access: PauseAccess;

beforeAll(async () => {
  practice = await BrokerPractice.open();
  const { store, broadcast, log, audit, clock, agents } = practice;
  pauses = new LivePauses(store.kysely, broadcast, log);
  await pauses.onModuleInit();
  book = new PausableGrantBook(practice.book, pauses);
  access = new PauseAccess(store.kysely, audit, broadcast, clock);
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
    pauses.whenPaused(practiceId, integratorId, () => told.push(`${practiceId} ${integratorId}`));
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
