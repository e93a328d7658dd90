/** The second way to sign in, where the console has one: an account that a person has at work. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import {
  linkAccount,
  readLinkedAccount,
  readSignInWays,
  unlinkAccount,
} from '#apps/console/src/api/session.js';
import { StepUpDialog } from '#apps/console/src/session/step-up-dialog.js';
import { Button } from '#apps/console/src/ui/button.js';
import { ProblemNotice } from '#apps/console/src/ui/notice.js';
import { Section } from '#apps/console/src/ui/page.js';
import { toast } from '#apps/console/src/ui/toast.js';

const KEY = ['linked-account'];

export function WorkAccount() {
  const queries = useQueryClient();
  const ways = useQuery({
    queryKey: ['sign-in-ways'],
    queryFn: readSignInWays,
    staleTime: Infinity,
  });
  const account = useQuery({
    queryKey: KEY,
    queryFn: readLinkedAccount,
    enabled: ways.data?.oidc !== undefined,
  });
  const [isAsking, setAsking] = useState(false);
  const close = () => setAsking(false);
  if (!ways.data?.oidc) return null;
  const isLinked = account.data?.isLinked === true;
  return (
    <Section
      title="Your work account"
      lead="A second way to sign in. What you decide is still confirmed with a passkey."
    >
      {account.isError && <ProblemNotice error={account.error} />}
      {account.data && (
        <p className="cluster">
          {isLinked ? 'An account is linked.' : 'No account is linked.'}
          <Button onPress={() => setAsking(true)}>
            {isLinked ? 'Unlink account' : 'Link an account'}
          </Button>
        </p>
      )}
      {isAsking && !isLinked && (
        <StepUpDialog
          title="Link your work account?"
          deed="Link account"
          action={{ type: 'identity.link' }}
          act={async (stepUp) => window.location.assign((await linkAccount(stepUp)).url)}
          onDone={close}
          onClose={close}
        >
          <p>
            You are taken to your provider’s page to sign in there, and come back. From then on,
            that account lets you in here.
          </p>
        </StepUpDialog>
      )}
      {isAsking && isLinked && (
        <StepUpDialog
          title="Unlink your work account?"
          deed="Unlink account"
          isDanger
          action={{ type: 'identity.unlink' }}
          act={unlinkAccount}
          onDone={() => {
            close();
            toast('Work account unlinked');
            void queries.invalidateQueries({ queryKey: KEY });
          }}
          onClose={close}
        >
          <p>It no longer lets you in here. Your passkeys stay.</p>
        </StepUpDialog>
      )}
    </Section>
  );
}
