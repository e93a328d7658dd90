/** The pages of an integrator, in the order of the navigation. */
import type { Area } from '#apps/console/src/areas.js';

export const integratorArea: Area = {
  kind: 'integrator',
  path: '/integrators/:integratorId',
  pages: [
    {
      path: '',
      label: 'Overview',
      roles: ['integrator-admin', 'integrator-developer'],
      load: () => import('./overview.js'),
    },
  ],
};
