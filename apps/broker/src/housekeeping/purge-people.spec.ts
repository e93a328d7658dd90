import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { peopleKept, PurgePeople } from '#apps/broker/src/housekeeping/purge-people.js';
import { PeopleRoom } from '#apps/broker/src/people/people-room.fixture.js';

let room: PeopleRoom;
let purge: PurgePeople;
beforeAll(async () => {
  room = await PeopleRoom.open();
  purge = new PurgePeople(room.store.kysely, room.clock);
});
afterAll(() => room.close());

const HOUR_MS = 3_600_000;

const peopleLeft = async (): Promise<string[]> => {
  const rows = await room.store.kysely.selectFrom('people').select('person_id').execute();
  return rows.map((row) => row.person_id).sort();
};

test('people are forgotten ninety days after their last role ended, with all that was theirs', async () => {
  const owner = await room.aPerson('practice-owner', { practiceId: 'practice-1' });
  const expiresAt = new Date(room.clock.now() + HOUR_MS);
  const technician = await room.aPerson('msp-technician', { practiceId: 'practice-1', expiresAt });
  await room.aPasskey(technician);
  await room.signIn(technician);
  room.clock.advance(2 * HOUR_MS);
  await Promise.all([purge.execute(), purge.execute()]);
  expect(await peopleLeft()).toEqual([owner, technician].sort());
  room.clock.advance(peopleKept.withoutRoleMs);
  await purge.execute();
  expect(await peopleLeft()).toEqual([owner, technician].sort());
  room.clock.advance(1);
  await purge.execute();
  expect(await peopleLeft()).toEqual([owner]);
  const passkeys = await room.store.kysely.selectFrom('passkeys').selectAll().execute();
  expect(passkeys).toEqual([]);
});

test('sessions and challenges go when they are over, not sooner', async () => {
  const owner = await room.aPerson('practice-owner', { practiceId: 'practice-1' });
  await room.aPasskey(owner);
  const token = await room.signIn(owner);
  const person = await room.sessions.find(token);
  if (!person) throw new Error('not signed in');
  await room.stepUps.begin(person, { type: 'thing.do' });
  await room.ceremonies.begin({ kind: 'sign-in' });
  const counts = async () => {
    const found = [];
    for (const table of ['sessions', 'step_ups', 'ceremonies'] as const) {
      const rows = await room.store.kysely.selectFrom(table).selectAll().execute();
      found.push(rows.length);
    }
    return found;
  };
  await purge.execute();
  // The passkey’s challenge is one of them.
  expect(await counts()).toEqual([1, 1, 2]);
  room.clock.advance(6 * 60_000);
  await purge.execute();
  expect(await counts()).toEqual([1, 0, 0]);
  room.clock.advance(HOUR_MS);
  await purge.execute();
  expect(await counts()).toEqual([0, 0, 0]);
});
