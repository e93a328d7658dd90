/** One agent: how it is by either signal, its sites, what became of it, and what can be done. */
import { useQuery } from '@tanstack/react-query';
import { useParams } from 'react-router';
import type { AgentDetail } from '#libs/console-api/operator.js';
import { readAgent } from '#apps/console/src/api/operator.js';
import { Asked } from '#apps/console/src/ui/asked.js';
import { Badge } from '#apps/console/src/ui/badge.js';
import { Notice } from '#apps/console/src/ui/notice.js';
import { Section } from '#apps/console/src/ui/page.js';
import { AgentActs } from './agent-acts.js';
import { AgentRecordsSection } from './agent-records.js';
import { AgentSignals } from './agent-signals.js';
import { AgentSites } from './agent-sites.js';
import { AlertTable } from './alert-table.js';
import { DiagnosisPanel } from './diagnosis-panel.js';
import { fromNow, stateTones, stateWords, wordOfCause } from './agent-words.js';
import { LogAlarmsSection } from './log-alarms.js';
import { OperatorPage, REFRESH_MS, useHolds } from './operator-page.js';
import { RequestCard } from './request-card.js';
import { Timeline } from './timeline.js';

export default function Agent() {
  const { agentId = '' } = useParams();
  const agent = useQuery({
    queryKey: ['operator', 'agent', agentId],
    queryFn: () => readAgent(agentId),
    refetchInterval: REFRESH_MS,
  });
  return (
    <OperatorPage
      title={agent.data?.practiceName ?? 'Agent'}
      lead={agent.data && <Standing agent={agent.data} />}
      {...(agent.data && { actions: <AgentActs agent={agent.data} /> })}
    >
      <Asked query={agent}>{(found) => <Found agent={found} />}</Asked>
    </OperatorPage>
  );
}

function Standing({ agent: { state, cause, since } }: { agent: AgentDetail }) {
  return (
    <span className="cluster">
      <Badge tone={stateTones[state]}>{stateWords[state]}</Badge>
      <span>
        {wordOfCause(cause)}, {fromNow(since)}
      </span>
    </span>
  );
}

function Found({ agent }: { agent: AgentDetail }) {
  const { agentId, causes, error, alerts, waitingRequest } = agent;
  const isOfficer = useHolds('operator-security');
  return (
    <>
      {waitingRequest && <RequestCard request={waitingRequest} isOnAgentPage />}
      {causes.length > 1 && (
        <Notice tone="warning" title="More than one thing is wrong">
          <ul>
            {causes.map((cause) => (
              <li key={cause}>{wordOfCause(cause)}</li>
            ))}
          </ul>
        </Notice>
      )}
      {isOfficer && <LogAlarmsSection agentId={agentId} />}
      <Section title="Signals">
        <AgentSignals agent={agent} />
      </Section>
      {error && (
        <Section title="Last error" lead={agent.lastErrorAt && fromNow(agent.lastErrorAt)}>
          <Notice title={error.title}>
            <p>{error.remedy}</p>
            <p className="quiet">
              <code>{error.code}</code> – to be mended by: {error.whoCanFix}
            </p>
          </Notice>
        </Section>
      )}
      <Section title="Sites">
        <AgentSites agent={agent} />
      </Section>
      {alerts.length > 0 && (
        <Section title="Alerts">
          <AlertTable alerts={alerts} caption="Alerts of this agent" isOfAgent />
        </Section>
      )}
      <Section
        title="Diagnostics"
        lead="What its doctor proves about its database logins: names of checks and whether they hold, nothing else."
      >
        <DiagnosisPanel agent={agent} />
      </Section>
      {isOfficer && <AgentRecordsSection agentId={agentId} />}
      <Section title="Timeline">
        <Timeline agentId={agentId} />
      </Section>
    </>
  );
}
