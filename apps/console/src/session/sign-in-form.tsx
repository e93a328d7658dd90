/** Signing in, as a page shows it and as the dialog over a page whose session has ended does. */
import { useMutation, useQuery } from '@tanstack/react-query';
import type { Session } from '#libs/console-api/session.js';
import { beginSignIn, readSignInWays, signIn } from '#apps/console/src/api/session.js';
import { Button } from '#apps/console/src/ui/button.js';
import { ProblemNotice } from '#apps/console/src/ui/notice.js';
import { NoPasskeys } from './no-passkeys.js';
import { askPasskey, hasPasskeys } from './passkey-ceremonies.js';

async function signInWithPasskey(): Promise<Session> {
  const { ceremonyId, options } = await beginSignIn();
  return signIn({ ceremonyId, credential: await askPasskey(options) });
}

export function SignInForm({ onSignedIn }: { onSignedIn: (session: Session) => void }) {
  const ways = useQuery({
    queryKey: ['sign-in-ways'],
    queryFn: readSignInWays,
    staleTime: Infinity,
  });
  const attempt = useMutation({ mutationFn: signInWithPasskey, onSuccess: onSignedIn });
  const oidc = ways.data?.oidc;
  return (
    <div className="stack">
      {hasPasskeys() ? (
        <Button
          look="main"
          isPending={attempt.isPending}
          onPress={() => attempt.mutate()}
          autoFocus
        >
          Sign in with a passkey
        </Button>
      ) : (
        <NoPasskeys />
      )}
      {oidc && (
        <a className="button button--plain" href="/console/api/oidc/start">
          {oidc.label}
        </a>
      )}
      {attempt.isError && <ProblemNotice error={attempt.error} />}
    </div>
  );
}
