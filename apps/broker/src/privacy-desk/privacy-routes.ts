/** The routes of this room and who may call them: the walk over roles and tenants holds them to it. */
import type { ConsoleRoutes } from '#apps/broker/src/access/console-route.js';

const P = '/console/api/practices/:practiceId/privacy-requests';
const readers = ['practice-owner', 'practice-manager', 'practice-auditor'] as const;
const managers = ['practice-owner', 'practice-manager'] as const;

export const privacyRoutes: ConsoleRoutes = {
  [`GET ${P}`]: { may: readers, summary: 'Privacy requests and complaints, and their clocks.' },
  [`POST ${P}`]: { may: managers, summary: 'Registers a privacy request or a complaint.' },
  [`GET ${P}/:requestId`]: { may: readers, summary: 'One request and what was done about it.' },
  [`POST ${P}/:requestId/identity`]: {
    may: managers,
    summary: 'Notes how the person who asks was identified, or that they could not be.',
  },
  [`POST ${P}/:requestId/route`]: {
    may: managers,
    summary: 'Passes a request on to an integrator, or takes it back.',
  },
  [`POST ${P}/:requestId/notes`]: {
    may: managers,
    summary: 'Adds a note, without health information.',
  },
  [`POST ${P}/:requestId/end`]: {
    may: managers,
    summary: 'Ends a request: answered, or refused with its grounds.',
  },
  [`POST ${P}/:requestId/reopen`]: { may: managers, summary: 'Opens a request again.' },
};
