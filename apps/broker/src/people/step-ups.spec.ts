import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { PeopleRoom } from '#apps/broker/src/people/people-room.fixture.js';
import type {
  Misbehaviour,
  SoftAuthenticator,
} from '#apps/broker/src/people/soft-authenticator.fixture.js';
import { actionChallenge, STEP_UP_MS } from '#apps/broker/src/people/step-ups.js';
import type { ActionText } from '#libs/console-api/session.js';

let room: PeopleRoom;
let person: SignedInPerson;
let authenticator: SoftAuthenticator;
beforeAll(async () => void (room = await PeopleRoom.open()));
beforeEach(async () => {
  const personId = await room.aPerson('practice-owner', { practiceId: 'practice-1' });
  authenticator = await room.aPasskey(personId);
  person = await room.signedIn(personId);
});
afterAll(() => room.close());

const action: ActionText = {
  type: 'api-key.create',
  integratorId: 'integrator-1',
  name: 'nightly',
};

async function confirmed(wrong: Misbehaviour = {}, asked = action) {
  const { stepUpId, options } = await room.stepUps.begin(person, asked);
  return { stepUpId, credential: authenticator.get(options, wrong) };
}

const refusal = (reason: string) => ({ code: 'STEP_UP_REFUSED', facts: { reason } });

describe('a step-up', () => {
  test('lets exactly the action through that was shown and signed', async () => {
    const begun = await room.stepUps.begin(person, action);
    expect(JSON.parse(begun.action)).toMatchObject({ ...action, personId: person.personId });
    expect(begun.options).toMatchObject({
      challenge: actionChallenge(begun.action),
      userVerification: 'required',
    });
    const { stepUpId } = begun;
    const stepUp = { stepUpId, credential: authenticator.get(begun.options) };
    expect(
      await room.stepUps.require(person, { ...action, gone: undefined } as never, stepUp),
    ).toBe(begun.action);
  });

  test('serves once', async () => {
    const stepUp = await confirmed();
    await room.stepUps.require(person, action, stepUp);
    await expect(room.stepUps.require(person, action, stepUp)).rejects.toMatchObject(
      refusal('expired'),
    );
  });

  test.each<[string, ActionText]>([
    ['another type', { ...action, type: 'api-key.revoke' }],
    ['another field', { ...action, name: 'daily' }],
    ['a field more', { ...action, siteId: 'site-1' }],
    ['a field less', { type: action.type, name: 'nightly' }],
  ])('does not serve for %s', async (_, expected) => {
    await expect(room.stepUps.require(person, expected, await confirmed())).rejects.toMatchObject(
      refusal('other-action'),
    );
  });

  test('does not let the caller say who acts or when', async () => {
    const { action: text } = await room.stepUps.begin(person, {
      ...action,
      personId: 'somebody else',
      at: '1999-01-01T00:00:00Z',
    });
    expect(JSON.parse(text)).toMatchObject({
      personId: person.personId,
      at: new Date(room.clock.now()).toISOString(),
    });
  });

  test('is over after five minutes', async () => {
    const stepUp = await confirmed();
    room.clock.advance(STEP_UP_MS);
    await expect(room.stepUps.require(person, action, stepUp)).rejects.toMatchObject(
      refusal('expired'),
    );
  });

  test.each<[string, Misbehaviour]>([
    ['from another page', { origin: 'https://console.example.org.evil.example' }],
    ['for another host', { rpId: 'evil.example' }],
    ['over another challenge', { challenge: actionChallenge('{}') }],
    ['without the person being verified', { unverified: true }],
    ['with a wrong signature', { forged: true }],
  ])('is refused %s', async (_, wrong) => {
    await expect(
      room.stepUps.require(person, action, await confirmed(wrong)),
    ).rejects.toMatchObject(refusal('passkey'));
  });

  test('is refused with somebody else’s passkey', async () => {
    const { stepUpId, options } = await room.stepUps.begin(person, action);
    const other = await room.aPasskey(await room.aPerson());
    const { allowCredentials: _, ...anyPasskey } = options;
    const stepUp = { stepUpId, credential: other.get(anyPasskey) };
    await expect(room.stepUps.require(person, action, stepUp)).rejects.toMatchObject(
      refusal('passkey'),
    );
  });

  test('belongs to the person and the session that began it', async () => {
    const stepUp = await confirmed();
    const elsewhere = await room.signedIn(person.personId);
    const somebody = await room.signedIn(await room.aPerson());
    for (const other of [elsewhere, somebody]) {
      await expect(room.stepUps.require(other, action, stepUp)).rejects.toMatchObject(
        refusal('expired'),
      );
    }
  });

  test('that is missing or refused is in the audit trail', async () => {
    await expect(room.stepUps.require(person, action, undefined)).rejects.toMatchObject(
      refusal('missing'),
    );
    expect(room.audit.records.at(-1)).toEqual({
      type: 'step-up.refused',
      actorRef: person.personId,
      errorCode: 'STEP_UP_REFUSED',
      reason: 'missing',
    });
  });

  test('cannot be begun by somebody without a passkey', async () => {
    const other = await room.signedIn(await room.aPerson());
    await expect(room.stepUps.begin(other, action)).rejects.toMatchObject(refusal('no-passkey'));
  });
});
