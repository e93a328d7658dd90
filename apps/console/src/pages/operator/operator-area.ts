/** The pages of Conduit's own staff, in the order of the navigation. */
import type { Area } from '#apps/console/src/areas.js';

export const operatorArea: Area = {
  kind: 'operator',
  path: '/operator',
  pages: [
    {
      path: '',
      label: 'Fleet',
      roles: ['operator-support', 'operator-security'],
      load: () => import('./fleet.js'),
    },
  ],
};
