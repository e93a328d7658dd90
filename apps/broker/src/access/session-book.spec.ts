import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { sessionLimits } from '#apps/broker/src/access/session-book.js';
import { PeopleRoom } from '#apps/broker/src/people/people-room.fixture.js';
import { Secret } from '#libs/kernel/secret.js';

let room: PeopleRoom;
let personId: string;
beforeAll(async () => void (room = await PeopleRoom.open()));
beforeEach(async () => {
  personId = await room.aPerson('practice-owner', { practiceId: 'practice-1' });
});
afterAll(() => room.close());

const MINUTE_MS = 60_000;
const { usual, operator, overlapMs } = sessionLimits;

async function staysFor(stepMs: number): Promise<number> {
  const token = await room.signIn(personId);
  let passedMs = 0;
  while (await room.sessions.find(token)) {
    room.clock.advance(stepMs);
    passedMs += stepMs;
  }
  return passedMs;
}

describe('a session', () => {
  test('names the person and the roles that hold, with their places', async () => {
    const token = await room.signIn(personId);
    const found = await room.sessions.find(token);
    expect(found).toMatchObject({ personId, name: 'Zz Alex Example' });
    expect(found?.roles).toEqual([
      { role: 'practice-owner', practiceId: 'practice-1', practiceName: 'Zz Practice 1' },
    ]);
  });

  test('ends after half an hour without a request', async () => {
    expect(await staysFor(usual.idleMs)).toBe(usual.idleMs);
    expect(await staysFor(usual.idleMs - 1)).toBeGreaterThan(usual.idleMs);
  });

  test('ends after twelve hours however busy it is', async () => {
    expect(await staysFor(10 * MINUTE_MS)).toBe(usual.lifeMs);
  });

  test('of an operator ends sooner', async () => {
    await room.give(personId, 'operator-support');
    expect(await staysFor(operator.idleMs)).toBe(operator.idleMs);
    expect(await staysFor(5 * MINUTE_MS)).toBe(operator.lifeMs);
  });

  test('is worth nothing once it was signed out', async () => {
    const token = await room.signIn(personId);
    const found = await room.sessions.find(token);
    await room.store.kysely
      .transaction()
      .execute((within) => room.sessions.end(within, found?.session.sessionId ?? ''));
    expect(await room.sessions.find(token)).toBeUndefined();
  });

  test('loses a role as soon as it is taken away or over', async () => {
    const untilMs = room.clock.now() + MINUTE_MS;
    const place = { practiceId: 'practice-2', expiresAt: new Date(untilMs) };
    await room.give(personId, 'msp-technician', place);
    const token = await room.signIn(personId);
    const roles = async () => (await room.sessions.find(token))?.roles.map(({ role }) => role);
    expect(await roles()).toEqual(['practice-owner', 'msp-technician']);
    room.clock.advance(MINUTE_MS);
    expect(await roles()).toEqual(['practice-owner']);
    await room.store.kysely.deleteFrom('person_roles').where('person_id', '=', personId).execute();
    expect(await roles()).toEqual([]);
  });

  test('with a new token leaves the old one ten seconds, and not longer', async () => {
    const old = await room.signIn(personId);
    const found = await room.sessions.find(old);
    const token = await room.sessions.changeToken(found?.session.sessionId ?? '');
    expect(await room.sessions.find(old)).toBeDefined();
    room.clock.advance(overlapMs);
    expect(await room.sessions.find(old)).toBeUndefined();
    expect(await room.sessions.find(token)).toBeDefined();
  });
});

test('the store has nothing that signs in', async () => {
  const token = await room.signIn(personId);
  const rows = await room.store.kysely.selectFrom('sessions').selectAll().execute();
  expect(JSON.stringify(rows)).not.toContain(token.reveal());
  const hash = rows.at(-1)?.token_hash.toString('base64url') ?? '';
  expect(await room.sessions.find(new Secret(hash))).toBeUndefined();
});
