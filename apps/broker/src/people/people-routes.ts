/** The routes of this room and who may call them: the walk over roles and tenants holds them to it. */
import type { ConsoleRoutes } from '#apps/broker/src/access/console-route.js';

export const peopleRoutes: ConsoleRoutes = {
  'GET /console/api/session': { may: 'session', summary: 'Who is signed in, and as what.' },
  'DELETE /console/api/session': { may: 'session', summary: 'Signs out.' },
  'POST /console/api/step-up': {
    may: 'session',
    summary: 'Begins the confirmation of an action by a passkey.',
  },
};
