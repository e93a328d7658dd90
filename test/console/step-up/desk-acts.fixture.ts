import { generateKeyPairSync, randomUUID } from 'node:crypto';
import {
  carryOut,
  type ConfirmedAct,
  type ConfirmedActs,
  type House,
} from '#test/console/step-up/confirmed-act.fixture.js';

const P = '/console/api/practices/:practiceId';
const I = '/console/api/integrators/:integratorId';

/** A file of no lines, which reads as an answer of nothing. */
const ofNoRecord = { format: 'ndjson', filter: { kind: 'records' } };

const sites = [{ name: 'Zz Main', pmsType: 'Sandbox', pmsSiteId: 'ZZ-77' }];

const someTime = { from: '2026-01-01T00:00:00.000Z', to: '2026-02-01T00:00:00.000Z' };

const ofPractices: ConfirmedActs = {
  [`POST ${P}/activity/export`]: async ({ practiceId, owner: person }) => {
    const action = { type: 'activity.export', practiceId, ...ofNoRecord };
    return { person, path: `/practices/${practiceId}/activity/export`, body: ofNoRecord, action };
  },
  [`POST ${P}/proofs/export`]: async ({ practiceId, owner: person }) => {
    const action = { type: 'proofs.export', practiceId, ...someTime };
    const path = `/practices/${practiceId}/proofs/export`;
    return { person, path, body: someTime, action };
  },
  [`POST ${P}/service/install-codes`]: async ({ practiceId, owner: person }) => {
    const action = { type: 'enrolment-code.create', practiceId, sites };
    const path = `/practices/${practiceId}/service/install-codes`;
    return { person, path, body: { sites }, action };
  },
};

const reason = 'Zz Solicitors ask us to keep it';

const onRetention: ConfirmedActs = {
  [`PUT ${P}/retention/periods`]: async ({ practiceId, owner: person }) => {
    const body = { kind: 'audit-record', days: 3_000 };
    const action = { type: 'retention.change', practiceId, ...body };
    return { person, path: `/practices/${practiceId}/retention/periods`, body, action };
  },
  [`POST ${P}/retention/holds`]: async ({ practiceId, owner: person }) => {
    const body = { kind: 'usage-count', reason };
    const action = { type: 'hold.place', practiceId, ...body };
    return { person, path: `/practices/${practiceId}/retention/holds`, body, action };
  },
  [`POST ${P}/retention/holds/:holdId/lift`]: async (house) => {
    const placed = (await onRetention[`POST ${P}/retention/holds`]?.(house)) as ConfirmedAct;
    const { holdId } = await carryOut<{ holdId: string }>('POST', placed);
    const action = { type: 'hold.lift', practiceId: house.practiceId, holdId };
    return { ...placed, path: `${placed.path}/${holdId}/lift`, body: {}, action };
  },
  [`POST ${P}/retention/people/:personId/erase`]: async ({ api, practiceId, owner: person }) => {
    const personId = await aLeaver(api, practiceId);
    const path = `/practices/${practiceId}/retention/people/${personId}/erase`;
    return {
      person,
      path,
      body: {},
      action: { type: 'name.erase', practiceId, subjectId: personId },
    };
  },
  'POST /console/api/operator/retention/holds': async ({ officer: person, integratorId }) => {
    const body = { integratorId, reason };
    const action = { type: 'hold.place', ...body };
    return { person, path: '/operator/retention/holds', body, action };
  },
  'POST /console/api/operator/retention/holds/:holdId/lift': async (house) => {
    const route = 'POST /console/api/operator/retention/holds';
    const placed = (await onRetention[route]?.(house)) as ConfirmedAct;
    const { holdId } = await carryOut<{ holdId: string }>('POST', placed);
    const action = { type: 'hold.lift', holdId };
    return { ...placed, path: `${placed.path}/${holdId}/lift`, body: {}, action };
  },
};

async function aLeaver({ database }: House['api'], practiceId: string): Promise<string> {
  const personId = randomUUID();
  const { kysely } = database;
  const person = { person_id: personId, name: 'Zz Leaver', email: null, updated_at: new Date() };
  await kysely.insertInto('people').values(person).execute();
  await kysely
    .insertInto('person_places')
    .values({ person_id: personId, practice_id: practiceId, integrator_id: null, erased_at: null })
    .execute();
  return personId;
}

const bounded = (name: string) => ({ name, siteIds: [], addressRanges: ['203.0.113.0/24'] });

function aNewKey({ integratorId, admin }: House, name: string): ConfirmedAct {
  const body = bounded(name);
  const action = { type: 'api-key.create', integratorId, ...body };
  return { person: admin, path: `/integrators/${integratorId}/keys`, body, action };
}

function aNewClient({ integratorId, admin }: House, name: string): ConfirmedAct {
  const key = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
  const { kty = '', crv = '', x = '' } = key;
  const body = { ...bounded(name), jwks: { keys: [{ kty, crv, x }] } };
  const action = { type: 'oauth-client.create', integratorId, ...body };
  return { person: admin, path: `/integrators/${integratorId}/oauth-clients`, body, action };
}

const ofIntegrators: ConfirmedActs = {
  [`POST ${I}/proofs/export`]: async ({ integratorId, admin: person }) => {
    const action = { type: 'proofs.export', integratorId, ...someTime };
    const path = `/integrators/${integratorId}/proofs/export`;
    return { person, path, body: someTime, action };
  },
  [`POST ${I}/activity/export`]: async ({ integratorId, admin: person }) => {
    const action = { type: 'activity.export', integratorId, ...ofNoRecord };
    return {
      person,
      path: `/integrators/${integratorId}/activity/export`,
      body: ofNoRecord,
      action,
    };
  },
  [`POST ${I}/keys`]: async (house) => aNewKey(house, 'made'),
  [`POST ${I}/keys/:keyId/rotate`]: async (house) => {
    const made = aNewKey(house, 'rotated');
    const { keyId } = await carryOut<{ keyId: string }>('POST', made);
    const body = { overlapHours: 0 };
    const { integratorId } = house;
    const action = { type: 'api-key.rotate', integratorId, keyId, ...body };
    return { ...made, path: `${made.path}/${keyId}/rotate`, body, action };
  },
  [`DELETE ${I}/keys/:keyId`]: async (house) => {
    const made = aNewKey(house, 'revoked');
    const { keyId } = await carryOut<{ keyId: string }>('POST', made);
    const action = { type: 'api-key.revoke', integratorId: house.integratorId, keyId };
    return { ...made, path: `${made.path}/${keyId}`, body: {}, action };
  },
  [`POST ${I}/oauth-clients`]: async (house) => aNewClient(house, 'client made'),
  [`DELETE ${I}/oauth-clients/:clientId`]: async (house) => {
    const made = aNewClient(house, 'client revoked');
    const { clientId } = await carryOut<{ clientId: string }>('POST', made);
    const action = { type: 'oauth-client.revoke', integratorId: house.integratorId, clientId };
    return { ...made, path: `${made.path}/${clientId}`, body: {}, action };
  },
};

const ofOperator: ConfirmedActs = {
  'POST /console/api/operator/activity/export': async ({ officer: person }) => {
    const action = { type: 'activity.export', ...ofNoRecord };
    return { person, path: '/operator/activity/export', body: ofNoRecord, action };
  },
};

export const deskActs: ConfirmedActs = {
  ...ofPractices,
  ...ofIntegrators,
  ...ofOperator,
  ...onRetention,
};
