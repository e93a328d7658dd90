import type { ReactNode } from 'react';
import type { RoleHolder } from '#libs/console-api/session.js';
import { endRole, type Organisation } from '#apps/console/src/api/people.js';
import { useSignedIn } from '#apps/console/src/session/session-context.js';
import { StepUpDialog } from '#apps/console/src/session/step-up-dialog.js';
import { roleNames } from '#apps/console/src/session/workplaces.js';

export interface EndRoleDialogProps {
  whose: Organisation;
  holder: RoleHolder;
  /** What the end does not reach, if anything. */
  children: ReactNode;
  onDone: () => void;
  onClose: () => void;
}

export function EndRoleDialog({ whose, holder, children, onDone, onClose }: EndRoleDialogProps) {
  const { personId, role, name } = holder;
  const isOwn = useSignedIn().person.personId === personId;
  return (
    <StepUpDialog
      title={isOwn ? 'End your own role?' : `End ${name}’s role?`}
      deed="End role"
      isDanger
      action={{ type: 'role.end', ...whose, holderId: personId, role }}
      act={(stepUp) => endRole(whose, personId, role, stepUp)}
      onDone={onDone}
      onClose={onClose}
    >
      <p>
        {isOwn ? 'You' : name} can no longer act as {roleNames[role].toLowerCase()} here, from this
        moment on. What was decided before stays as it is.
      </p>
      {children}
    </StepUpDialog>
  );
}
