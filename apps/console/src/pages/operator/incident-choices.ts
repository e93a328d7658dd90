/** How the operator finds what an incident is about. */
import { readFleet, readIntegrators, readPractices } from '#apps/console/src/api/operator.js';
import type { Choice, ReadChoices } from '#apps/console/src/incidents/incident-choices.js';
import type { ScopeList } from '#libs/console-api/incident-words.js';

export const operatorChoices: Record<ScopeList, ReadChoices> = {
  practices: async (search) =>
    (await readPractices(search, 1)).practices.map(({ practiceId: id, name }) => ({ id, name })),
  integrators: async (search) =>
    (await readIntegrators(search, 1)).integrators.map(({ integratorId: id, name }) => ({
      ...{ id, name },
    })),
  agents: async (search) =>
    (await readFleet({ search }, 1)).agents.map(
      ({ agentId: id, practiceName, siteNames }): Choice => ({
        ...{ id, name: `${practiceName}: ${siteNames.join(', ')}` },
      }),
    ),
  sites: 'by-id',
  keys: 'by-id',
};
