/** What wants somebody's attention at the practice, the most urgent first; nothing when all is well. */
import type { PermissionSummary, PracticeOverview } from '#libs/console-api/practice.js';
import { ButtonLink } from '#apps/console/src/ui/button.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import { Notice } from '#apps/console/src/ui/notice.js';
import { PauseAtServers } from './pause-at-servers.js';
import { endsSoon, isAlarming } from './permission-state.js';
import { useIs } from './practice-page.js';

export function OverviewNotices({ overview }: { overview: PracticeOverview }) {
  const { practiceId, integrators, pause } = overview;
  const permissions = integrators.flatMap((one) => one.permissions);
  const path = ({ grantId }: PermissionSummary) => `/practices/${practiceId}/access/${grantId}`;
  return (
    <>
      {permissions.filter(isAlarming).map((one) => (
        <Notice
          key={one.grantId}
          tone="bad"
          title={`The server has not confirmed the end of ${one.integratorName}’s access`}
          action={<ButtonLink to={path(one)}>What to do</ButtonLink>}
        />
      ))}
      {pause && (
        <Notice tone="warning" title="Everything is paused">
          <p>
            Since <DateTime value={pause.since} /> no software reaches the practice’s records.
            Permissions stay as they are.
          </p>
          <PauseAtServers pause={pause} />
        </Notice>
      )}
      <FirstTrust overview={overview} />
      <OpenRequests overview={overview} />
      {permissions.filter(endsSoon).map((one) => (
        <Notice
          key={one.grantId}
          tone="warning"
          title={`${one.integratorName}’s access ends soon`}
          action={<ButtonLink to={path(one)}>Renew or let it end</ButtonLink>}
        >
          <p>
            It ends on <DateTime value={one.expires} precision="day" />.
          </p>
        </Notice>
      ))}
    </>
  );
}

function FirstTrust({ overview }: { overview: PracticeOverview }) {
  const isOwner = useIs('practice-owner');
  if (overview.admittedApprovers > 0 || overview.sites.length === 0 || !isOwner) return null;
  return (
    <Notice
      tone="warning"
      title="One step is left before you can approve software"
      action={
        <ButtonLink look="main" to={`/practices/${overview.practiceId}/approvers`}>
          Admit your passkey
        </ButtonLink>
      }
    >
      <p>The practice’s server has to know your passkey. It takes a minute, once.</p>
    </Notice>
  );
}

function OpenRequests({ overview: { openRequests, practiceId } }: { overview: PracticeOverview }) {
  if (openRequests === 0) return null;
  const words =
    openRequests === 1 ? 'One request waits for you' : `${openRequests} requests wait for you`;
  return (
    <Notice
      title={words}
      action={
        <ButtonLink look="main" to={`/practices/${practiceId}/requests`}>
          Look at {openRequests === 1 ? 'it' : 'them'}
        </ButtonLink>
      }
    >
      <p>Until you decide, nothing changes.</p>
    </Notice>
  );
}
