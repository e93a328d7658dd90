/** Every agent and how it is: searched, narrowed, ordered and paged by the broker, live. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';
import {
  agentStates,
  type FleetAgent,
  type FleetFilter,
  type FleetSort,
} from '#libs/console-api/operator.js';
import { readFleet } from '#apps/console/src/api/operator.js';
import { Asked } from '#apps/console/src/ui/asked.js';
import { Badge } from '#apps/console/src/ui/badge.js';
import { Empty } from '#apps/console/src/ui/empty.js';
import { Table, type Column } from '#apps/console/src/ui/table.js';
import {
  databaseWords,
  duration,
  fromNow,
  stateTones,
  stateWords,
  wordOfCause,
} from './agent-words.js';
import { FleetFilters } from './fleet-filters.js';
import { OperatorPage, REFRESH_MS } from './operator-page.js';
import { PageSteps } from './page-steps.js';

export default function Fleet() {
  const [filter, setFilter] = useState<FleetFilter>({});
  const [page, setPage] = useState(1);
  const fleet = useQuery({
    queryKey: ['operator', 'fleet', filter, page],
    queryFn: () => readFleet(filter, page),
    placeholderData: keepPreviousData,
    refetchInterval: REFRESH_MS,
  });
  const narrow = (changed: FleetFilter) => {
    setPage(1);
    setFilter(changed);
  };
  const { sort = 'state', direction = 'up' } = filter;
  return (
    <OperatorPage
      wide
      title="Fleet"
      lead="Every agent by two signals: its link, and whether its database answered when it was last asked."
    >
      <FleetFilters filter={filter} counts={fleet.data?.counts} onChange={narrow} />
      <Asked query={fleet}>
        {({ agents, pageSize, total }) => (
          <div>
            <Table
              caption="Agents"
              columns={columns}
              rows={agents}
              rowKey={({ agentId }) => agentId}
              order={{ key: sort, direction: direction === 'up' ? 'ascending' : 'descending' }}
              onOrder={({ key, direction: wanted }) =>
                narrow({
                  ...filter,
                  sort: key as FleetSort,
                  direction: wanted === 'ascending' ? 'up' : 'down',
                })
              }
              empty={<NoAgents isNarrowed={isNarrowed(filter)} />}
            />
            <PageSteps {...{ page, pageSize, total }} one="agent" many="agents" onPage={setPage} />
          </div>
        )}
      </Asked>
    </OperatorPage>
  );
}

const isNarrowed = ({ search, states, cause }: FleetFilter): boolean =>
  (search ?? '') !== '' ||
  (states ?? agentStates).length < agentStates.length ||
  cause !== undefined;

function NoAgents({ isNarrowed: narrowed }: { isNarrowed: boolean }) {
  return narrowed ? (
    <Empty title="No agent fits">Search for less, or choose other states.</Empty>
  ) : (
    <Empty title="No agent has enrolled yet">
      Register a practice, then make an enrolment code for its server: the agent shows up here.
    </Empty>
  );
}

/** To a tenth of a second, without a sign where there is none. */
function offsetWords(offsetMs: number): string {
  const tenths = Math.round(offsetMs / 100);
  return `${((tenths || 0) / 10).toFixed(1)}\u00a0s`;
}

/** A site that is called like its practice says nothing new. */
function sitesWords(practiceName: string, siteNames: string[]): string {
  if (siteNames.length === 0) return 'No site';
  return siteNames.filter((name) => name !== practiceName).join(', ');
}

const columns: Column<FleetAgent>[] = [
  {
    key: 'practice',
    label: 'Practice',
    isSortable: true,
    cell: ({ agentId, practiceName, siteNames }) => (
      <span className="two-lines">
        <Link to={`/operator/agents/${agentId}`}>{practiceName}</Link>
        <span className="quiet">{sitesWords(practiceName, siteNames)}</span>
      </span>
    ),
  },
  {
    key: 'state',
    label: 'State',
    isSortable: true,
    cell: ({ state, cause, since, openAlerts }) => (
      <span className="two-lines">
        <span className="cluster">
          <Badge tone={stateTones[state]}>{stateWords[state]}</Badge>
          {openAlerts > 0 && (
            <Badge tone="bad">{openAlerts === 1 ? 'Alert' : `${openAlerts} alerts`}</Badge>
          )}
        </span>
        <span className="quiet">
          {wordOfCause(cause)}, {fromNow(since)}
        </span>
      </span>
    ),
  },
  {
    key: 'heard',
    label: 'Link',
    isSortable: true,
    cell: ({ heardAt, linkMs }) => (
      <span className="two-lines">
        <span>{heardAt ? fromNow(heardAt) : 'Never'}</span>
        {linkMs !== undefined && <span className="quiet">{duration(linkMs)}</span>}
      </span>
    ),
  },
  {
    key: 'databaseMs',
    label: 'Database',
    isSortable: true,
    cell: ({ database, databaseMs, probedAt }) => (
      <span className="two-lines">
        <span>{databaseWords[database ?? 'unknown']}</span>
        <span className="quiet">
          {databaseMs !== undefined && `${duration(databaseMs)}, `}
          {probedAt ? `asked ${fromNow(probedAt)}` : 'never asked'}
        </span>
      </span>
    ),
  },
  {
    key: 'waiting',
    label: 'Waiting',
    isSortable: true,
    isNumber: true,
    cell: ({ waiting }) => waiting,
  },
  {
    key: 'reconnects',
    label: 'Reconnects',
    isSortable: true,
    isNumber: true,
    cell: ({ reconnects }) => reconnects,
  },
  {
    key: 'clockOffset',
    label: 'Clock',
    isSortable: true,
    isNumber: true,
    cell: ({ clockOffsetMs }) => (clockOffsetMs === undefined ? '–' : offsetWords(clockOffsetMs)),
  },
  {
    key: 'certificate',
    label: 'Certificate ends',
    isSortable: true,
    cell: ({ certificateEndsAt }) => (certificateEndsAt ? fromNow(certificateEndsAt) : '–'),
  },
  {
    key: 'version',
    label: 'Version',
    isSortable: true,
    cell: ({ version, lastError }) => (
      <span className="two-lines">
        <span>{version ?? '–'}</span>
        {lastError !== undefined && <code className="quiet">{lastError}</code>}
      </span>
    ),
  },
];
