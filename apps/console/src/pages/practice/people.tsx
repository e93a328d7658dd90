/** Who may use the console for this practice: the owner invites people and lets them go. */
import type { RoleHolder } from '#libs/console-api/session.js';
import type { RoleChoice } from '#apps/console/src/people/invite-dialog.js';
import { PeoplePage } from '#apps/console/src/people/people-page.js';
import { PracticePage, useIs, usePracticeId } from './practice-page.js';

const roles: [RoleChoice, ...RoleChoice[]] = [
  {
    value: 'practice-manager',
    label: 'Practice manager',
    hint: 'Sees everything, makes pairing codes, declines requests, pauses software.',
  },
  {
    value: 'practice-owner',
    label: 'Owner',
    hint: 'Decides too: once the server has admitted their passkey, they approve and end access.',
  },
  {
    value: 'practice-auditor',
    label: 'Auditor',
    hint: 'Reads what was done, and exports it. Changes nothing.',
  },
  {
    value: 'msp-technician',
    label: 'IT technician',
    hint: 'Looks after the server, for a time. Sees neither requests nor activity.',
    days: ['7', '30', '90'],
  },
];

export default function People() {
  return (
    <PeoplePage
      whose={{ practiceId: usePracticeId() }}
      lead="Who may use this console for your practice, and as what."
      mayChange={useIs('practice-owner')}
      roles={roles}
      leftBy={leftBy}
      Frame={PracticePage}
    />
  );
}

const leftBy = ({ role }: RoleHolder) =>
  role === 'practice-owner' && (
    <p>
      A passkey that the practice’s server has admitted is taken out on the server:{' '}
      <code>conduit-agent approvers remove</code>.
    </p>
  );
