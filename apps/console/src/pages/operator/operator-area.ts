/** The pages of Conduit's own staff, in the order of the navigation. */
import type { Area } from '#apps/console/src/areas.js';

const staff = ['operator-support', 'operator-security'] as const;

export const operatorArea: Area = {
  kind: 'operator',
  path: '/operator',
  pages: [
    { path: '', label: 'Fleet', roles: staff, load: () => import('./fleet.js') },
    { path: 'agents/:agentId', roles: staff, load: () => import('./agent.js') },
    { path: 'alerts', label: 'Alerts', roles: staff, load: () => import('./alerts.js') },
    {
      path: 'incidents',
      label: 'Incidents',
      roles: ['operator-security'],
      load: () => import('./incidents.js'),
    },
    {
      path: 'incidents/new',
      roles: ['operator-security'],
      load: () => import('./incident-new.js'),
    },
    {
      path: 'incidents/:incidentId/:part?',
      roles: ['operator-security'],
      load: () => import('./incident.js'),
    },
    {
      path: 'incidents/:incidentId/letters/:letterId',
      roles: ['operator-security'],
      load: () => import('./incident-letter.js'),
    },
    { path: 'approvals', label: 'Approvals', roles: staff, load: () => import('./approvals.js') },
    { path: 'practices', label: 'Practices', roles: staff, load: () => import('./practices.js') },
    { path: 'practices/:tenantId', roles: staff, load: () => import('./practice.js') },
    {
      path: 'integrators',
      label: 'Integrators',
      roles: staff,
      load: () => import('./integrators.js'),
    },
    {
      path: 'activity',
      label: 'Activity',
      roles: ['operator-security'],
      load: () => import('./activity.js'),
    },
    {
      path: 'retention',
      label: 'What is kept',
      roles: ['operator-security'],
      load: () => import('./retention.js'),
    },
  ],
};
