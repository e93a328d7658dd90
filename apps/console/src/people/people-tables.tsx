/** Who is here, and who was invited and is not here yet. */
import type { OpenInvitation, RoleHolder } from '#libs/console-api/session.js';
import { roleNames } from '#apps/console/src/session/workplaces.js';
import { Button } from '#apps/console/src/ui/button.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import { actsColumn, Table, type Column } from '#apps/console/src/ui/table.js';

interface HolderTableProps {
  holders: readonly RoleHolder[];
  /** Some roles here are held for a time. */
  hasEnds: boolean;
  /** Absent: it is not for the person at the keyboard to end roles. */
  onEnd: ((holder: RoleHolder) => void) | undefined;
}

export function HolderTable({ holders, hasEnds, onEnd }: HolderTableProps) {
  return (
    <Table
      caption="People and their roles"
      columns={[
        ...holderColumns,
        ...(hasEnds ? [untilColumn] : []),
        ...(onEnd ? [endColumn(onEnd)] : []),
      ]}
      rows={holders}
      rowKey={({ personId, role }) => `${personId} ${role}`}
    />
  );
}

const holderColumns: Column<RoleHolder>[] = [
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
  { key: 'since', label: 'Since', cell: ({ since }) => <DateTime value={since} precision="day" /> },
];

const untilColumn: Column<RoleHolder> = {
  key: 'until',
  label: 'Until',
  cell: ({ expiresAt }) =>
    expiresAt === undefined ? 'No end' : <DateTime value={expiresAt} precision="day" />,
};

const endColumn = (onEnd: (holder: RoleHolder) => void): Column<RoleHolder> => ({
  ...actsColumn,
  cell: (holder) => (
    <Button
      look="quiet"
      aria-label={`End role of ${holder.name} as ${roleNames[holder.role]}`}
      onPress={() => onEnd(holder)}
    >
      End role
    </Button>
  ),
});

interface InvitationTableProps {
  invitations: readonly OpenInvitation[];
  /** Absent: it is not for the person at the keyboard to withdraw any. */
  onWithdraw: ((invitationId: string) => void) | undefined;
}

export function InvitationTable({ invitations, onWithdraw }: InvitationTableProps) {
  return (
    <Table
      caption="Open invitations"
      columns={[...invitationColumns, ...(onWithdraw ? [withdrawColumn(onWithdraw)] : [])]}
      rows={invitations}
      rowKey={({ invitationId }) => invitationId}
    />
  );
}

const invitationColumns: Column<OpenInvitation>[] = [
  { key: 'role', label: 'As', cell: ({ role }) => roleNames[role] },
  { key: 'email', label: 'Sent to', cell: ({ email }) => email ?? 'By link' },
  {
    key: 'until',
    label: 'Works until',
    cell: ({ invitationEndsAt }) => <DateTime value={invitationEndsAt} />,
  },
];

const withdrawColumn = (onWithdraw: (invitationId: string) => void): Column<OpenInvitation> => ({
  ...actsColumn,
  cell: ({ invitationId, role }) => (
    <Button
      look="quiet"
      aria-label={`Withdraw the invitation as ${roleNames[role]}`}
      onPress={() => onWithdraw(invitationId)}
    >
      Withdraw
    </Button>
  ),
});
