/** The routes of this room and who may call them: the walk over roles and tenants holds them to it. */
import type { ConsoleRoute, ConsoleRoutes } from '#apps/broker/src/access/console-route.js';

const summaries: Record<string, string> = {
  'GET ': 'Incidents, and their clocks.',
  'POST ': 'Opens an incident; one that is open already is named.',
  'GET /:incidentId': 'One incident: what is frozen, found, decided, said.',
  'PUT /:incidentId/scope': 'What is looked at from now on.',
  'POST /:incidentId/notes': 'Adds a note, without health information.',
  'PUT /:incidentId/my-health-record': 'Whether My Health Record data may be involved.',
  'GET /:incidentId/freeze-preview': 'Whom a freeze would hit.',
  'POST /:incidentId/freezes': 'Freezes at once.',
  'POST /:incidentId/freezes/:freezeId/thaw': 'Ends a freeze; the operator’s takes two people.',
  'POST /:incidentId/packs': 'Begins to gather the evidence.',
  'GET /:incidentId/packs/:packId': 'An evidence pack, or how far it is.',
  'POST /:incidentId/decisions': 'Decides whether it has to be notified.',
  'POST /:incidentId/statements': 'Writes a version of the statement, or drafts one.',
  'POST /:incidentId/letters': 'Drafts a letter for everybody who is to be told.',
  'PUT /:incidentId/letters/:letterId': 'Changes a letter.',
  'POST /:incidentId/letters/:letterId/sent': 'Says when and how a letter was sent.',
  'POST /:incidentId/notified': 'Says that everybody was told.',
  'POST /:incidentId/close': 'Closes an incident.',
  'POST /:incidentId/export/json': 'All of it, as canonical JSON.',
  'POST /:incidentId/export/pdf': 'All of it, as a PDF to read and to print.',
};

const under = (address: string, may: ConsoleRoute['may']): ConsoleRoutes =>
  Object.fromEntries(
    Object.entries(summaries).map(([route, summary]) => {
      const [method, path = ''] = route.split(' ');
      return [`${method} ${address}${path}`, { may, summary }];
    }),
  );

export const incidentRoutes: ConsoleRoutes = {
  ...under('/console/api/operator/incidents', ['operator-security']),
  ...under('/console/api/practices/:practiceId/incidents', ['practice-owner']),
  'POST /console/api/operator/incidents/drills': {
    may: ['operator-security'],
    summary: 'Begins a drill, a made-up incident.',
  },
};
