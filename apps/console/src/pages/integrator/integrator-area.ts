/** The pages of an integrator, in the order of the navigation. */
import type { Area } from '#apps/console/src/areas.js';
import type { IntegratorRole } from '#libs/console-api/session.js';

const both: readonly IntegratorRole[] = ['integrator-admin', 'integrator-developer'];

export const integratorArea: Area = {
  kind: 'integrator',
  path: '/integrators/:integratorId',
  pages: [
    { path: '', label: 'Overview', roles: both, load: () => import('./overview.js') },
    { path: 'profile', label: 'Profile', roles: both, load: () => import('./profile.js') },
    { path: 'keys', label: 'API keys', roles: both, load: () => import('./keys.js') },
    { path: 'oauth', label: 'OAuth clients', roles: both, load: () => import('./clients.js') },
    { path: 'sites', label: 'Sites', roles: both, load: () => import('./sites.js') },
    { path: 'statements', label: 'Statements', roles: both, load: () => import('./statements.js') },
    { path: 'webhooks', label: 'Webhooks', roles: both, load: () => import('./webhooks.js') },
    { path: 'webhooks/:webhookId', roles: both, load: () => import('./webhook.js') },
    { path: 'usage', label: 'Usage', roles: both, load: () => import('./usage.js') },
    { path: 'activity', label: 'Activity', roles: both, load: () => import('./activity.js') },
    { path: 'activity/:seq', roles: both, load: () => import('./activity-proof.js') },
    { path: 'proofs', label: 'Proofs', roles: both, load: () => import('./proofs.js') },
    { path: 'proofs/:receiptId', roles: both, load: () => import('./receipt.js') },
    {
      path: 'query-console',
      label: 'Query console',
      roles: both,
      load: () => import('./query-console.js'),
    },
    { path: 'people', label: 'People', roles: both, load: () => import('./people.js') },
    { path: 'snippets', label: 'Snippets', roles: both, load: () => import('./snippets.js') },
  ],
};
