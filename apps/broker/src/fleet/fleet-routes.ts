/** The routes of this room and who may call them: the walk over roles and tenants holds them to it. */
import type { ConsoleRoutes } from '#apps/broker/src/access/console-route.js';

const operator = '/console/api/operator';
const staff = ['operator-support', 'operator-security'] as const;
const security = ['operator-security'] as const;

const ofAgents: ConsoleRoutes = {
  [`GET ${operator}/agents`]: { may: staff, summary: 'The fleet, a page of it.' },
  [`GET ${operator}/agents/:agentId`]: { may: staff, summary: 'One agent.' },
  [`GET ${operator}/agents/:agentId/events`]: { may: staff, summary: 'What became of an agent.' },
  [`GET ${operator}/agents/:agentId/reach`]: {
    may: staff,
    summary: 'Whom an act against an agent hits.',
  },
  [`POST ${operator}/agents/:agentId/diagnoses`]: {
    may: staff,
    summary: 'Asks an agent’s doctor.',
  },
  [`POST ${operator}/agents/:agentId/quarantine`]: {
    may: staff,
    summary: 'Stops an agent at once.',
  },
  [`POST ${operator}/agents/:agentId/requests`]: {
    may: security,
    summary: 'Asks for an act that takes two people.',
  },
  [`GET ${operator}/requests`]: { may: staff, summary: 'Acts that wait for a second person.' },
  [`POST ${operator}/requests/:requestId/approve`]: {
    may: security,
    summary: 'Approves, as the second person, and acts.',
  },
  [`POST ${operator}/requests/:requestId/decline`]: {
    may: security,
    summary: 'Declines, or withdraws one’s own.',
  },
  [`GET ${operator}/live`]: { may: staff, summary: 'What changes, as server-sent events.' },
  [`GET ${operator}/views`]: { may: staff, summary: 'One’s saved views of the fleet.' },
  [`POST ${operator}/views`]: { may: staff, summary: 'Saves a view.' },
  [`DELETE ${operator}/views/:viewId`]: { may: staff, summary: 'Forgets a saved view.' },
};

const ofAlerts: ConsoleRoutes = {
  [`GET ${operator}/alerts`]: { may: staff, summary: 'What is wrong, and was lately.' },
  [`GET ${operator}/alert-rules`]: { may: staff, summary: 'When who is told.' },
  [`PUT ${operator}/alert-rules/:ruleId`]: { may: security, summary: 'Changes a rule.' },
  [`PUT ${operator}/sites/:siteId/hours`]: { may: staff, summary: 'When a site is to be missed.' },
};

const ofOnboarding: ConsoleRoutes = {
  [`GET ${operator}/practices`]: { may: staff, summary: 'Practices, a page of them.' },
  [`POST ${operator}/practices`]: { may: staff, summary: 'Registers a practice.' },
  [`GET ${operator}/practices/:practiceId`]: { may: staff, summary: 'One practice, its sites.' },
  [`POST ${operator}/practices/:practiceId/enrolment-codes`]: {
    may: staff,
    summary: 'A one-time code for an agent.',
  },
  [`GET ${operator}/integrators`]: { may: staff, summary: 'Integrators, a page of them.' },
  [`POST ${operator}/integrators`]: { may: security, summary: 'Registers an integrator.' },
};

export const fleetRoutes: ConsoleRoutes = { ...ofAgents, ...ofAlerts, ...ofOnboarding };
