/** One practice: its sites, the next steps to bring it in, never its people. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useParams } from 'react-router';
import type { PracticeFile } from '#libs/console-api/operator.js';
import { inviteOwner, readPractice } from '#apps/console/src/api/operator.js';
import { Asked } from '#apps/console/src/ui/asked.js';
import { Badge } from '#apps/console/src/ui/badge.js';
import { Button } from '#apps/console/src/ui/button.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import { Empty } from '#apps/console/src/ui/empty.js';
import { Section } from '#apps/console/src/ui/page.js';
import { actsColumn, Table, type Column } from '#apps/console/src/ui/table.js';
import { stateTones, stateWords } from './agent-words.js';
import { EnrolmentDialog } from './enrolment-dialog.js';
import { HoursDialog } from './hours-dialog.js';
import { InviteFirst } from './invite-first.js';
import { OperatorPage, useHolds } from './operator-page.js';
import { pmsWords } from './pms-words.js';

type Site = PracticeFile['siteList'][number];

export default function Practice() {
  const { tenantId: practiceId = '' } = useParams();
  const isOfficer = useHolds('operator-security');
  const practice = useQuery({
    queryKey: ['operator', 'practice', practiceId],
    queryFn: () => readPractice(practiceId),
  });
  const [asked, setAsked] = useState<'owner' | 'code'>();
  const close = () => setAsked(undefined);
  const found = practice.data;
  return (
    <OperatorPage
      title={found?.name ?? 'Practice'}
      lead="Its sites and what it still needs. Its people are not shown here."
      actions={
        found && (
          <div className="cluster">
            {isOfficer && !found.hasOwner && (
              <Button onPress={() => setAsked('owner')}>Invite its owner</Button>
            )}
            <Button look="main" onPress={() => setAsked('code')}>
              Make an enrolment code
            </Button>
          </div>
        )
      }
    >
      <Asked query={practice}>{(file) => <Found file={file} />}</Asked>
      {asked === 'owner' && (
        <InviteFirst
          title="Invite the first owner"
          role="practice-owner"
          whose={{ practiceId }}
          invite={(order) => inviteOwner(practiceId, order)}
          onClose={close}
        />
      )}
      {asked === 'code' && found && <EnrolmentDialog practice={found} onClose={close} />}
    </OperatorPage>
  );
}

function Found({ file }: { file: PracticeFile }) {
  const [hoursOf, setHoursOf] = useState<Site>();
  const { siteList, openCodes, openInvitations, hasOwner } = file;
  return (
    <>
      <Section title="Sites">
        <Table
          caption="Sites"
          columns={columns(setHoursOf)}
          rows={siteList}
          rowKey={({ siteId }) => siteId}
          empty={
            <Empty title="No site yet">
              Make an enrolment code and give it to whoever sets up the practice’s server.
            </Empty>
          }
        />
      </Section>
      {(openCodes.length > 0 || openInvitations.length > 0) && (
        <Section title="Waiting">
          <ul>
            {openCodes.map(({ codeId, expiresAt, siteNames }) => (
              <li key={codeId}>
                An enrolment code for {siteNames.join(', ')}, until <DateTime value={expiresAt} />
              </li>
            ))}
            {openInvitations.map(({ invitationId, endsAt }) => (
              <li key={invitationId}>
                An invitation, until <DateTime value={endsAt} />
              </li>
            ))}
          </ul>
        </Section>
      )}
      <Section title="Owner">
        <p>
          {hasOwner
            ? 'Somebody has signed up as its owner and brings in the others.'
            : 'Nobody has signed up as its owner yet. A security officer sends the first invitation.'}
        </p>
      </Section>
      {hoursOf && <HoursDialog site={hoursOf} onClose={() => setHoursOf(undefined)} />}
    </>
  );
}

const columns = (onHours: (site: Site) => void): Column<Site>[] => [
  {
    key: 'name',
    label: 'Site',
    cell: ({ name, siteId }) => (
      <span className="two-lines">
        <strong>{name}</strong>
        <code className="quiet">{siteId}</code>
      </span>
    ),
  },
  {
    key: 'pms',
    label: 'Software',
    cell: ({ pmsType, pmsSiteId }) => `${pmsWords(pmsType)}, ${pmsSiteId}`,
  },
  {
    key: 'agent',
    label: 'Agent',
    cell: ({ agentId, state }) =>
      agentId && state ? (
        <span className="cluster">
          <Badge tone={stateTones[state]}>{stateWords[state]}</Badge>
          <Link to={`/operator/agents/${agentId}`}>Look</Link>
        </span>
      ) : (
        'None'
      ),
  },
  {
    ...actsColumn,
    cell: (site) => (
      <Button aria-label={`Opening hours of ${site.name}`} onPress={() => onHours(site)}>
        Opening hours
      </Button>
    ),
  },
];
