import { Dialog, DialogActions } from '#apps/console/src/ui/dialog.js';
import { Button } from '#apps/console/src/ui/button.js';
import { useSession } from './session-context.js';
import { SignInForm } from './sign-in-form.js';

/** Over the page whose session is over; signing in again leaves the page as it was. */
export function SessionEnded() {
  const { session, hasEnded, adopt } = useSession();
  return (
    <Dialog title="Your session has ended" isOpen={hasEnded === true} isAlert>
      <p>
        You have been away for a while, or signed out elsewhere. Sign in again as{' '}
        <strong>{session?.person.name}</strong> and go on where you were: this page keeps what you
        have written.
      </p>
      <SignInForm onSignedIn={adopt} />
      <DialogActions>
        <Button look="quiet" onPress={() => window.location.assign('/console/sign-in')}>
          Leave this page
        </Button>
      </DialogActions>
    </Dialog>
  );
}
