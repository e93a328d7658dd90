/** The routes of this room and who may call them: the walk over roles and tenants holds them to it. */
import type { ConsoleRoutes } from '#apps/broker/src/access/console-route.js';

const S = '/console/api/integrators/:integratorId/statements';
const both = ['integrator-admin', 'integrator-developer'] as const;
const admin = ['integrator-admin'] as const;

export const statementRoutes: ConsoleRoutes = {
  [`GET ${S}`]: { may: both, summary: 'Statements, and how each stands at the sites asked.' },
  [`POST ${S}`]: { may: both, summary: 'Submits a statement that holds facts of nobody.' },
  [`POST ${S}/:statementId/ask`]: { may: admin, summary: 'Asks a site for a statement.' },
  [`DELETE ${S}/:statementId`]: { may: admin, summary: 'Takes a statement back.' },
};
