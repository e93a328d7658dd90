import type { AddPasskeyOptions, Passkey } from '#libs/console-api/session.js';
import { aConsolePerson, type ConsolePerson } from '#test/console/console-person.fixture.js';
import {
  carryOut,
  idOf,
  type ConfirmedAct,
  type ConfirmedActs,
  type House,
} from '#test/console/step-up/confirmed-act.fixture.js';

const P = '/console/api/practices/:practiceId';
const I = '/console/api/integrators/:integratorId';
const O = '/console/api/operator';

const somebody = ({ api }: House) => aConsolePerson(api, { role: 'operator-support' });

async function aFurtherPasskey(person: ConsolePerson): Promise<ConfirmedAct> {
  const begun = await person.json<AddPasskeyOptions>('POST', '/passkeys/options');
  const { ceremonyId, options } = begun;
  const name = 'Zz second';
  const body = { ceremonyId, name, credential: person.authenticator.create(options) };
  return { person, path: '/passkeys', body, action: { type: 'passkey.add', name } };
}

const ofAccounts: ConfirmedActs = {
  'POST /console/api/passkeys': async (house) => aFurtherPasskey(await somebody(house)),
  'DELETE /console/api/passkeys/:passkeyId': async (house) => {
    const person = await somebody(house);
    const { passkeyId } = await carryOut<Passkey>('POST', await aFurtherPasskey(person));
    const action = { type: 'passkey.remove', passkeyId };
    return { person, path: `/passkeys/${passkeyId}`, body: {}, action };
  },
  'POST /console/api/oidc/link': async (house) => {
    const action = { type: 'identity.link' };
    return { person: await somebody(house), path: '/oidc/link', body: {}, action };
  },
  'DELETE /console/api/oidc/link': async (house) => {
    const person = await somebody(house);
    const personId = await idOf(person);
    await house.api.database.kysely
      .insertInto('oidc_identities')
      .values({ issuer: 'zz', subject: personId, person_id: personId, last_used_at: null })
      .execute();
    return { person, path: '/oidc/link', body: {}, action: { type: 'identity.unlink' } };
  },
};

type PlaceRole = 'practice-owner' | 'integrator-admin';

function anInvitation(person: ConsolePerson, path: string, role: string, place = {}): ConfirmedAct {
  const body = { role, email: 'zz.alex@example.com' };
  return { person, path, body, action: { type: 'invitation.create', ...place, ...body } };
}

async function aRoleToEnd(
  { api }: House,
  person: ConsolePerson,
  at: string,
  held: { role: PlaceRole | 'operator-security'; practiceId?: string; integratorId?: string },
): Promise<ConfirmedAct> {
  const holderId = await idOf(await aConsolePerson(api, held));
  const path = `${at}/people/${holderId}/roles/${held.role}`;
  return { person, path, body: {}, action: { type: 'role.end', holderId, ...held } };
}

async function aFirst(
  { api, officer }: House,
  what: 'practices' | 'integrators',
  last: string,
  role: PlaceRole,
): Promise<ConfirmedAct> {
  const place = await api.operator(`/operator/${what}`, { name: 'Zz New' });
  const [placeId] = Object.values(place);
  return anInvitation(officer, `/operator/${what}/${placeId}/${last}`, role, place);
}

const ofPlaces: ConfirmedActs = {
  [`POST ${P}/invitations`]: async ({ owner, practiceId }) =>
    anInvitation(owner, `/practices/${practiceId}/invitations`, 'practice-auditor', { practiceId }),
  [`POST ${I}/invitations`]: async ({ admin, integratorId }) =>
    anInvitation(admin, `/integrators/${integratorId}/invitations`, 'integrator-developer', {
      integratorId,
    }),
  [`POST ${O}/invitations`]: async ({ officer }) =>
    anInvitation(officer, '/operator/invitations', 'operator-support'),
  [`POST ${O}/practices/:practiceId/first-owner`]: (house) =>
    aFirst(house, 'practices', 'first-owner', 'practice-owner'),
  [`POST ${O}/integrators/:integratorId/first-admin`]: (house) =>
    aFirst(house, 'integrators', 'first-admin', 'integrator-admin'),
  [`DELETE ${P}/people/:holderId/roles/:role`]: (house) => {
    const { owner, practiceId } = house;
    const held = { role: 'practice-owner', practiceId } as const;
    return aRoleToEnd(house, owner, `/practices/${practiceId}`, held);
  },
  [`DELETE ${I}/people/:holderId/roles/:role`]: (house) => {
    const { admin, integratorId } = house;
    const held = { role: 'integrator-admin', integratorId } as const;
    return aRoleToEnd(house, admin, `/integrators/${integratorId}`, held);
  },
  [`DELETE ${O}/people/:holderId/roles/:role`]: (house) =>
    aRoleToEnd(house, house.officer, '/operator', { role: 'operator-security' }),
};

export const peopleActs: ConfirmedActs = { ...ofAccounts, ...ofPlaces };
