/**
 * Says in words what is about to be done and has it confirmed with a passkey. `act` gets what its call
 * must carry; when the call fails, the dialog stays and says why, and nothing on the page is lost.
 */
import { useMutation } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { ActionText, StepUp } from '#libs/console-api/session.js';
import { Button } from '#apps/console/src/ui/button.js';
import { Dialog, DialogActions } from '#apps/console/src/ui/dialog.js';
import { ProblemNotice } from '#apps/console/src/ui/notice.js';
import { NoPasskeys } from './no-passkeys.js';
import { hasPasskeys } from './passkey-ceremonies.js';
import { stepUp } from './step-up.js';

export interface StepUpDialogProps {
  title: string;
  /** Plain words: what happens, to whom, and whether it can be undone. */
  children: ReactNode;
  /** The deed on the button, e.g. `Revoke access`. */
  deed: string;
  isDanger?: boolean;
  action: ActionText;
  act: (stepUp: StepUp) => Promise<unknown>;
  /** After the act; `onClose` is not called then. */
  onDone: () => void;
  onClose: () => void;
}

/** Rendered while it is asked for: `{asking && <StepUpDialog … />}`. */
export function StepUpDialog(props: StepUpDialogProps) {
  const { title, children, deed, isDanger = false, action, act, onDone, onClose } = props;
  const confirmation = useMutation({
    mutationFn: async () => act(await stepUp(action)),
    onSuccess: onDone,
  });
  return (
    <Dialog title={title} isOpen isAlert onClose={onClose}>
      <div className="stack">{children}</div>
      {hasPasskeys() ? (
        <p className="quiet">Your device asks for your passkey, for this act alone.</p>
      ) : (
        <NoPasskeys />
      )}
      {confirmation.isError && <ProblemNotice error={confirmation.error} />}
      <DialogActions>
        <Button look="quiet" onPress={onClose} isDisabled={confirmation.isPending}>
          Cancel
        </Button>
        <Button
          look={isDanger ? 'danger' : 'main'}
          isPending={confirmation.isPending}
          isDisabled={!hasPasskeys()}
          onPress={() => confirmation.mutate()}
        >
          {deed}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
