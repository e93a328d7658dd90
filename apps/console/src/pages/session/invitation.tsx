/**
 * Where an invitation's link leads. The code comes in the address's fragment, which no server sees;
 * it leaves the address bar at once, so that no bookmark and no history keeps it.
 */
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import type { Session } from '#libs/console-api/session.js';
import { openInvitation } from '#apps/console/src/api/session.js';
import { useSession } from '#apps/console/src/session/session-context.js';
import { ButtonLink } from '#apps/console/src/ui/button.js';
import { Loading } from '#apps/console/src/ui/loading.js';
import { ProblemNotice } from '#apps/console/src/ui/notice.js';
import { PageTitle } from '#apps/console/src/ui/page.js';
import { AcceptAsNewcomer, AcceptAsKnown } from './accept-invitation.js';
import { InvitationWords } from './invitation-words.js';

/** Kept for a reload of this tab only. */
const KEPT = 'invitation';

function takeCode(): string {
  const fromAddress = decodeURIComponent(window.location.hash.slice(1));
  if (fromAddress === '') return sessionStorage.getItem(KEPT) ?? '';
  sessionStorage.setItem(KEPT, fromAddress);
  window.history.replaceState(window.history.state, '', window.location.pathname);
  return fromAddress;
}

export default function Invitation() {
  const [code] = useState(takeCode);
  const { session, hasEnded, adopt } = useSession();
  const navigate = useNavigate();
  const invitation = useQuery({
    queryKey: ['invitation'],
    queryFn: () => openInvitation(code),
    enabled: code !== '',
    retry: false,
    staleTime: Infinity,
  });
  const done = useMutation({
    mutationFn: async (accepted: Session) => {
      sessionStorage.removeItem(KEPT);
      adopt(accepted);
      await navigate('/', { replace: true });
    },
  });
  const [over, setOver] = useState<Error>();
  if (code === '') return <NoCode />;
  if (invitation.isPending || session === undefined) return <Loading />;
  const isSignedIn = session !== null && !hasEnded;
  if (over) return <Unusable error={over} isSignedIn={isSignedIn} />;
  if (invitation.isError) return <Unusable error={invitation.error} isSignedIn={isSignedIn} />;
  const Form = isSignedIn ? AcceptAsKnown : AcceptAsNewcomer;
  return (
    <div className="card">
      <PageTitle title="You are invited" />
      <InvitationWords invitation={invitation.data} />
      <Form code={code} onAccepted={done.mutate} onOver={setOver} />
    </div>
  );
}

function NoCode() {
  return (
    <div className="card">
      <PageTitle title="The link is not whole" />
      <p className="page__lead">
        Open the invitation’s link again, or copy all of it, to the last letter, into the address
        bar.
      </p>
    </div>
  );
}

/** Whoever is signed in keeps what they have. */
function Unusable({ error, isSignedIn }: { error: Error; isSignedIn: boolean }) {
  return (
    <div className="card">
      <PageTitle title="This invitation can’t be used" />
      <ProblemNotice error={error} />
      {isSignedIn ? (
        <ButtonLink to="/">Go to your pages</ButtonLink>
      ) : (
        <ButtonLink to="/sign-in">Go to sign in</ButtonLink>
      )}
    </div>
  );
}
