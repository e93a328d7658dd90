/** The routes of this room and who may call them: the walk over roles and tenants holds them to it. */
import type { ConsoleRoutes } from '#apps/broker/src/access/console-route.js';

const practice = '/console/api/practices/:practiceId';
const integrator = '/console/api/integrators/:integratorId';
const operator = '/console/api/operator';

const own: ConsoleRoutes = {
  'POST /console/api/invitations/open': { may: 'visitor', summary: 'What an invitation is for.' },
  'POST /console/api/invitations/accept': { may: 'visitor', summary: 'Accepts an invitation.' },
  'POST /console/api/sign-in/options': { may: 'visitor', summary: 'Begins signing in.' },
  'POST /console/api/sign-in': { may: 'visitor', summary: 'Signs in with a passkey.' },
  'GET /console/api/sign-in/ways': { may: 'visitor', summary: 'The ways to sign in here.' },
  'GET /console/api/oidc/start': {
    may: 'visitor',
    summary: 'Goes to the other provider to sign in.',
  },
  'GET /console/api/oidc/callback': { may: 'visitor', summary: 'Comes back from there.' },
  'GET /console/api/oidc/link': { may: 'session', summary: 'Whether an account is linked.' },
  'POST /console/api/oidc/link': { may: 'session', summary: 'Begins to link an account.' },
  'DELETE /console/api/oidc/link': { may: 'session', summary: 'Unlinks the account.' },
  'GET /console/api/session': { may: 'session', summary: 'Who is signed in, and as what.' },
  'DELETE /console/api/session': { may: 'session', summary: 'Signs out.' },
  'POST /console/api/step-up': {
    may: 'session',
    summary: 'Begins the confirmation of an action by a passkey.',
  },
  'GET /console/api/passkeys': { may: 'session', summary: 'One’s own passkeys.' },
  'POST /console/api/passkeys/options': { may: 'session', summary: 'Begins a further passkey.' },
  'POST /console/api/passkeys': { may: 'session', summary: 'Adds a passkey.' },
  'DELETE /console/api/passkeys/:passkeyId': { may: 'session', summary: 'Removes a passkey.' },
};

const ofTenants: ConsoleRoutes = {
  [`GET ${practice}/people`]: {
    may: ['practice-owner', 'practice-manager'],
    summary: 'The people of a practice.',
  },
  [`POST ${practice}/invitations`]: { may: ['practice-owner'], summary: 'Invites somebody.' },
  [`DELETE ${practice}/invitations/:invitationId`]: {
    may: ['practice-owner'],
    summary: 'Withdraws an invitation.',
  },
  [`DELETE ${practice}/people/:holderId/roles/:role`]: {
    may: ['practice-owner'],
    summary: 'Ends a role.',
  },
  [`GET ${integrator}/people`]: {
    may: ['integrator-admin', 'integrator-developer'],
    summary: 'The people of an integrator.',
  },
  [`POST ${integrator}/invitations`]: { may: ['integrator-admin'], summary: 'Invites somebody.' },
  [`DELETE ${integrator}/invitations/:invitationId`]: {
    may: ['integrator-admin'],
    summary: 'Withdraws an invitation.',
  },
  [`DELETE ${integrator}/people/:holderId/roles/:role`]: {
    may: ['integrator-admin'],
    summary: 'Ends a role.',
  },
};

const ofOperator: ConsoleRoutes = {
  [`GET ${operator}/people`]: { may: ['operator-security'], summary: 'The operator’s own people.' },
  [`POST ${operator}/invitations`]: { may: ['operator-security'], summary: 'Invites somebody.' },
  [`DELETE ${operator}/invitations/:invitationId`]: {
    may: ['operator-security'],
    summary: 'Withdraws an invitation.',
  },
  [`DELETE ${operator}/people/:holderId/roles/:role`]: {
    may: ['operator-security'],
    summary: 'Ends a role.',
  },
  [`POST ${operator}/practices/:practiceId/first-owner`]: {
    may: ['operator-security'],
    summary: 'Invites the first owner of a practice.',
  },
  [`POST ${operator}/integrators/:integratorId/first-admin`]: {
    may: ['operator-security'],
    summary: 'Invites the first administrator of an integrator.',
  },
};

export const peopleRoutes: ConsoleRoutes = { ...own, ...ofTenants, ...ofOperator };
