/** An invitation, whoever sends it: as what, to whom, and the link where it is not mailed. */
import { useState, type ReactNode } from 'react';
import type {
  CreatedInvitation,
  CreateInvitationRequest,
  PersonRole,
} from '#libs/console-api/session.js';
import type { Organisation } from '#apps/console/src/api/people.js';
import { StepUpDialog } from '#apps/console/src/session/step-up-dialog.js';
import { RadioGroup } from '#apps/console/src/ui/choices.js';
import { Select } from '#apps/console/src/ui/select.js';
import { TextField } from '#apps/console/src/ui/text-field.js';
import { Invited, type InvitedLook } from './invited.js';

export interface RoleChoice {
  value: PersonRole;
  label: string;
  hint?: string;
  /** For how many days it may be held; absent: it has no end. */
  days?: readonly string[];
}

export interface InviteDialogProps {
  title?: string;
  whose: Organisation;
  /** The first is chosen at first; one alone is no question. */
  roles: readonly [RoleChoice, ...RoleChoice[]];
  invite: (order: CreateInvitationRequest) => Promise<CreatedInvitation>;
  invited?: InvitedLook;
  /** Said before anything is asked. */
  children?: ReactNode;
  onInvited: () => void;
  onClose: () => void;
}

const DAY_MS = 86_400_000;

export function InviteDialog(props: InviteDialogProps) {
  const { title = 'Invite somebody', whose, roles, invite, invited, children } = props;
  const { onInvited, onClose } = props;
  const [role, setRole] = useState<string>(roles[0].value);
  const [email, setEmail] = useState('');
  const [days, setDays] = useState('30');
  const [openedAt] = useState(() => Date.now());
  const [made, setMade] = useState<CreatedInvitation>();
  if (made) return <Invited made={made} onClose={onClose} {...invited} />;
  const lasts = roles.find(({ value }) => value === role)?.days;
  // A minute less than the days: the end must be within them when it arrives.
  const expiresAt = new Date(openedAt + Number(days) * DAY_MS - 60_000).toISOString();
  const said = {
    role: role as PersonRole,
    ...(email.trim() !== '' && { email: email.trim() }),
    ...(lasts && { expiresAt }),
  };
  return (
    <StepUpDialog
      title={title}
      deed="Invite"
      action={{ type: 'invitation.create', ...whose, ...said }}
      act={async (stepUp) => {
        setMade(await invite({ ...said, stepUp }));
        onInvited();
      }}
      onDone={() => undefined}
      onClose={onClose}
    >
      {children}
      {roles.length > 1 && (
        <RadioGroup label="As" choices={roles} value={role} onChange={setRole} />
      )}
      {lasts && (
        <Select
          label="For how long"
          options={lasts.map((value) => ({ value, label: `${value} days` }))}
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
