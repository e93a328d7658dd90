import { useState } from 'react';
import type { ActionText, CreatedInvitation, PersonRole } from '#libs/console-api/session.js';
import { invite } from '#apps/console/src/api/practice.js';
import { StepUpDialog } from '#apps/console/src/session/step-up-dialog.js';
import { Button } from '#apps/console/src/ui/button.js';
import { RadioGroup } from '#apps/console/src/ui/choices.js';
import { CodeLine } from '#apps/console/src/ui/copy-button.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import { Dialog, DialogActions } from '#apps/console/src/ui/dialog.js';
import { Select } from '#apps/console/src/ui/select.js';
import { TextField } from '#apps/console/src/ui/text-field.js';

const roles: { value: PersonRole; label: string; hint: string }[] = [
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
  },
];

const DAY_MS = 86_400_000;
const technicianDays = ['7', '30', '90'];

export interface InviteDialogProps {
  practiceId: string;
  onChanged: () => void;
  onClose: () => void;
}

export function InviteDialog({ practiceId, onChanged, onClose }: InviteDialogProps) {
  const [role, setRole] = useState<string>('practice-manager');
  const [email, setEmail] = useState('');
  const [days, setDays] = useState('30');
  const [openedAt] = useState(() => Date.now());
  const [made, setMade] = useState<CreatedInvitation>();
  if (made) return <Made made={made} onClose={onClose} />;
  // A minute less than the days: the end must be within them when it arrives.
  const expiresAt = new Date(openedAt + Number(days) * DAY_MS - 60_000).toISOString();
  const said = {
    role: role as PersonRole,
    ...(email.trim() !== '' && { email: email.trim() }),
    ...(role === 'msp-technician' && { expiresAt }),
  };
  const action: ActionText = { type: 'invitation.create', practiceId, ...said };
  return (
    <StepUpDialog
      title="Invite somebody"
      deed="Invite"
      action={action}
      act={async (stepUp) => {
        setMade(await invite(practiceId, { ...said, stepUp }));
        onChanged();
      }}
      onDone={() => undefined}
      onClose={onClose}
    >
      <RadioGroup label="As" choices={roles} value={role} onChange={setRole} />
      {role === 'msp-technician' && (
        <Select
          label="For how long"
          options={technicianDays.map((value) => ({ value, label: `${value} days` }))}
          value={days}
          onChange={setDays}
        />
      )}
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

function Made({ made, onClose }: { made: CreatedInvitation; onClose: () => void }) {
  return (
    <Dialog title="Invited" isOpen onClose={onClose}>
      {made.link === undefined ? (
        <p>The invitation is on its way by e-mail.</p>
      ) : (
        <>
          <p>Pass this link on. It is shown only now, and works for one person, once.</p>
          <CodeLine text={made.link} what="the link" />
        </>
      )}
      <p className="quiet">
        It works until <DateTime value={made.invitationEndsAt} />.
      </p>
      <DialogActions>
        <Button look="main" onPress={onClose}>
          Done
        </Button>
      </DialogActions>
    </Dialog>
  );
}
