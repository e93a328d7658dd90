import { Link } from 'react-router';
import type { Alert } from '#libs/console-api/operator.js';
import { Badge } from '#apps/console/src/ui/badge.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import { Table, type Column } from '#apps/console/src/ui/table.js';
import { alertWords, fromNow, wordOfCause } from './agent-words.js';

export interface AlertTableProps {
  alerts: readonly Alert[];
  caption: string;
  isOfAgent?: boolean;
}

export function AlertTable({ alerts, caption, isOfAgent = false }: AlertTableProps) {
  const shown = isOfAgent ? columns.filter(({ key }) => key !== 'agent') : columns;
  return (
    <Table caption={caption} columns={shown} rows={alerts} rowKey={({ alertId }) => alertId} />
  );
}

const columns: Column<Alert>[] = [
  {
    key: 'kind',
    label: 'What',
    cell: ({ kind, cause, times }) => (
      <span className="two-lines">
        <strong>{alertWords[kind]}</strong>
        <span className="quiet">
          {wordOfCause(cause)}
          {times > 1 && `, ${times} times`}
        </span>
      </span>
    ),
  },
  {
    key: 'agent',
    label: 'Agent',
    cell: ({ agentId, practiceName }) => (
      <Link to={`/operator/agents/${agentId}`}>{practiceName}</Link>
    ),
  },
  {
    key: 'since',
    label: 'Since',
    cell: ({ openedAt, closedAt }) => (
      <span className="two-lines">
        <DateTime value={openedAt} />
        <span className="quiet">{closedAt ? `over ${fromNow(closedAt)}` : fromNow(openedAt)}</span>
      </span>
    ),
  },
  {
    key: 'told',
    label: 'Told',
    cell: ({ notices: { sent, waiting, failed } }) => (
      <span className="cluster">
        {sent + waiting + failed === 0 && <span className="quiet">Nobody is to be told</span>}
        {sent > 0 && <span>{sent} sent</span>}
        {waiting > 0 && <span>{waiting} to be sent</span>}
        {failed > 0 && <Badge tone="bad">{failed} failed</Badge>}
      </span>
    ),
  },
];
