/** Invitations, sessions and passkeys over HTTP, as a browser meets them. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { CreatedInvitation, Passkey, People, Session } from '#libs/console-api/session.js';
import { PretendApi } from '#test/contract/api.fixture.js';
import { aConsolePerson, aLink, ConsolePerson } from '#test/console/console-person.fixture.js';

let api: PretendApi;
let practiceId: string;
beforeAll(async () => {
  api = await PretendApi.start({ CONDUIT_STRANGER_RATE_BURST: '10000' });
  ({ practiceId = '' } = await api.operator('/operator/practices', { name: 'Zz Practice' }));
});
afterAll(() => api.stop());

const anOwner = () => aConsolePerson(api, { role: 'practice-owner', practiceId });
const refused = (code: string) => expect.objectContaining({ code });

describe('an invitation', () => {
  test('is a link whose code stands where no server sees it', async () => {
    const link = new URL(await aLink(api, { role: 'practice-owner', practiceId }));
    expect(link.pathname + link.search).toBe('/console/invitation');
    expect(link.hash).toMatch(/^#[\w-]{59}$/);
  });

  test('makes a person with a passkey and a session', async () => {
    const person = new ConsolePerson(api);
    const session = await person.accept(await aLink(api, { role: 'practice-owner', practiceId }));
    expect(session).toMatchObject({
      person: { name: 'Zz Alex Example' },
      roles: [{ role: 'practice-owner', practiceId, practiceName: 'Zz Practice' }],
      signedInWith: 'passkey',
    });
    expect(await person.json('GET', '/session')).toEqual(session);
  });

  test('serves once, also when two answer at once', async () => {
    const link = await aLink(api, { role: 'practice-owner', practiceId });
    const both = await Promise.allSettled([
      new ConsolePerson(api).accept(link),
      new ConsolePerson(api).accept(link),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    await expect(new ConsolePerson(api).accept(link)).rejects.toEqual(refused('INVITATION_USED'));
  });

  test('is burnt by five wrong codes, and tells the wrong nothing', async () => {
    const link = await aLink(api, { role: 'practice-owner', practiceId });
    const wrong = link.slice(0, -4) + (link.endsWith('AAAA') ? 'BBBB' : 'AAAA');
    for (let n = 0; n < 5; n++) {
      await expect(new ConsolePerson(api).accept(wrong)).rejects.toEqual(
        refused('INVITATION_INVALID'),
      );
    }
    await expect(new ConsolePerson(api).accept(link)).rejects.toEqual(
      refused('INVITATION_INVALID'),
    );
    await expect(new ConsolePerson(api).accept('#')).rejects.toEqual(refused('INVITATION_INVALID'));
  });

  test('that has expired says so to whoever holds it', async () => {
    const link = await aLink(api, { role: 'practice-owner', practiceId });
    const invitationId = (link.split('#')[1] ?? '').slice(0, 16);
    await api.database.kysely
      .updateTable('invitations')
      .set({ expires_at: new Date(0) })
      .where('invitation_id', '=', invitationId)
      .execute();
    await expect(new ConsolePerson(api).accept(link)).rejects.toEqual(
      refused('INVITATION_EXPIRED'),
    );
  });

  test('gives somebody who is signed in one role more, and a session of its own', async () => {
    const person = await anOwner();
    const before = person.token;
    const code = (await aLink(api, { role: 'operator-support' })).split('#')[1];
    const session = await person.json<Session>('POST', '/invitations/accept', { code });
    expect(session.roles.map(({ role }) => role)).toEqual(['practice-owner', 'operator-support']);
    expect(person.token).not.toBe(before);
    const lifeMs = Date.parse(session.endsAt) - Date.parse(session.startedAt);
    expect(lifeMs).toBe(8 * 3_600_000);
  });

  test('does not serve without passkey and session', async () => {
    const code = (await aLink(api, { role: 'operator-support' })).split('#')[1];
    await expect(
      new ConsolePerson(api).json('POST', '/invitations/accept', { code }),
    ).rejects.toEqual(refused('SESSION_MISSING'));
  });

  test.each(['Zz O’Brien-Łukasiewicz', 'Zz مريم', 'Zz 🩺 李', "Zz '); drop table people; --"])(
    'takes the name %s as it is written',
    async (name) => {
      const link = await aLink(api, { role: 'practice-owner', practiceId });
      const session = await new ConsolePerson(api).accept(link, name);
      expect(session.person.name).toBe(name);
    },
  );

  test.each(['', ' ', 'Zz\u0000', 'Zz\nAlex', 'z'.repeat(101)])(
    'does not take the name %j',
    async (name) => {
      const link = await aLink(api, { role: 'practice-owner', practiceId });
      await expect(new ConsolePerson(api).accept(link, name)).rejects.toEqual(
        refused('REQUEST_INVALID'),
      );
      await expect(new ConsolePerson(api).accept(link)).resolves.toBeDefined();
    },
  );
});

describe('signing in', () => {
  test('takes a passkey, and nobody says who they are', async () => {
    const person = await anOwner();
    const { person: self } = await person.json<Session>('GET', '/session');
    await person.json('DELETE', '/session');
    expect((await person.signIn()).person).toEqual(self);
  });

  test('out makes the cookie worthless, whoever has a copy', async () => {
    const person = await anOwner();
    const thief = new ConsolePerson(api);
    thief.token = person.token;
    expect((await thief.call('GET', '/session')).status).toBe(200);
    expect((await person.call('DELETE', '/session')).status).toBe(204);
    expect(person.token).toBeUndefined();
    await expect(thief.json('GET', '/session')).rejects.toEqual(refused('SESSION_MISSING'));
  });

  test('ends the session that the browser had', async () => {
    const person = await anOwner();
    const copy = new ConsolePerson(api);
    copy.token = person.token;
    await person.signIn();
    await expect(copy.json('GET', '/session')).rejects.toEqual(refused('SESSION_MISSING'));
  });

  test.each([
    ['made for another page', { origin: 'https://evil.example' }],
    ['for another host', { rpId: 'evil.example' }],
    ['in a frame of another page', { crossOrigin: true }],
    ['without the person being verified', { unverified: true }],
    ['over another challenge', { challenge: 'AAAA' }],
    ['with a wrong signature', { forged: true }],
    ['of somebody else', { userHandle: 'AAAA' }],
  ])('is refused with an assertion %s', async (_, wrong) => {
    const person = await anOwner();
    person.token = undefined;
    await expect(person.signIn(wrong)).rejects.toEqual(refused('PASSKEY_REFUSED'));
    expect(person.token).toBeUndefined();
  });

  test('is refused when the counter went back: the key was copied', async () => {
    const person = await anOwner();
    await person.signIn({ counter: 7 });
    await expect(person.signIn({ counter: 7 })).rejects.toEqual(refused('PASSKEY_REFUSED'));
    await expect(person.signIn({ counter: 0 })).rejects.toEqual(refused('PASSKEY_REFUSED'));
    await expect(person.signIn({ counter: 8 })).resolves.toBeDefined();
  });

  test('takes each answer once', async () => {
    const person = await anOwner();
    const begun = await person.json<{ ceremonyId: string; options: never }>(
      'POST',
      '/sign-in/options',
      {},
    );
    const credential = person.authenticator.get(begun.options);
    const answer = { ceremonyId: begun.ceremonyId, credential };
    await person.json('POST', '/sign-in', answer);
    await expect(new ConsolePerson(api).json('POST', '/sign-in', answer)).rejects.toEqual(
      refused('CEREMONY_EXPIRED'),
    );
  });
});

describe('a request that changes something', () => {
  test.each([undefined, 'null', 'https://evil.example', 'http://localhost', 'https://localhost'])(
    'is refused with the Origin %s, signed in or not',
    async (origin) => {
      const person = await anOwner();
      for (const path of ['/step-up', '/sign-in/options', '/invitations/open']) {
        const response = await api.call('POST', `/console/api${path}`, {
          headers: {
            accept: 'application/problem+json',
            cookie: `__Host-conduit=${person.token}`,
            ...(origin !== undefined && { origin }),
          },
          body: {},
        });
        expect(await response.json()).toEqual(refused('ORIGIN_FORBIDDEN'));
      }
    },
  );

  test('is refused as a form, which any page could send', async () => {
    const person = await anOwner();
    const response = await person.call('POST', '/step-up', {}, { 'content-type': 'text/plain' });
    expect(response.status).toBe(415);
  });
});

test('the cookie goes to this host alone, over TLS, unseen by scripts and other sites', async () => {
  const person = await anOwner();
  person.token = undefined;
  const begun = await person.json<{ ceremonyId: string; options: never }>(
    'POST',
    '/sign-in/options',
    {},
  );
  const credential = person.authenticator.get(begun.options);
  const answer = { ceremonyId: begun.ceremonyId, credential };
  const response = await person.call('POST', '/sign-in', answer);
  expect(response.headers.get('set-cookie')).toMatch(
    /^__Host-conduit=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
  );
});

describe('a person’s passkeys', () => {
  async function add(person: ConsolePerson, name: string): Promise<Passkey> {
    const begun = await person.json<{ ceremonyId: string; options: never }>(
      'POST',
      '/passkeys/options',
      {},
    );
    const stepUp = await person.stepUp({ type: 'passkey.add', name });
    const credential = person.authenticator.create(begun.options);
    return person.json('POST', '/passkeys', {
      ceremonyId: begun.ceremonyId,
      name,
      credential,
      stepUp,
    });
  }

  test('are added and removed with a word of one that is there, and one stays', async () => {
    const person = await anOwner();
    const [first] = await person.json<Passkey[]>('GET', '/passkeys');
    const before = person.token;
    const added = await add(person, 'Zz phone');
    // Each confirmed act changes the session's token: a copy of the old one dies.
    expect(person.token).not.toBe(before);
    expect(added).toMatchObject({ name: 'Zz phone', isSynced: true, origin: person.origin });
    const remove = async (passkeyId: string) => {
      const stepUp = await person.stepUp({ type: 'passkey.remove', passkeyId });
      return person.json('DELETE', `/passkeys/${passkeyId}`, { stepUp });
    };
    await remove(first?.passkeyId ?? '');
    await expect(remove(first?.passkeyId ?? '')).rejects.toEqual(
      refused('CONSOLE_ENTRY_NOT_FOUND'),
    );
    await expect(remove(added.passkeyId)).rejects.toEqual(refused('PASSKEY_LAST'));
    await expect(person.signIn()).resolves.toBeDefined();
  });

  test('of others are neither seen nor removed', async () => {
    const [mine, other] = [await anOwner(), await anOwner()];
    await add(mine, 'Zz phone');
    const [theirs] = await other.json<Passkey[]>('GET', '/passkeys');
    const passkeyId = theirs?.passkeyId ?? '';
    const stepUp = await mine.stepUp({ type: 'passkey.remove', passkeyId });
    await expect(mine.json('DELETE', `/passkeys/${passkeyId}`, { stepUp })).rejects.toEqual(
      refused('CONSOLE_ENTRY_NOT_FOUND'),
    );
  });

  test('are not added by a session alone, as a thief would have it', async () => {
    const person = await anOwner();
    const begun = await person.json<{ ceremonyId: string; options: never }>(
      'POST',
      '/passkeys/options',
      {},
    );
    const credential = person.authenticator.create(begun.options);
    const { stepUpId } = await person.stepUp({ type: 'passkey.add', name: 'Zz phone' });
    const assertion = person.authenticator.get({ challenge: 'AAAA' });
    const order = { ceremonyId: begun.ceremonyId, name: 'Zz phone', credential };
    await expect(person.json('POST', '/passkeys', order)).rejects.toEqual(
      refused('REQUEST_INVALID'),
    );
    const stepUp = { stepUpId, credential: assertion };
    await expect(person.json('POST', '/passkeys', { ...order, stepUp })).rejects.toEqual(
      refused('STEP_UP_REFUSED'),
    );
  });
});

describe('the people of a practice', () => {
  const places = () => `/practices/${practiceId}`;

  async function invite(owner: ConsolePerson, order: Record<string, string>) {
    const stepUp = await owner.stepUp({ type: 'invitation.create', practiceId, ...order });
    return owner.json<CreatedInvitation>('POST', `${places()}/invitations`, { ...order, stepUp });
  }

  test('are invited and let go by the owner, and a role ends at once', async () => {
    const owner = await anOwner();
    const { link = '' } = await invite(owner, { role: 'practice-manager' });
    const manager = new ConsolePerson(api);
    await manager.accept(link, 'Zz Sam Manager');
    const { holders } = await manager.json<People>('GET', `${places()}/people`);
    const holder = holders.find(({ name }) => name === 'Zz Sam Manager');
    expect(holder).toMatchObject({ role: 'practice-manager' });
    const held = { holderId: holder?.personId ?? '', role: 'practice-manager' };
    const stepUp = await owner.stepUp({ type: 'role.end', practiceId, ...held });
    const path = `${places()}/people/${held.holderId}/roles/${held.role}`;
    await owner.json('DELETE', path, { stepUp });
    await expect(manager.json('GET', `${places()}/people`)).rejects.toEqual(
      refused('CONSOLE_ENTRY_NOT_FOUND'),
    );
  });

  test('are not invited with a word for something else', async () => {
    const owner = await anOwner();
    const stepUp = await owner.stepUp({
      type: 'invitation.create',
      practiceId,
      role: 'practice-auditor',
    });
    const order = { role: 'practice-manager', stepUp };
    await expect(owner.json('POST', `${places()}/invitations`, order)).rejects.toEqual(
      refused('STEP_UP_REFUSED'),
    );
  });

  test('an invitation can be withdrawn until it is accepted', async () => {
    const owner = await anOwner();
    const { invitationId, link = '' } = await invite(owner, { role: 'practice-auditor' });
    await owner.json('DELETE', `${places()}/invitations/${invitationId}`);
    await expect(new ConsolePerson(api).accept(link)).rejects.toEqual(
      refused('INVITATION_INVALID'),
    );
  });

  test('a technician comes for a time, and nobody else does', async () => {
    const owner = await anOwner();
    const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();
    await expect(invite(owner, { role: 'msp-technician' })).rejects.toEqual(
      refused('REQUEST_INVALID'),
    );
    for (const order of [
      { role: 'msp-technician', expiresAt: inDays(91) },
      { role: 'msp-technician', expiresAt: inDays(-1) },
      { role: 'practice-manager', expiresAt: inDays(1) },
    ]) {
      await expect(invite(owner, order)).rejects.toEqual(refused('REQUEST_INVALID'));
    }
    const expiresAt = inDays(30);
    const { link = '' } = await invite(owner, { role: 'msp-technician', expiresAt });
    const session = await new ConsolePerson(api).accept(link);
    expect(session.roles).toMatchObject([{ role: 'msp-technician', expiresAt }]);
  });

  test('a role of the operator or of an integrator is not the owner’s to give', async () => {
    const owner = await anOwner();
    for (const role of ['operator-security', 'integrator-admin']) {
      await expect(invite(owner, { role })).rejects.toEqual(refused('REQUEST_INVALID'));
    }
  });
});

test('there are fifty open invitations at most, and the operator’s oldest makes room for its newest', async () => {
  const made = await api.operator('/operator/practices', { name: 'Zz Popular Practice' });
  const to = { role: 'practice-owner', practiceId: made['practiceId'] ?? '' } as const;
  const [first = '', second = ''] = [await aLink(api, to), await aLink(api, to)];
  for (let n = 2; n < 51; n++) await aLink(api, to);
  await expect(new ConsolePerson(api).accept(first)).rejects.toEqual(refused('INVITATION_INVALID'));
  const owner = new ConsolePerson(api);
  await owner.accept(second);
  await aLink(api, to);
  const order = { role: 'practice-manager' };
  const { practiceId: place } = to;
  const stepUp = await owner.stepUp({ type: 'invitation.create', practiceId: place, ...order });
  await expect(
    owner.json('POST', `/practices/${place}/invitations`, { ...order, stepUp }),
  ).rejects.toEqual(refused('INVITATION_LIMIT'));
});

test('the last owner cannot be let go', async () => {
  const made = await api.operator('/operator/practices', { name: 'Zz Small Practice' });
  const place = { practiceId: made['practiceId'] ?? '' };
  const owner = await aConsolePerson(api, { role: 'practice-owner', ...place });
  const { person } = await owner.json<Session>('GET', '/session');
  const held = { holderId: person.personId, role: 'practice-owner' };
  const stepUp = await owner.stepUp({ type: 'role.end', ...place, ...held });
  const path = `/practices/${place.practiceId}/people/${held.holderId}/roles/${held.role}`;
  await expect(owner.json('DELETE', path, { stepUp })).rejects.toEqual(refused('ROLE_LAST'));
});

test('the operator’s security officer invites the first owner of a practice, and no second', async () => {
  const officer = await aConsolePerson(api, { role: 'operator-security' });
  const made = await api.operator('/operator/practices', { name: 'Zz New Practice' });
  const place = { practiceId: made['practiceId'] ?? '' };
  const invite = async (role: string) => {
    const stepUp = await officer.stepUp({ type: 'invitation.create', ...place, role });
    const path = `/operator/practices/${place.practiceId}/first-owner`;
    return officer.json<CreatedInvitation>('POST', path, { role, stepUp });
  };
  await expect(invite('practice-manager')).rejects.toEqual(refused('ROLE_FORBIDDEN'));
  const { link = '' } = await invite('practice-owner');
  await new ConsolePerson(api).accept(link);
  await expect(invite('practice-owner')).rejects.toEqual(refused('ROLE_FORBIDDEN'));
});

test('no record, log or table but their own has a name, an address or a secret', async () => {
  const person = new ConsolePerson(api);
  const link = await aLink(api, { role: 'practice-owner', practiceId });
  await person.accept(link, 'Zz Unmistakable Name');
  const rows = await api.database.kysely.selectFrom('audit_records').selectAll().execute();
  const everything = JSON.stringify([rows, api.log.lines]);
  expect(everything).not.toContain('Unmistakable');
  expect(everything).not.toContain((link.split('#')[1] ?? '').slice(16));
  expect(everything).toContain('person.admitted');
});
