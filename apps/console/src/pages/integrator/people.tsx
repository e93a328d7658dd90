/** Who may use the console for this integrator: administrators invite people and let them go. */
import type { RoleChoice } from '#apps/console/src/people/invite-dialog.js';
import { PeoplePage } from '#apps/console/src/people/people-page.js';
import { useIntegratorId, useIsAdmin } from './use-integrator.js';

const roles: [RoleChoice, ...RoleChoice[]] = [
  {
    value: 'integrator-developer',
    label: 'Developer',
    hint: 'Sees everything, looks after webhooks. Makes no keys.',
  },
  {
    value: 'integrator-admin',
    label: 'Administrator',
    hint: 'Also makes and ends keys, declares the profile, invites people.',
  },
];

export default function People() {
  return (
    <PeoplePage
      whose={{ integratorId: useIntegratorId() }}
      lead="Who may use this console for you. Administrators make keys and declare; developers look after the rest."
      mayChange={useIsAdmin()}
      roles={roles}
      leftBy={leftBy}
      invited={{ isAlert: true, done: 'I have stored it' }}
    />
  );
}

const leftBy = () => <p>Keys that they made go on working: revoke those that they know.</p>;
