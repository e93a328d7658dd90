/** One request: who is asking, what they want, narrow it if you like, approve or decline. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate, useParams } from 'react-router';
import type { AccessRequest, DraftedPermission } from '#libs/console-api/practice.js';
import { draftApproval, readPermission, readRequest } from '#apps/console/src/api/practice.js';
import { Button, ButtonLink } from '#apps/console/src/ui/button.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import { Loading } from '#apps/console/src/ui/loading.js';
import { Notice, ProblemNotice } from '#apps/console/src/ui/notice.js';
import { Section } from '#apps/console/src/ui/page.js';
import { Declaration } from './declaration.js';
import { DeclineDialog } from './decline-dialog.js';
import { asChoices, asTerms, type Terms } from './permission-terms.js';
import { TermsForm } from './terms-form.js';
import { PracticePage, useIs, usePracticeId } from './practice-page.js';
import { declineWords } from './decline-words.js';
import { DecisionProblem, SignDialog } from './sign-dialog.js';

export default function Request() {
  const practiceId = usePracticeId();
  const { requestId = '' } = useParams();
  const request = useQuery({
    queryKey: ['practice', practiceId, 'request', requestId],
    queryFn: () => readRequest(practiceId, requestId),
  });
  const { integratorName: name, isMore = false } = request.data ?? {};
  const what = isMore ? 'for more' : 'for access';
  return (
    <PracticePage
      title={name === undefined ? 'A request' : `${name} asks ${what}`}
      lead={
        request.data && <>To {request.data.siteName}. Read, narrow it if you like, then decide.</>
      }
    >
      {request.isPending && <Loading />}
      {request.isError && <ProblemNotice error={request.error} />}
      {request.data && (
        <>
          <Declaration declared={request.data.integrator} />
          {request.data.state === 'pending' ? (
            <Decide practiceId={practiceId} request={request.data} />
          ) : (
            <Decided practiceId={practiceId} request={request.data} />
          )}
        </>
      )}
    </PracticePage>
  );
}

function Decided({ practiceId, request }: { practiceId: string; request: AccessRequest }) {
  const { state, decidedAt, declineReason, held } = request;
  return (
    <Notice
      title={state === 'approved' ? 'This request was approved' : 'This request was declined'}
      action={
        held && (
          <ButtonLink to={`/practices/${practiceId}/access/${held.grantId}`}>
            See what it may do
          </ButtonLink>
        )
      }
    >
      <p>
        {declineReason !== undefined && `${declineWords[declineReason]}. `}
        {decidedAt !== undefined && <DateTime value={decidedAt} />}
      </p>
    </Notice>
  );
}

interface Drafted {
  draft: DraftedPermission;
  scopes: readonly string[];
}

function Decide({ practiceId, request }: { practiceId: string; request: AccessRequest }) {
  const [terms, setTerms] = useState<Terms>(() => asTerms(request));
  const [isDeclining, setDeclining] = useState(false);
  const [drafted, setDrafted] = useState<Drafted>();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const running = request.running?.grantId;
  const { data: now } = useQuery({
    queryKey: ['practice', practiceId, 'permission', running],
    queryFn: () => readPermission(practiceId, running ?? ''),
    enabled: running !== undefined,
  });
  const isOwner = useIs('practice-owner');
  const mayDecline = useIs('practice-owner', 'practice-manager');
  const drafting = useMutation({
    mutationFn: async () => {
      const choices = await asChoices(terms, request);
      const draft = await draftApproval(practiceId, request.accessRequestId, choices);
      return { draft, scopes: choices.scopes };
    },
    onSuccess: setDrafted,
  });
  const leave = async (path: string) => {
    await queries.invalidateQueries({ queryKey: ['practice', practiceId] });
    await navigate(`/practices/${practiceId}/${path}`);
  };
  return (
    <>
      {request.held && (
        <Notice
          title="It has access here already"
          action={
            <ButtonLink to={`/practices/${practiceId}/access/${request.held.grantId}`}>
              See what it may do today
            </ButtonLink>
          }
        >
          <p>
            {request.running && 'What it asks for on top says “New”. '}
            What you approve takes the place of what it may do today. If you decline, that stays as
            it is.
          </p>
        </Notice>
      )}
      <Section title="What it may do">
        <TermsForm request={request} terms={terms} onChange={setTerms} isReadOnly={!mayDecline} />
      </Section>
      {drafting.isError && <DecisionProblem error={drafting.error} />}
      {!isOwner && mayDecline && (
        <Notice title="An owner approves">
          <p>You can decline. To approve it takes the passkey of an owner of the practice.</p>
        </Notice>
      )}
      <div className="cluster">
        {isOwner && (
          <Button look="main" isPending={drafting.isPending} onPress={() => drafting.mutate()}>
            Read and approve
          </Button>
        )}
        {mayDecline && (
          <Button look="danger" onPress={() => setDeclining(true)}>
            Decline
          </Button>
        )}
      </div>
      {drafted && (
        <SignDialog
          title={`Approve ${request.integratorName}?`}
          deed="Approve with passkey"
          {...{ practiceId, ...drafted }}
          before={now?.lines}
          answers={{ accessRequestId: request.accessRequestId, version: request.version }}
          onSigned={({ grantId }) => void leave(`access/${grantId}`)}
          onClose={() => setDrafted(undefined)}
        />
      )}
      {isDeclining && (
        <DeclineDialog
          practiceId={practiceId}
          request={request}
          onDone={() => void leave('requests')}
          onClose={() => setDeclining(false)}
        />
      )}
    </>
  );
}
