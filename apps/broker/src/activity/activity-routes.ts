/** The routes of this room and who may call them: the walk over roles and tenants holds them to it. */
import type { ConsoleRoutes } from '#apps/broker/src/access/console-route.js';

const P = '/console/api/practices/:practiceId/activity';
const I = '/console/api/integrators/:integratorId/activity';
const O = '/console/api/operator/activity';
const atPractices = ['practice-owner', 'practice-manager', 'practice-auditor'] as const;
const atIntegrators = ['integrator-admin', 'integrator-developer'] as const;
const officers = ['operator-security'] as const;

export const activityRoutes: ConsoleRoutes = {
  [`GET ${P}`]: { may: atPractices, summary: 'What was done, a page at a time.' },
  [`POST ${P}/export`]: { may: atPractices, summary: 'What was done, as a file.' },
  [`GET ${I}`]: { may: atIntegrators, summary: 'What the integrator did, a page at a time.' },
  [`POST ${I}/export`]: { may: atIntegrators, summary: 'What the integrator did, as a file.' },
  [`GET ${O}`]: { may: officers, summary: 'What the operator’s people did, a page at a time.' },
  [`POST ${O}/export`]: { may: officers, summary: 'What the operator’s people did, as a file.' },
};
