import type { FreezePreview, Incident, OpenedIncident } from '#libs/console-api/incidents.js';
import { aFleetAgent } from '#test/console/fleet.fixture.js';
import {
  carryOut,
  type ConfirmedAct,
  type ConfirmedActs,
  type House,
} from '#test/console/step-up/confirmed-act.fixture.js';
import { aSite } from '#test/contract/paired-site.fixture.js';

/** Of the operator, or of the house's practice. */
type Of = 'operator' | 'practice';

const personOf = ({ officer, owner }: House, of: Of) => (of === 'operator' ? officer : owner);
const pathOf = ({ practiceId }: House, of: Of) =>
  of === 'operator' ? '/operator/incidents' : `/practices/${practiceId}/incidents`;

/** Each about something of its own: two of one scope would be one. */
async function toOpen(house: House, of: Of): Promise<ConfirmedAct> {
  const { api, practiceId } = house;
  const isOperators = of === 'operator';
  const nowMs = Date.now();
  const body = {
    ...{ title: 'Zz incident', noticed: 'alert', myHealthRecord: 'no' },
    awareAt: new Date(nowMs - 60_000).toISOString(),
    scope: {
      ...{ practices: [], integrators: [], keys: [] },
      sites: isOperators ? [] : [await aSite(api, practiceId)],
      agents: isOperators ? [await aFleetAgent(api, { state: 'online' })] : [],
      from: new Date(nowMs - 3_600_000).toISOString(),
      to: new Date(nowMs).toISOString(),
    },
  };
  const action = { type: 'incident.open', ...body, ...(!isOperators && { practiceId }) };
  return { person: personOf(house, of), path: pathOf(house, of), body, action };
}

/** @returns its id and its path */
async function opened(house: House, of: Of): Promise<{ incidentId: string; at: string }> {
  const { incidentId } = await carryOut<OpenedIncident>('POST', await toOpen(house, of));
  return { incidentId, at: `${pathOf(house, of)}/${incidentId}` };
}

async function toFreeze(house: House, of: Of): Promise<ConfirmedAct & { at: string }> {
  const { incidentId, at } = await opened(house, of);
  const target = { kind: 'site', targetId: await aSite(house.api, house.practiceId) };
  const person = personOf(house, of);
  const { reach } = await person.json<FreezePreview>(
    'GET',
    `${at}/freeze-preview?kind=site&targetId=${target.targetId}`,
  );
  const action = { type: 'incident.freeze', incidentId, ...target, reach };
  return { person, path: `${at}/freezes`, body: target, action, at };
}

async function toThaw(house: House, of: Of): Promise<ConfirmedAct> {
  const freeze = await toFreeze(house, of);
  const { freezeId } = await carryOut<{ freezeId: string }>('POST', freeze);
  const incidentId = freeze.action['incidentId'] as string;
  const action = { type: 'incident.thaw', incidentId, freezeId };
  return { person: freeze.person, path: `${freeze.path}/${freezeId}/thaw`, body: {}, action };
}

async function toDecide(
  house: House,
  of: Of,
  outcome: 'eligible' | 'not-eligible',
): Promise<ConfirmedAct & { at: string; incidentId: string }> {
  const { incidentId, at } = await opened(house, of);
  const grounds = [outcome === 'eligible' ? 'loss' : 'serious-harm-not-likely'];
  const body = { outcome, grounds, weighed: ['sensitivity'], reasons: 'Zz reasons' };
  const action = { type: 'incident.decide', incidentId, ...body };
  return { person: personOf(house, of), path: `${at}/decisions`, body, action, at, incidentId };
}

async function toEnd(house: House, of: Of, how: 'notified' | 'close'): Promise<ConfirmedAct> {
  const outcome = how === 'close' ? 'not-eligible' : 'eligible';
  const decision = await toDecide(house, of, outcome);
  await carryOut('POST', decision);
  const { person, at, incidentId } = decision;
  if (how === 'notified') {
    await person.json('POST', `${at}/letters`, {});
    const { letters } = await person.json<Incident>('GET', at);
    for (const { letterId } of letters) {
      await person.json('PUT', `${at}/letters/${letterId}`, { subject: 'Zz', text: 'Zz' });
      const sent = { sentOn: '2026-01-01', sentHow: 'mail' };
      await person.json('POST', `${at}/letters/${letterId}/sent`, sent);
    }
  }
  const action = { type: `incident.${how}`, incidentId };
  return { person, path: `${at}/${how}`, body: {}, action };
}

async function toExport(house: House, of: Of, format: 'json' | 'pdf'): Promise<ConfirmedAct> {
  const { incidentId, at } = await opened(house, of);
  const action = { type: 'incident.export', incidentId, format };
  return { person: personOf(house, of), path: `${at}/export/${format}`, body: {}, action };
}

const ofHouse = (of: Of, address: string): ConfirmedActs => ({
  [`POST ${address}`]: (house) => toOpen(house, of),
  [`POST ${address}/:incidentId/freezes`]: (house) => toFreeze(house, of),
  [`POST ${address}/:incidentId/freezes/:freezeId/thaw`]: (house) => toThaw(house, of),
  [`POST ${address}/:incidentId/decisions`]: (house) => toDecide(house, of, 'eligible'),
  [`POST ${address}/:incidentId/notified`]: (house) => toEnd(house, of, 'notified'),
  [`POST ${address}/:incidentId/close`]: (house) => toEnd(house, of, 'close'),
  [`POST ${address}/:incidentId/export/json`]: (house) => toExport(house, of, 'json'),
  [`POST ${address}/:incidentId/export/pdf`]: (house) => toExport(house, of, 'pdf'),
});

export const incidentActs: ConfirmedActs = {
  ...ofHouse('operator', '/console/api/operator/incidents'),
  ...ofHouse('practice', '/console/api/practices/:practiceId/incidents'),
};
