/** Who may use the console for this practice: the owner invites people and lets them go. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { OpenInvitation, RoleHolder } from '#libs/console-api/session.js';
import { endRole, readPeople, withdrawInvitation } from '#apps/console/src/api/practice.js';
import { StepUpDialog } from '#apps/console/src/session/step-up-dialog.js';
import { useSignedIn } from '#apps/console/src/session/session-context.js';
import { roleNames } from '#apps/console/src/session/workplaces.js';
import { Button } from '#apps/console/src/ui/button.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import { Loading } from '#apps/console/src/ui/loading.js';
import { ProblemNotice } from '#apps/console/src/ui/notice.js';
import { Section } from '#apps/console/src/ui/page.js';
import { Table, type Column } from '#apps/console/src/ui/table.js';
import { toast } from '#apps/console/src/ui/toast.js';
import { InviteDialog } from './invite-dialog.js';
import { PracticePage, useIs, usePracticeId } from './practice-page.js';

export default function People() {
  const practiceId = usePracticeId();
  const queries = useQueryClient();
  const isOwner = useIs('practice-owner');
  const [isInviting, setInviting] = useState(false);
  const [leaving, setLeaving] = useState<RoleHolder>();
  const key = ['practice', practiceId, 'people'];
  const people = useQuery({ queryKey: key, queryFn: () => readPeople(practiceId) });
  const changed = () => void queries.invalidateQueries({ queryKey: key });
  return (
    <PracticePage
      title="People"
      lead="Who may use this console for your practice, and as what."
      actions={
        isOwner && (
          <Button look="main" onPress={() => setInviting(true)}>
            Invite somebody
          </Button>
        )
      }
    >
      {people.isPending && <Loading />}
      {people.isError && !people.data && <ProblemNotice error={people.error} />}
      {people.data && (
        <>
          <Table
            caption="People and their roles"
            columns={holderColumns(isOwner ? setLeaving : undefined)}
            rows={people.data.holders}
            rowKey={({ personId, role }) => `${personId} ${role}`}
          />
          {people.data.invitations.length > 0 && (
            <Section title="Invited, not here yet">
              <Invitations
                practiceId={practiceId}
                invitations={people.data.invitations}
                mayWithdraw={isOwner}
                onChanged={changed}
              />
            </Section>
          )}
        </>
      )}
      {isInviting && (
        <InviteDialog
          practiceId={practiceId}
          onChanged={changed}
          onClose={() => setInviting(false)}
        />
      )}
      {leaving && (
        <EndRole
          practiceId={practiceId}
          holder={leaving}
          onDone={() => {
            setLeaving(undefined);
            toast('The role has ended');
            changed();
          }}
          onClose={() => setLeaving(undefined)}
        />
      )}
    </PracticePage>
  );
}

function holderColumns(onEnd: ((holder: RoleHolder) => void) | undefined): Column<RoleHolder>[] {
  return [
    {
      key: 'name',
      label: 'Name',
      cell: ({ name, email }) => (
        <>
          <strong>{name}</strong>
          {email !== undefined && <div className="quiet">{email}</div>}
        </>
      ),
    },
    { key: 'role', label: 'Role', cell: ({ role }) => roleNames[role] },
    {
      key: 'since',
      label: 'Since',
      cell: ({ since }) => <DateTime value={since} precision="day" />,
    },
    {
      key: 'until',
      label: 'Until',
      cell: ({ expiresAt }) =>
        expiresAt === undefined ? 'No end' : <DateTime value={expiresAt} precision="day" />,
    },
    ...(onEnd
      ? [
          {
            key: 'act',
            label: 'What you can do',
            isActs: true,
            cell: (holder: RoleHolder) => (
              <Button
                look="quiet"
                aria-label={`End role of ${holder.name} as ${roleNames[holder.role]}`}
                onPress={() => onEnd(holder)}
              >
                End role
              </Button>
            ),
          },
        ]
      : []),
  ];
}

interface InvitationsProps {
  practiceId: string;
  invitations: OpenInvitation[];
  mayWithdraw: boolean;
  onChanged: () => void;
}

function Invitations({ practiceId, invitations, mayWithdraw, onChanged }: InvitationsProps) {
  const withdraw = useMutation({
    mutationFn: (invitationId: string) => withdrawInvitation(practiceId, invitationId),
    onSuccess: () => {
      toast('The invitation was withdrawn');
      onChanged();
    },
  });
  const columns: Column<OpenInvitation>[] = [
    { key: 'role', label: 'As', cell: ({ role }) => roleNames[role] },
    { key: 'email', label: 'Sent to', cell: ({ email }) => email ?? 'By link' },
    {
      key: 'until',
      label: 'Works until',
      cell: ({ invitationEndsAt }) => <DateTime value={invitationEndsAt} />,
    },
    ...(mayWithdraw
      ? [
          {
            key: 'act',
            label: 'What you can do',
            isActs: true,
            cell: ({ invitationId, role }: OpenInvitation) => (
              <Button
                look="quiet"
                aria-label={`Withdraw the invitation as ${roleNames[role]}`}
                onPress={() => withdraw.mutate(invitationId)}
              >
                Withdraw
              </Button>
            ),
          },
        ]
      : []),
  ];
  return (
    <>
      {withdraw.isError && <ProblemNotice error={withdraw.error} />}
      <Table
        caption="Open invitations"
        columns={columns}
        rows={invitations}
        rowKey={({ invitationId }) => invitationId}
      />
    </>
  );
}

interface EndRoleProps {
  practiceId: string;
  holder: RoleHolder;
  onDone: () => void;
  onClose: () => void;
}

function EndRole({ practiceId, holder, onDone, onClose }: EndRoleProps) {
  const { personId, role, name } = holder;
  const isOwn = useSignedIn().person.personId === personId;
  return (
    <StepUpDialog
      title={isOwn ? 'End your own role?' : `End ${name}’s role?`}
      deed="End role"
      isDanger
      action={{ type: 'role.end', practiceId, holderId: personId, role }}
      act={(stepUp) => endRole(practiceId, personId, role, stepUp)}
      onDone={onDone}
      onClose={onClose}
    >
      <p>
        {isOwn ? 'You' : name} can no longer act as {roleNames[role].toLowerCase()} here, from this
        moment on. What was decided before stays as it is.
      </p>
      {role === 'practice-owner' && (
        <p>
          A passkey that the practice’s server has admitted is taken out on the server:{' '}
          <code>agent approvers remove</code>.
        </p>
      )}
    </StepUpDialog>
  );
}
