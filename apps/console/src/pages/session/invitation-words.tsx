import type { OpenedInvitation, PersonRole } from '#libs/console-api/session.js';
import { roleNames } from '#apps/console/src/session/workplaces.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';

/** What each role is for, to the one who is about to take it. */
const roleWords: Record<PersonRole, string> = {
  'practice-owner':
    'You decide which software may work with the practice’s records, and who else helps to run it.',
  'practice-manager':
    'You look after the software that works with the practice’s records, day by day.',
  'practice-auditor': 'You can read what was done and by whom. You can change nothing.',
  'msp-technician':
    'You look after Conduit’s service on the practice’s server. You can’t see or approve access to records.',
  'integrator-admin':
    'You look after your company’s keys, people and what practices read about it.',
  'integrator-developer': 'You build and watch your company’s connection to practices.',
  'operator-support': 'You watch the health of agents. You can’t see anybody’s records.',
  'operator-security': 'You admit practices and integrators, and act when something is wrong.',
};

export function InvitationWords({ invitation }: { invitation: OpenedInvitation }) {
  const { role, practiceName, integratorName, expiresAt, invitationEndsAt } = invitation;
  const place = practiceName ?? integratorName ?? 'Conduit operations';
  return (
    <>
      <p className="page__lead">
        <strong>{place}</strong> invites you as <strong>{roleNames[role].toLowerCase()}</strong>.
      </p>
      <p>{roleWords[role]}</p>
      {expiresAt !== undefined && (
        <p>
          The role ends on <DateTime value={expiresAt} />.
        </p>
      )}
      <p className="quiet">
        This invitation can be used once, until <DateTime value={invitationEndsAt} />.
      </p>
    </>
  );
}
