import { noteAlarm } from '#apps/broker/src/witnesses/note-witness.js';
import { BlockAgent } from '#apps/broker/src/gateway/block-agent.js';
import type { ActReach } from '#libs/console-api/operator.js';
import type { ActionText } from '#libs/console-api/session.js';
import {
  carryOut,
  type ConfirmedAct,
  type ConfirmedActs,
  type House,
} from '#test/console/step-up/confirmed-act.fixture.js';
import { aFleetAgent } from '#test/console/fleet.fixture.js';

const O = '/console/api/operator';
const decision = 'falseAlarm';

async function against(
  { officer }: House,
  type: string,
  agentId: string,
  more: object = {},
): Promise<ActionText> {
  const reach = await officer.json<ActReach>('GET', `/operator/agents/${agentId}/reach`);
  const siteIds = reach.sites.map(({ siteId }) => siteId);
  const integratorIds = reach.integrators.map((one) => one.integratorId);
  return { type, agentId, ...more, siteIds, integratorIds };
}

async function aReleaseToAsk(house: House): Promise<{ agentId: string; ask: ConfirmedAct }> {
  const { api, officer: person } = house;
  const agentId = await aFleetAgent(api, { state: 'online' });
  await api.app.get(BlockAgent, { strict: false }).quarantine(agentId, 'operator');
  const path = `/operator/agents/${agentId}/requests`;
  const body = { act: 'agent.release', decision };
  const action = await against(house, 'agent-release.ask', agentId, { decision });
  return { agentId, ask: { person, path, body, action } };
}

const ofAgents: ConfirmedActs = {
  [`POST ${O}/agents/:agentId/quarantine`]: async (house) => {
    const agentId = await aFleetAgent(house.api, { state: 'online' });
    const path = `/operator/agents/${agentId}/quarantine`;
    const action = await against(house, 'agent.quarantine', agentId);
    return { person: house.officer, path, body: {}, action };
  },
  [`POST ${O}/agents/:agentId/requests`]: async (house) => (await aReleaseToAsk(house)).ask,
  [`POST ${O}/requests/:requestId/approve`]: async (house) => {
    const { agentId, ask } = await aReleaseToAsk(house);
    const { requestId } = await carryOut<{ requestId: string }>('POST', ask);
    const path = `/operator/requests/${requestId}/approve`;
    const about = { requestId, decision };
    const action = await against(house, 'agent-release.approve', agentId, about);
    return { person: house.colleague, path, body: {}, action };
  },
};

const ofTheRest: ConfirmedActs = {
  [`POST ${O}/agents/:agentId/log-alarms/settle`]: async ({ api, officer: person }) => {
    const agentId = await aFleetAgent(api, { state: 'online' });
    const alarm = { agentId, alarm: 'roll-back', at: new Date() } as const;
    await noteAlarm(api.database.kysely, alarm);
    const body = { about: 'audit-log', reason: 'Restored from a backup.' };
    const action = { type: 'log-alarm.settle', agentId, ...body };
    return { person, path: `/operator/agents/${agentId}/log-alarms/settle`, body, action };
  },
  [`PUT ${O}/alert-rules/:ruleId`]: async ({ officer: person }) => {
    const ruleId = 'agent-unreachable';
    const body = { isOn: true, afterSeconds: 61, keepsHours: true, emails: ['zz@example.com'] };
    const action = { type: 'alert-rule.change', ruleId, ...body };
    return { person, path: `/operator/alert-rules/${ruleId}`, body, action };
  },
  [`POST ${O}/practices/:practiceId/enrolment-codes`]: async ({ officer: person, practiceId }) => {
    const body = { sites: [{ name: 'Zz Main', pmsType: 'Sandbox', pmsSiteId: 'ZZ-78' }] };
    const action = { type: 'enrolment-code.create', practiceId, ...body };
    const path = `/operator/practices/${practiceId}/enrolment-codes`;
    return { person, path, body, action };
  },
  [`POST ${O}/integrators`]: async ({ officer: person }) => {
    const body = { name: 'Zz Vendor', countries: ['AU'], purposes: ['PATADMIN'] };
    const action = { type: 'integrator.register', ...body };
    return { person, path: '/operator/integrators', body, action };
  },
};

export const operatorActs: ConfirmedActs = { ...ofAgents, ...ofTheRest };
