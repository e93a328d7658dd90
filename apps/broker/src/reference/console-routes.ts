/**
 * Every route of the console's API, by room. A room adds its own table here; the walk over routes,
 * roles and tenants fails for a route that no table has, or has otherwise.
 */
import type { ConsoleRoutes } from '#apps/broker/src/access/console-route.js';
import { activityRoutes } from '#apps/broker/src/activity/activity-routes.js';
import { fleetRoutes } from '#apps/broker/src/fleet/fleet-routes.js';
import { incidentRoutes } from '#apps/broker/src/incidents/incident-routes.js';
import { integratorDeskRoutes } from '#apps/broker/src/integrator-desk/integrator-desk-routes.js';
import { peopleRoutes } from '#apps/broker/src/people/people-routes.js';
import { practiceDeskRoutes } from '#apps/broker/src/practice-desk/practice-desk-routes.js';
import { privacyRoutes } from '#apps/broker/src/privacy-desk/privacy-routes.js';
import { reconciliationRoutes } from '#apps/broker/src/reconciliation/reconciliation-routes.js';
import { proofRoutes } from '#apps/broker/src/proofs/proof-routes.js';
import { retentionRoutes } from '#apps/broker/src/retention/retention-routes.js';
import { statementRoutes } from '#apps/broker/src/statements/statement-routes.js';

export const consoleRoutes: ConsoleRoutes = {
  'GET /console/api/openapi.json': { may: 'session', summary: 'This description.' },
  ...peopleRoutes,
  ...practiceDeskRoutes,
  ...privacyRoutes,
  ...incidentRoutes,
  ...integratorDeskRoutes,
  ...reconciliationRoutes,
  ...statementRoutes,
  ...proofRoutes,
  ...retentionRoutes,
  ...fleetRoutes,
  ...activityRoutes,
};
