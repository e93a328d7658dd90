/** First trust: whose passkeys the practice's server accepts, and how it learns of one. */
import { useQuery } from '@tanstack/react-query';
import type { Approver, Approvers as Shown } from '#libs/console-api/practice.js';
import { readApprovers } from '#apps/console/src/api/practice.js';
import { useWhileAttended } from '#apps/console/src/api/while-attended.js';
import { Badge } from '#apps/console/src/ui/badge.js';
import { CodeLine } from '#apps/console/src/ui/copy-button.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import { Empty } from '#apps/console/src/ui/empty.js';
import { Loading } from '#apps/console/src/ui/loading.js';
import { Notice, ProblemNotice } from '#apps/console/src/ui/notice.js';
import { Section } from '#apps/console/src/ui/page.js';
import { PracticePage, usePracticeId } from './practice-page.js';

const REFRESH_MS = 3_000;

export default function Approvers() {
  const practiceId = usePracticeId();
  const approvers = useQuery({
    queryKey: ['practice', practiceId, 'approvers'],
    queryFn: () => readApprovers(practiceId),
    refetchInterval: useWhileAttended(REFRESH_MS),
  });
  return (
    <PracticePage
      title="Approvers"
      lead="Only passkeys that the practice’s own server knows can approve software. Nobody else can add one, not even Conduit’s staff."
    >
      {approvers.isPending && <Loading />}
      {approvers.isError && !approvers.data && <ProblemNotice error={approvers.error} />}
      {approvers.data && <Parts {...approvers.data} />}
    </PracticePage>
  );
}

function Parts({ approvers, servers }: Shown) {
  const waiting = approvers.filter(({ admitted }) => admitted.length < servers.length);
  const admitted = approvers.filter((one) => one.admitted.length > 0);
  if (servers.length === 0) {
    return (
      <Empty title="No server is set up yet">
        Your IT provider first installs Conduit on the practice’s server.
      </Empty>
    );
  }
  return (
    <>
      {waiting.length > 0 && <Admit waiting={waiting} isOnline={servers.some((s) => s.isOnline)} />}
      <Section title="Can approve">
        {admitted.length === 0 ? (
          <Empty title="Nobody yet">
            Once the server has admitted a passkey of an owner, it stands here.
          </Empty>
        ) : (
          <ul className="panels">
            {admitted.map((one) => (
              <li key={one.passkeyId} className="panel">
                <div className="spread">
                  <h3>
                    {one.personName}
                    {one.isOwn && ' (you)'}
                  </h3>
                  <Badge tone="good">Can approve</Badge>
                </div>
                <p className="quiet">{one.passkeyName}</p>
                {one.admitted.map(({ agentId, siteNames, at }) => (
                  <p key={agentId}>
                    Admitted on the server of {siteNames.join(', ')} since <DateTime value={at} />.
                  </p>
                ))}
              </li>
            ))}
          </ul>
        )}
      </Section>
    </>
  );
}

function Admit({ waiting, isOnline }: { waiting: Approver[]; isOnline: boolean }) {
  const ordered = [...waiting].sort((a, b) => Number(b.isOwn) - Number(a.isOwn));
  return (
    <Section
      title="Admit a passkey"
      lead="Do this on the practice’s server, or have your IT provider do it while you are on the phone."
    >
      {!isOnline && (
        <Notice tone="warning" title="The server is not connected at the moment">
          <p>Start Conduit there first; then go on here.</p>
        </Notice>
      )}
      <ol className="panels">
        <li className="stack">
          <p>1. On the server, open a command window and type:</p>
          <CodeLine text="conduit-agent approvers add" what="the command" />
        </li>
        <li className="stack">
          <p>
            2. It shows a name and six words. They must be the words below. Then type them there.
          </p>
          {ordered.map((one) => (
            <div key={one.passkeyId} className="panel">
              <h3>
                {one.personName}
                {one.isOwn && ' (you)'}, {one.passkeyName}
              </h3>
              <p className="six-words" data-testid="six-words">
                {one.sixWords}
              </p>
            </div>
          ))}
        </li>
        <li>
          <p>
            3. That’s all. This page says so as soon as the server has admitted it. If the words are
            different, stop and tell Conduit’s support.
          </p>
        </li>
      </ol>
    </Section>
  );
}
