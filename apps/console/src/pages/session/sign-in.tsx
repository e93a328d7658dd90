import { Navigate, useSearchParams } from 'react-router';
import { useSession } from '#apps/console/src/session/session-context.js';
import { SignInForm } from '#apps/console/src/session/sign-in-form.js';
import { PageTitle } from '#apps/console/src/ui/page.js';
import { WayBack } from './way-back.js';

/** Only a path of the console itself: the address bar is anybody's to write. */
function safePath(next: string | null): string {
  return next !== null && /^\/(?![/\\])[\w\-./~%]*$/.test(next) ? next : '/';
}

export default function SignIn() {
  const { session, hasEnded, adopt } = useSession();
  const [search] = useSearchParams();
  if (session && !hasEnded) return <Navigate to={safePath(search.get('next'))} replace />;
  return (
    <div className="card">
      <PageTitle title="Sign in" />
      <WayBack />
      <p className="page__lead">
        Use the passkey you made on this device, on your phone, or in your password manager.
      </p>
      <SignInForm onSignedIn={adopt} />
      <p className="card__foot">
        No passkey yet? It begins with an invitation. Ask the owner of your practice, the
        administrator of your company, or Conduit’s staff for one.
      </p>
    </div>
  );
}
