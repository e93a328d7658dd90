import type { CreatedInvitation } from '#libs/console-api/session.js';
import { Button } from '#apps/console/src/ui/button.js';
import { CodeLine } from '#apps/console/src/ui/copy-button.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import { Dialog, DialogActions } from '#apps/console/src/ui/dialog.js';

/** How it stands beside what else its pages show only once. */
export interface InvitedLook {
  title?: string;
  isAlert?: boolean;
  /** On the button that lets it go. */
  done?: string;
}

interface InvitedProps extends InvitedLook {
  made: CreatedInvitation;
  onClose: () => void;
}

/** What became of an invitation; Escape does not lose its link, which nobody is shown again. */
export function Invited(props: InvitedProps) {
  const { made, title = 'Invited', isAlert = false, done = 'Done', onClose } = props;
  return (
    <Dialog title={title} isOpen isAlert={isAlert}>
      {made.link === undefined ? (
        <p>The invitation is on its way by e-mail.</p>
      ) : (
        <>
          <p>
            Pass this link on, to that person and nobody else. It is shown only now, and works for
            one person, once.
          </p>
          <CodeLine text={made.link} what="the link" />
        </>
      )}
      <p className="quiet">
        It works until <DateTime value={made.invitationEndsAt} />.
      </p>
      <DialogActions>
        <Button look="main" onPress={onClose}>
          {done}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
