/** The pages of a practice, in the order of the navigation. */
import type { Area } from '#apps/console/src/areas.js';
import type { PracticeRole } from '#libs/console-api/session.js';

const readers: readonly PracticeRole[] = ['practice-owner', 'practice-manager', 'practice-auditor'];
const managers: readonly PracticeRole[] = ['practice-owner', 'practice-manager'];

export const practiceArea: Area = {
  kind: 'practice',
  path: '/practices/:practiceId',
  pages: [
    {
      path: '',
      label: 'Overview',
      // A technician is led on to the server's page.
      roles: [...readers, 'msp-technician'],
      shownTo: readers,
      load: () => import('./overview.js'),
    },
    { path: 'requests', label: 'Requests', roles: readers, load: () => import('./requests.js') },
    { path: 'requests/:requestId', roles: readers, load: () => import('./request.js') },
    {
      path: 'connect',
      label: 'Connect software',
      roles: managers,
      load: () => import('./connect.js'),
    },
    {
      path: 'access',
      label: 'Permissions',
      roles: readers,
      load: () => import('./permissions.js'),
    },
    { path: 'access/:grantId', roles: readers, load: () => import('./permission.js') },
    { path: 'today', label: 'Today', roles: readers, load: () => import('./today.js') },
    { path: 'activity', label: 'Activity', roles: readers, load: () => import('./activity.js') },
    { path: 'activity/:seq', roles: readers, load: () => import('./activity-proof.js') },
    {
      path: 'proofs',
      label: 'Proofs',
      roles: ['practice-owner', 'practice-auditor'],
      load: () => import('./proofs.js'),
    },
    { path: 'privacy', label: 'Privacy', roles: readers, load: () => import('./privacy.js') },
    { path: 'privacy/:requestId', roles: readers, load: () => import('./privacy-request.js') },
    {
      path: 'retention',
      label: 'What is kept',
      roles: ['practice-owner', 'practice-auditor'],
      load: () => import('./retention.js'),
    },
    {
      path: 'incidents',
      label: 'Incidents',
      roles: ['practice-owner'],
      load: () => import('./incidents.js'),
    },
    {
      path: 'incidents/new',
      roles: ['practice-owner'],
      load: () => import('./incident-new.js'),
    },
    {
      path: 'incidents/:incidentId/:part?',
      roles: ['practice-owner'],
      load: () => import('./incident.js'),
    },
    {
      path: 'incidents/:incidentId/letters/:letterId',
      roles: ['practice-owner'],
      load: () => import('./incident-letter.js'),
    },
    { path: 'people', label: 'People', roles: managers, load: () => import('./people.js') },
    {
      path: 'approvers',
      label: 'Approvers',
      roles: managers,
      load: () => import('./approvers.js'),
    },
    {
      path: 'service',
      label: 'Server',
      roles: ['practice-owner', 'msp-technician'],
      load: () => import('./service.js'),
    },
    { path: 'settings', label: 'Settings', roles: managers, load: () => import('./settings.js') },
  ],
};
