/** Acts that take two people: those that wait, and how the last ones ended. */
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import type { ActRequest } from '#libs/console-api/operator.js';
import { readRequests } from '#apps/console/src/api/operator.js';
import { Asked } from '#apps/console/src/ui/asked.js';
import { Badge } from '#apps/console/src/ui/badge.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import { Empty } from '#apps/console/src/ui/empty.js';
import { Section } from '#apps/console/src/ui/page.js';
import { Table, type Column } from '#apps/console/src/ui/table.js';
import { wordOfDecision } from './agent-words.js';
import { OperatorPage } from './operator-page.js';
import { RequestCard } from './request-card.js';

export default function Approvals() {
  const requests = useQuery({ queryKey: ['operator', 'requests'], queryFn: readRequests });
  return (
    <OperatorPage
      title="Approvals"
      lead="Revoking and releasing an agent takes two security officers. A request waits for an hour."
    >
      <Asked query={requests}>
        {({ waiting, decided }) => (
          <>
            {waiting.length === 0 ? (
              <Empty title="Nothing waits for a second person">
                Ask for an act on an agent’s page; it shows up here for the others.
              </Empty>
            ) : (
              waiting.map((request) => <RequestCard key={request.requestId} request={request} />)
            )}
            {decided.length > 0 && (
              <Section title="Decided">
                <Table
                  caption="Requests that are over"
                  columns={columns}
                  rows={decided}
                  rowKey={({ requestId }) => requestId}
                />
              </Section>
            )}
          </>
        )}
      </Asked>
    </OperatorPage>
  );
}

const ends = {
  waiting: { words: 'Waiting', tone: 'plain' },
  done: { words: 'Done', tone: 'good' },
  declined: { words: 'Declined', tone: 'warning' },
  withdrawn: { words: 'Withdrawn', tone: 'plain' },
  expired: { words: 'Lapsed', tone: 'plain' },
} as const;

const columns: Column<ActRequest>[] = [
  {
    key: 'what',
    label: 'What',
    cell: ({ act, agentId, practiceName, decision }) => (
      <span className="two-lines">
        <Link to={`/operator/agents/${agentId}`}>
          {act === 'agent.revoke' ? 'Revoke' : 'Release'}: {practiceName}
        </Link>
        <span className="quiet">{wordOfDecision(decision)}</span>
      </span>
    ),
  },
  {
    key: 'asked',
    label: 'Asked',
    cell: ({ askedBy, askedAt }) => (
      <span className="two-lines">
        <span>{askedBy}</span>
        <span className="quiet">
          <DateTime value={askedAt} />
        </span>
      </span>
    ),
  },
  {
    key: 'end',
    label: 'End',
    cell: ({ state, decidedBy }) => (
      <span className="two-lines">
        <span>
          <Badge tone={ends[state].tone}>{ends[state].words}</Badge>
        </span>
        {decidedBy && <span className="quiet">{decidedBy}</span>}
      </span>
    ),
  },
];
