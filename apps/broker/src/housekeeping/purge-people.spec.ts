import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { PurgePeople } from '#apps/broker/src/housekeeping/purge-people.js';
import { PeopleRoom } from '#apps/broker/src/people/people-room.fixture.js';

let room: PeopleRoom;
let purge: PurgePeople;
beforeAll(async () => {
  room = await PeopleRoom.open();
  purge = new PurgePeople(room.store.kysely, room.clock);
});
afterAll(() => room.close());

const HOUR_MS = 3_600_000;

test('the role of a technician ends with its time; the name stays for the retention schedule', async () => {
  const expiresAt = new Date(room.clock.now() + HOUR_MS);
  const technician = await room.aPerson('msp-technician', { practiceId: 'practice-1', expiresAt });
  const left = async () => {
    const { kysely } = room.store;
    const roles = await kysely.selectFrom('person_roles').selectAll().execute();
    const people = await kysely.selectFrom('people').select('updated_at').execute();
    return { roles: roles.length, since: people.map((row) => row.updated_at.getTime()) };
  };
  await purge.execute();
  expect(await left()).toMatchObject({ roles: 1 });
  room.clock.advance(2 * HOUR_MS);
  await Promise.all([purge.execute(), purge.execute()]);
  expect(await left()).toEqual({ roles: 0, since: [room.clock.now()] });
  await room.store.kysely.deleteFrom('people').where('person_id', '=', technician).execute();
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
