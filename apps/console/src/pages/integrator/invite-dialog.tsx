import { useState } from 'react';
import type { CreatedInvitation, PersonRole } from '#libs/console-api/session.js';
import { invite } from '#apps/console/src/api/integrator.js';
import { StepUpDialog } from '#apps/console/src/session/step-up-dialog.js';
import { RadioGroup } from '#apps/console/src/ui/choices.js';
import { toast } from '#apps/console/src/ui/toast.js';
import { TextField } from '#apps/console/src/ui/text-field.js';
import { ShownOnce } from './shown-once.js';

const roles: { value: PersonRole; label: string; hint: string }[] = [
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

export interface InviteDialogProps {
  integratorId: string;
  onChanged: () => void;
  onClose: () => void;
}

export function InviteDialog({ integratorId, onChanged, onClose }: InviteDialogProps) {
  const [role, setRole] = useState<string>('integrator-developer');
  const [email, setEmail] = useState('');
  const [made, setMade] = useState<CreatedInvitation>();
  const said = {
    role: role as PersonRole,
    ...(email.trim() !== '' && { email: email.trim() }),
  };
  if (made?.link !== undefined) {
    return (
      <ShownOnce
        title="Invited"
        text={made.link}
        what="the link"
        words="Pass this link on. It is shown only now, and works for one person, once."
        onClose={onClose}
      />
    );
  }
  return (
    <StepUpDialog
      title="Invite somebody"
      deed="Invite"
      action={{ type: 'invitation.create', integratorId, ...said }}
      act={async (stepUp) => {
        const invitation = await invite(integratorId, { ...said, stepUp });
        onChanged();
        if (invitation.link !== undefined) return setMade(invitation);
        toast('The invitation is on its way by e-mail');
        onClose();
      }}
      onDone={() => undefined}
      onClose={onClose}
    >
      <RadioGroup label="As" choices={roles} value={role} onChange={setRole} />
      <TextField
        label="E-mail"
        hint="Leave it empty to get a link that you pass on yourself."
        type="email"
        value={email}
        onChange={setEmail}
        maxLength={254}
      />
    </StepUpDialog>
  );
}
