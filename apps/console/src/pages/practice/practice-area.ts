/** The pages of a practice, in the order of the navigation. */
import type { Area } from '#apps/console/src/areas.js';

export const practiceArea: Area = {
  kind: 'practice',
  path: '/practices/:practiceId',
  pages: [
    {
      path: '',
      label: 'Overview',
      roles: ['practice-owner', 'practice-manager', 'practice-auditor', 'msp-technician'],
      load: () => import('./overview.js'),
    },
  ],
};
