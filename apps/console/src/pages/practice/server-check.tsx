/** What the doctor on the server found when it tried the database logins, and having it try again. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ServiceAgent } from '#libs/console-api/practice.js';
import { checkServer } from '#apps/console/src/api/practice.js';
import { Badge } from '#apps/console/src/ui/badge.js';
import { Button } from '#apps/console/src/ui/button.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import { Notice, ProblemNotice } from '#apps/console/src/ui/notice.js';

interface ServerCheckProps {
  practiceId: string;
  agent: ServiceAgent;
}

export function ServerCheck({ practiceId, agent }: ServerCheckProps) {
  const { agentId, availability, state, check } = agent;
  const queries = useQueryClient();
  const begin = useMutation({
    mutationFn: () => checkServer(practiceId, agentId),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['practice', practiceId, 'service'] }),
  });
  const isUnderWay = check?.isUnderWay === true;
  const mayBegin = availability === 'online' && state === 'active';
  return (
    <div className="stack">
      <h4>Database logins</h4>
      <div role="status">
        {isUnderWay ? <p>The server is trying its database logins…</p> : <Found agent={agent} />}
      </div>
      {mayBegin && (
        <p>
          <Button isPending={begin.isPending || isUnderWay} onPress={() => begin.mutate()}>
            Check the logins now
          </Button>
        </p>
      )}
      {!mayBegin && (
        <p className="quiet">
          The server is not connected. On it, <code>conduit-agent doctor</code> does the same check.
        </p>
      )}
      {begin.isError && <ProblemNotice error={begin.error} />}
    </div>
  );
}

function Found({ agent: { doctor, check } }: { agent: ServiceAgent }) {
  if (check?.problem) {
    return (
      <Notice tone="warning" title="The last check did not come to an end">
        <p>
          {check.problem.title} {check.problem.remedy}
        </p>
      </Notice>
    );
  }
  if (!doctor) {
    return (
      <p className="quiet">
        Not checked yet. The check tries what each login must not be able to do; it changes nothing.
      </p>
    );
  }
  const bad = doctor.findings.filter(({ ok }) => !ok);
  return (
    <>
      <p>
        Checked <DateTime value={doctor.at} />:{' '}
        {bad.length === 0 ? 'all is well.' : `${bad.length} to look at.`}
      </p>
      {bad.length > 0 && (
        <ul>
          {bad.map(({ check: name, siteName, severity }) => (
            <li key={`${siteName ?? ''} ${name}`}>
              <Badge tone={severity === 'critical' ? 'bad' : 'warning'}>{severity}</Badge>{' '}
              <code>{name}</code> {siteName}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
