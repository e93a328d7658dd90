/** The first person of a newcomer: from then on they bring in their own. */
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type {
  CreatedInvitation,
  CreateInvitationRequest,
  PersonRole,
} from '#libs/console-api/session.js';
import { StepUpDialog } from '#apps/console/src/session/step-up-dialog.js';
import { Button } from '#apps/console/src/ui/button.js';
import { CodeLine } from '#apps/console/src/ui/copy-button.js';
import { Dialog, DialogActions } from '#apps/console/src/ui/dialog.js';
import { TextField } from '#apps/console/src/ui/text-field.js';

export interface InviteFirstProps {
  title: string;
  role: PersonRole;
  place: Record<string, string>;
  invite: (order: CreateInvitationRequest) => Promise<CreatedInvitation>;
  onClose: () => void;
}

export function InviteFirst({ title, role, place, invite, onClose }: InviteFirstProps) {
  const queries = useQueryClient();
  const [email, setEmail] = useState('');
  const [made, setMade] = useState<CreatedInvitation>();
  if (made) return <Made made={made} onClose={onClose} />;
  const order = { role, ...(email.trim() !== '' && { email: email.trim() }) };
  return (
    <StepUpDialog
      title={title}
      deed="Invite"
      action={{ type: 'invitation.create', ...place, ...order }}
      act={async (stepUp) => setMade(await invite({ ...order, stepUp }))}
      onDone={() => void queries.invalidateQueries({ queryKey: ['operator'] })}
      onClose={onClose}
    >
      <p>
        Make sure who it is before you invite them: they decide for the whole organisation. The
        invitation works once, for three days.
      </p>
      <TextField
        label="Mail address"
        hint="Leave it empty to hand over the link yourself"
        type="email"
        value={email}
        onChange={setEmail}
        maxLength={254}
      />
    </StepUpDialog>
  );
}

function Made({ made: { link }, onClose }: { made: CreatedInvitation; onClose: () => void }) {
  return (
    <Dialog title={link === undefined ? 'The invitation is on its way' : 'The invitation'} isOpen>
      <div className="stack">
        {link === undefined ? (
          <p>It was mailed. It works once, for three days.</p>
        ) : (
          <>
            <p>Hand this link to that person and nobody else. It is shown once.</p>
            <CodeLine text={link} what="the invitation’s link" />
          </>
        )}
      </div>
      <DialogActions>
        <Button look="main" onPress={onClose}>
          Done
        </Button>
      </DialogActions>
    </Dialog>
  );
}
