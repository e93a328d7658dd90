/** The routes of this room and who may call them: the walk over roles and tenants holds them to it. */
import type { ConsoleRoutes } from '#apps/broker/src/access/console-route.js';

const P = '/console/api/practices/:practiceId';
const readers = ['practice-owner', 'practice-manager', 'practice-auditor'] as const;
const managers = ['practice-owner', 'practice-manager'] as const;
const owner = ['practice-owner'] as const;
const servicing = ['practice-owner', 'msp-technician'] as const;

export const practiceDeskRoutes: ConsoleRoutes = {
  [`GET ${P}`]: { may: readers, summary: 'How the practice is and who is connected.' },
  [`PATCH ${P}`]: { may: managers, summary: 'Changes the practice’s time zone and closed days.' },
  [`GET ${P}/today`]: { may: readers, summary: 'What each integrator did today.' },
  [`POST ${P}/sites/:siteId/pairing-codes`]: {
    may: managers,
    summary: 'Makes a pairing code, which is answered once.',
  },
  [`GET ${P}/sites/:siteId/pairing-codes`]: {
    may: managers,
    summary: 'Pairing codes that wait for their integrator.',
  },
  [`GET ${P}/access-requests`]: { may: readers, summary: 'Who asked for access.' },
  [`GET ${P}/access-requests/:accessRequestId`]: {
    may: readers,
    summary: 'One request: who asks, and for what.',
  },
  [`POST ${P}/access-requests/:accessRequestId/decline`]: {
    may: managers,
    summary: 'Declines a request, with a reason.',
  },
  [`POST ${P}/access-requests/:accessRequestId/draft`]: {
    may: owner,
    summary: 'A permission for a request, ready to be read and signed.',
  },
  [`GET ${P}/grants`]: { may: readers, summary: 'Permissions and how they stand.' },
  [`POST ${P}/grants`]: { may: owner, summary: 'Brings a signed document to the server.' },
  [`GET ${P}/grants/:grantId`]: { may: readers, summary: 'One permission and its history.' },
  [`POST ${P}/grants/:grantId/draft`]: {
    may: owner,
    summary: 'The change, renewal or end of a permission, ready to be signed.',
  },
  [`GET ${P}/pauses`]: { may: readers, summary: 'What is paused.' },
  [`POST ${P}/pauses`]: { may: managers, summary: 'Pauses an integrator, or all of them.' },
  [`POST ${P}/pauses/resume`]: { may: managers, summary: 'Ends a pause.' },
  [`GET ${P}/approvers`]: { may: managers, summary: 'Passkeys that can approve, in six words.' },
  [`GET ${P}/service`]: { may: servicing, summary: 'How the service on the server is.' },
  [`GET ${P}/service/log-bundle`]: {
    may: servicing,
    summary: 'What the servers did lately, for a support case.',
  },
  [`POST ${P}/service/agents/:agentId/checks`]: {
    may: servicing,
    summary: 'Has a server try its database logins.',
  },
  [`GET ${P}/service/update-windows`]: {
    may: managers,
    summary: 'When each server may be updated.',
  },
  [`PUT ${P}/service/agents/:agentId/update-window`]: {
    may: [...managers, 'msp-technician'],
    summary: 'When a server’s agent may be updated.',
  },
  [`POST ${P}/service/install-codes`]: {
    may: servicing,
    summary: 'A code to set Conduit up on a server, answered once.',
  },
};
