/** The first person of a newcomer: from then on they bring in their own. */
import { useQueryClient } from '@tanstack/react-query';
import type { PersonRole } from '#libs/console-api/session.js';
import { InviteDialog, type InviteDialogProps } from '#apps/console/src/people/invite-dialog.js';
import { roleNames } from '#apps/console/src/session/workplaces.js';

export interface InviteFirstProps extends Pick<InviteDialogProps, 'whose' | 'invite' | 'onClose'> {
  title: string;
  role: PersonRole;
}

export function InviteFirst({ role, ...dialog }: InviteFirstProps) {
  const queries = useQueryClient();
  return (
    <InviteDialog
      {...dialog}
      roles={[{ value: role, label: roleNames[role] }]}
      invited={{ title: 'The invitation' }}
      onInvited={() => void queries.invalidateQueries({ queryKey: ['operator'] })}
    >
      <p>
        Make sure who it is before you invite them: they decide for the whole organisation. The
        invitation works once, for three days.
      </p>
    </InviteDialog>
  );
}
