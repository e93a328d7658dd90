/** For whoever looks after the server: is the service well, and setting it up. Nothing of records or people. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Service as Shown, ServiceAgent } from '#libs/console-api/practice.js';
import { readLogBundle, readService } from '#apps/console/src/api/practice.js';
import { useWhileAttended } from '#apps/console/src/api/while-attended.js';
import { Badge } from '#apps/console/src/ui/badge.js';
import { Button } from '#apps/console/src/ui/button.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import { Empty } from '#apps/console/src/ui/empty.js';
import { Facts } from '#apps/console/src/ui/facts.js';
import { Loading } from '#apps/console/src/ui/loading.js';
import { Notice, ProblemNotice } from '#apps/console/src/ui/notice.js';
import { Section } from '#apps/console/src/ui/page.js';
import { InstallCodes } from './install-codes.js';
import { PracticePage, usePracticeId } from './practice-page.js';
import { ServerCheck } from './server-check.js';
import { saveFile } from '#apps/console/src/ui/save-file.js';
import { UpdateWindow } from './update-window.js';
import { siteState } from './site-words.js';

const REFRESH_MS = 5_000;
/** A certificate lives a day and is renewed at half of it. */
const LATE_MS = 6 * 3_600_000;

const isAboutToEnd = (endsAt: string | undefined): boolean =>
  endsAt !== undefined && Date.parse(endsAt) - Date.now() < LATE_MS;

export default function Service() {
  const practiceId = usePracticeId();
  const service = useQuery({
    queryKey: ['practice', practiceId, 'service'],
    queryFn: () => readService(practiceId),
    refetchInterval: useWhileAttended(REFRESH_MS),
  });
  return (
    <PracticePage
      title="Server"
      lead="How Conduit’s service on the practice’s server is. No record, no request and no person shows here."
      {...(service.data && { timeZone: service.data.timeZone })}
      actions={<LogBundleButton practiceId={practiceId} />}
    >
      {service.isPending && <Loading />}
      {service.isError && !service.data && <ProblemNotice error={service.error} />}
      {service.data && <Parts practiceId={practiceId} service={service.data} />}
    </PracticePage>
  );
}

function Parts({ practiceId, service }: { practiceId: string; service: Shown }) {
  const live = service.agents.filter(({ state }) => state !== 'revoked');
  return (
    <>
      <Section title="The service">
        {live.length === 0 ? (
          <Empty title="Not set up yet">
            Make an install code below, then use it on the server.
          </Empty>
        ) : (
          <ul className="panels">
            {live.map((agent) => (
              <li key={agent.agentId} className="panel">
                <AgentPanel practiceId={practiceId} agent={agent} />
              </li>
            ))}
          </ul>
        )}
      </Section>
      <InstallCodes practiceId={practiceId} service={service} />
    </>
  );
}

function AgentPanel({ practiceId, agent }: { practiceId: string; agent: ServiceAgent }) {
  const { availability, sites, state, stateReason, lastSeenAt, certificateEndsAt } = agent;
  const load = sites.find((site) => site.load !== 'normal')?.load ?? 'normal';
  const { tone, badge, sentence } = siteState({
    ...{ siteId: '', name: '', pmsName: '', catalogues: [], availability, load },
  });
  const facts = [
    { label: 'Version', value: agent.version ?? 'Not reported yet' },
    { label: 'Serves', value: sites.map(({ name, pmsName }) => `${name} (${pmsName})`).join(', ') },
    ...(lastSeenAt === undefined
      ? []
      : [{ label: 'Last heard', value: <DateTime value={lastSeenAt} precision="second" /> }]),
    ...(certificateEndsAt === undefined
      ? []
      : [
          {
            label: 'Certificate until',
            value: (
              <>
                <DateTime value={certificateEndsAt} /> (renewed by itself every day)
              </>
            ),
          },
        ]),
    {
      label: 'Updates',
      value: <UpdateWindow practiceId={practiceId} agent={agent} />,
    },
    { label: 'Number', value: <code>{agent.agentId}</code> },
  ];
  return (
    <>
      <div className="spread">
        <h3>{sites.map(({ name }) => name).join(', ') || 'A server'}</h3>
        {state === 'quarantined' ? (
          <Badge tone="bad">Shut out</Badge>
        ) : (
          <Badge tone={tone}>{badge}</Badge>
        )}
      </div>
      {state === 'quarantined' ? (
        <Notice tone="bad" title="Conduit shut this server out">
          <p>
            It looked like a copy of itself, or an old backup ({stateReason}). Tell Conduit’s
            support which of the two happened; they let it in again or end it.
          </p>
        </Notice>
      ) : (
        <p>{sentence}</p>
      )}
      {isAboutToEnd(certificateEndsAt) && (
        <Notice tone="warning" title="The certificate is about to end">
          <p>The service renews it by itself while it is connected. Check its connection.</p>
        </Notice>
      )}
      <Facts facts={facts} />
      <ServerCheck practiceId={practiceId} agent={agent} />
    </>
  );
}

function LogBundleButton({ practiceId }: { practiceId: string }) {
  const [failure, setFailure] = useState<unknown>();
  const save = async () => {
    try {
      const bundle = await readLogBundle(practiceId);
      const name = `conduit-server-${bundle.madeAt.slice(0, 10)}.json`;
      const text = `${JSON.stringify(bundle, undefined, 1)}\n`;
      saveFile(name, new Blob([text], { type: 'application/json' }));
      setFailure(undefined);
    } catch (error) {
      setFailure(error);
    }
  };
  return (
    <>
      <Button onPress={() => void save()}>Save log for support</Button>
      {failure !== undefined && <ProblemNotice error={failure} />}
    </>
  );
}
