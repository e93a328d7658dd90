/** One request or complaint: its clock, what is left to do, and what was done by whom. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useParams } from 'react-router';
import type { PrivacyRequest } from '#libs/console-api/privacy.js';
import { readPrivacyRequest, reopenPrivacyRequest } from '#apps/console/src/api/privacy.js';
import { Button } from '#apps/console/src/ui/button.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import { Facts } from '#apps/console/src/ui/facts.js';
import { Loading } from '#apps/console/src/ui/loading.js';
import { Notice, ProblemNotice } from '#apps/console/src/ui/notice.js';
import { Section } from '#apps/console/src/ui/page.js';
import { PracticePage, useIs, usePracticeId } from './practice-page.js';
import { PrivacyAdvice } from './privacy-advice.js';
import { PrivacyClock } from './privacy-clock.js';
import { EndDialog, IdentityDialog, NoteDialog, RouteDialog } from './privacy-dialogs.js';
import { dayWords, groundWords, identityWords, kindWords, stepWords } from './privacy-words.js';

export default function PrivacyRequestPage() {
  const practiceId = usePracticeId();
  const { requestId = '' } = useParams();
  const request = useQuery({
    queryKey: ['practice', practiceId, 'privacy', requestId],
    queryFn: () => readPrivacyRequest(practiceId, requestId),
  });
  const { data } = request;
  return (
    <PracticePage
      title={data === undefined ? 'A request' : `${kindWords[data.kind]} ${data.reference}`}
      lead={data && <>Came on {dayWords(data.receivedOn)}.</>}
    >
      {request.isPending && <Loading />}
      {request.isError && !data && <ProblemNotice error={request.error} />}
      {data && <Shown practiceId={practiceId} request={data} />}
    </PracticePage>
  );
}

interface ShownProps {
  practiceId: string;
  request: PrivacyRequest;
}

function Shown({ practiceId, request }: ShownProps) {
  const mayAct = useIs('practice-owner', 'practice-manager');
  const { identity, routedTo } = request;
  return (
    <>
      <Facts
        facts={[
          { label: 'Clock', value: <PrivacyClock {...request} /> },
          {
            label: 'Who asks',
            value: identity === undefined ? 'Not checked yet' : identityWords[identity],
          },
          { label: 'Who answers', value: routedTo?.name ?? 'The practice' },
        ]}
      />
      {mayAct && <Acts practiceId={practiceId} request={request} />}
      <PrivacyAdvice request={request} />
      <Section title="What was done">
        <ol className="panels">
          {request.steps.map((step, i) => (
            <li key={i} className="panel">
              <p>
                <strong>{stepWords(step)}</strong>
                {step.byName !== undefined && <> by {step.byName}</>}, <DateTime value={step.at} />
              </p>
              {step.grounds?.map((ground) => (
                <p key={ground}>{groundWords[ground]}.</p>
              ))}
              {step.note !== undefined && <p>{step.note}</p>}
            </li>
          ))}
        </ol>
      </Section>
    </>
  );
}

type Act = 'identity' | 'route' | 'note' | 'end';

function Acts({ practiceId, request }: ShownProps) {
  const { requestId, outcome } = request;
  const [act, setAct] = useState<Act>();
  const queries = useQueryClient();
  const done = async () => {
    setAct(undefined);
    await queries.invalidateQueries({ queryKey: ['practice', practiceId, 'privacy'] });
  };
  const reopen = useMutation({
    mutationFn: () => reopenPrivacyRequest(practiceId, requestId),
    onSuccess: done,
  });
  const shared = {
    practiceId,
    request,
    onDone: () => void done(),
    onClose: () => setAct(undefined),
  };
  return (
    <>
      <div className="cluster">
        {outcome === undefined ? (
          <>
            <Button look="main" onPress={() => setAct('end')}>
              Answer or refuse
            </Button>
            <Button onPress={() => setAct('identity')}>Note the identity check</Button>
            <Button onPress={() => setAct('route')}>Change who answers</Button>
          </>
        ) : (
          <Button isPending={reopen.isPending} onPress={() => reopen.mutate()}>
            Open it again
          </Button>
        )}
        <Button onPress={() => setAct('note')}>Add a note</Button>
      </div>
      {reopen.isError && <ProblemNotice error={reopen.error} />}
      {outcome === undefined && request.identity === undefined && (
        <Notice title="First: is it really that person?">
          <p>
            Check who asks before anything is given or corrected. Note here how you checked it, not
            what you were shown.
          </p>
        </Notice>
      )}
      {act === 'identity' && <IdentityDialog {...shared} />}
      {act === 'route' && <RouteDialog {...shared} />}
      {act === 'note' && <NoteDialog {...shared} />}
      {act === 'end' && <EndDialog {...shared} />}
    </>
  );
}
