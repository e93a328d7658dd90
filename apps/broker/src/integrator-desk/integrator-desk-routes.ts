/** The routes of this room and who may call them: the walk over roles and tenants holds them to it. */
import type { ConsoleRoutes } from '#apps/broker/src/access/console-route.js';

const I = '/console/api/integrators/:integratorId';
const W = `${I}/webhooks/:webhookId`;
const both = ['integrator-admin', 'integrator-developer'] as const;
const admin = ['integrator-admin'] as const;

export const integratorDeskRoutes: ConsoleRoutes = {
  [`GET ${I}`]: { may: both, summary: 'Where the integrator stands.' },
  [`GET ${I}/profile`]: { may: both, summary: 'What practices see of the integrator.' },
  [`PUT ${I}/profile`]: { may: admin, summary: 'Declares it anew; each change is kept.' },
  [`GET ${I}/sites`]: { may: both, summary: 'Paired sites and what is permitted there.' },
  [`POST ${I}/sites/:siteId/access`]: {
    may: admin,
    summary: 'Asks a practice for more than it permits.',
  },
  [`POST ${I}/sites/:siteId/sandbox-queries`]: {
    may: both,
    summary: 'An immediate query at the sandbox, under a key of the integrator’s own.',
  },
  [`GET ${I}/usage`]: { may: both, summary: 'Use by day and by site.' },
  [`GET ${I}/keys`]: { may: both, summary: 'API keys, without their secrets.' },
  [`POST ${I}/keys`]: { may: admin, summary: 'Makes a key, which is answered once.' },
  [`POST ${I}/keys/:keyId/rotate`]: { may: admin, summary: 'Replaces a key, with an overlap.' },
  [`DELETE ${I}/keys/:keyId`]: { may: admin, summary: 'Revokes a key.' },
  [`GET ${I}/oauth-clients`]: { may: both, summary: 'OAuth clients and their public keys.' },
  [`POST ${I}/oauth-clients`]: { may: admin, summary: 'Registers a client by its public keys.' },
  [`DELETE ${I}/oauth-clients/:clientId`]: {
    may: admin,
    summary: 'Revokes a client, and its tokens with it.',
  },
  [`GET ${I}/webhooks`]: { may: both, summary: 'Webhook endpoints.' },
  [`POST ${I}/webhooks`]: { may: both, summary: 'Makes an endpoint; its secret is answered once.' },
  [`PATCH ${W}`]: { may: both, summary: 'Changes or pauses an endpoint.' },
  [`DELETE ${W}`]: { may: both, summary: 'Deletes an endpoint and its log.' },
  [`POST ${W}/secret`]: { may: both, summary: 'A new secret, which is answered once.' },
  [`GET ${W}/deliveries`]: { may: both, summary: 'What was sent to an endpoint.' },
  [`POST ${W}/test`]: { may: both, summary: 'Sends a test to an endpoint.' },
  [`POST ${W}/deliveries/:deliveryId/redeliver`]: { may: both, summary: 'Sends one again.' },
  [`POST ${W}/redeliver`]: { may: both, summary: 'Sends again what has not arrived.' },
};
