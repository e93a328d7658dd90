/** Who may use the console for this integrator: administrators invite people and let them go. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { OpenInvitation, RoleHolder } from '#libs/console-api/session.js';
import { endRole, readPeople, withdrawInvitation } from '#apps/console/src/api/integrator.js';
import { StepUpDialog } from '#apps/console/src/session/step-up-dialog.js';
import { roleNames } from '#apps/console/src/session/workplaces.js';
import { Button } from '#apps/console/src/ui/button.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import { Loading } from '#apps/console/src/ui/loading.js';
import { ProblemNotice } from '#apps/console/src/ui/notice.js';
import { Page, Section } from '#apps/console/src/ui/page.js';
import { Table, type Column } from '#apps/console/src/ui/table.js';
import { toast } from '#apps/console/src/ui/toast.js';
import { InviteDialog } from './invite-dialog.js';
import { useIntegratorId, useIsAdmin } from './use-integrator.js';

export default function People() {
  const integratorId = useIntegratorId();
  const isAdmin = useIsAdmin();
  const queries = useQueryClient();
  const [isInviting, setInviting] = useState(false);
  const [leaving, setLeaving] = useState<RoleHolder>();
  const queryKey = ['integrator', integratorId, 'people'];
  const people = useQuery({ queryKey, queryFn: () => readPeople(integratorId) });
  const changed = () => void queries.invalidateQueries({ queryKey });
  const withdraw = useMutation({
    mutationFn: (invitationId: string) => withdrawInvitation(integratorId, invitationId),
    onSuccess: () => {
      toast('The invitation was withdrawn');
      changed();
    },
  });
  return (
    <Page
      title="People"
      lead="Who may use this console for you. Administrators make keys and declare; developers look after the rest."
      actions={
        isAdmin && (
          <Button look="main" onPress={() => setInviting(true)}>
            Invite somebody
          </Button>
        )
      }
    >
      {people.isPending && <Loading />}
      {people.isError && <ProblemNotice error={people.error} />}
      {withdraw.isError && <ProblemNotice error={withdraw.error} />}
      {people.data && (
        <Table
          caption="People and their roles"
          columns={holderColumns(isAdmin ? setLeaving : undefined)}
          rows={people.data.holders}
          rowKey={({ personId, role }) => `${personId} ${role}`}
        />
      )}
      {people.data && people.data.invitations.length > 0 && (
        <Section title="Invited, not here yet">
          <Table
            caption="Open invitations"
            columns={invitationColumns(isAdmin ? withdraw.mutate : undefined)}
            rows={people.data.invitations}
            rowKey={({ invitationId }) => invitationId}
          />
        </Section>
      )}
      {isInviting && (
        <InviteDialog
          integratorId={integratorId}
          onChanged={changed}
          onClose={() => setInviting(false)}
        />
      )}
      {leaving && (
        <StepUpDialog
          title={`End ${leaving.name}’s role?`}
          deed="End role"
          isDanger
          action={{
            type: 'role.end',
            integratorId,
            holderId: leaving.personId,
            role: leaving.role,
          }}
          act={(stepUp) => endRole(integratorId, leaving.personId, leaving.role, stepUp)}
          onDone={() => {
            setLeaving(undefined);
            toast('The role has ended');
            changed();
          }}
          onClose={() => setLeaving(undefined)}
        >
          <p>
            {leaving.name} can no longer act as {roleNames[leaving.role].toLowerCase()} here, from
            this moment on. Keys that they made go on working: revoke those that they know.
          </p>
        </StepUpDialog>
      )}
    </Page>
  );
}

function holderColumns(onEnd: ((holder: RoleHolder) => void) | undefined): Column<RoleHolder>[] {
  const shown: Column<RoleHolder>[] = [
    { key: 'name', label: 'Name', cell: ({ name }) => <strong>{name}</strong> },
    { key: 'email', label: 'E-mail', cell: ({ email }) => email ?? '' },
    { key: 'role', label: 'Role', cell: ({ role }) => roleNames[role] },
    {
      key: 'since',
      label: 'Since',
      cell: ({ since }) => <DateTime value={since} precision="day" />,
    },
  ];
  if (!onEnd) return shown;
  const acts: Column<RoleHolder> = {
    key: 'acts',
    label: 'What you can do',
    isActs: true,
    cell: (holder) => (
      <Button
        look="quiet"
        aria-label={`End role of ${holder.name} as ${roleNames[holder.role]}`}
        onPress={() => onEnd(holder)}
      >
        End role
      </Button>
    ),
  };
  return [...shown, acts];
}

function invitationColumns(
  onWithdraw: ((invitationId: string) => void) | undefined,
): Column<OpenInvitation>[] {
  const shown: Column<OpenInvitation>[] = [
    { key: 'role', label: 'As', cell: ({ role }) => roleNames[role] },
    { key: 'email', label: 'Sent to', cell: ({ email }) => email ?? 'By link' },
    {
      key: 'until',
      label: 'Works until',
      cell: ({ invitationEndsAt }) => <DateTime value={invitationEndsAt} />,
    },
  ];
  if (!onWithdraw) return shown;
  const acts: Column<OpenInvitation> = {
    key: 'acts',
    label: 'What you can do',
    isActs: true,
    cell: ({ invitationId, role }) => (
      <Button
        look="quiet"
        aria-label={`Withdraw the invitation as ${roleNames[role]}`}
        onPress={() => onWithdraw(invitationId)}
      >
        Withdraw
      </Button>
    ),
  };
  return [...shown, acts];
}
