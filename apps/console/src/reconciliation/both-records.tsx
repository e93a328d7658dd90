/** Both records of one query, field by field: what the one side's log holds beside what the other's does. */
import type { ReactNode } from 'react';
import type { IncidentSide, ReconciliationIncident } from '#libs/console-api/reconciliation.js';
import type { AuditRecord } from '#libs/audit/audit-record.js';
import { Badge } from '#apps/console/src/ui/badge.js';
import { durationWords, rowWords, sizeWords } from '#apps/console/src/ui/bucket-words.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import { Table, type Column } from '#apps/console/src/ui/table.js';

type Field = Exclude<keyof AuditRecord, 'salt'>;

/** Every field that a record of a query may have, but the random one. What is not here is not shown. */
const labels: Partial<Record<Field, string>> = {
  ts: 'When',
  type: 'Act',
  outcome: 'Outcome',
  errorCode: 'Error',
  reason: 'Reason',
  sqlErrno: 'Error of the database',
  practice: 'Practice',
  site: 'Site',
  agent: 'Agent',
  integrator: 'Software company',
  keyId: 'Key',
  grantId: 'Permission',
  grantSeq: 'Its version',
  purpose: 'Purpose',
  queryId: 'Query',
  requestId: 'Request',
  lane: 'Asked how',
  mode: 'Kind of statement',
  statementRef: 'Named statement',
  fingerprint: 'The statement’s fingerprint',
  durationBucket: 'Took',
  rowsBucket: 'Rows',
  bytesBucket: 'Size',
  countsHash: 'Hash of the exact counts',
  count: 'Stands for',
  actorRef: 'By',
};

const said: Partial<Record<Field, (value: string) => ReactNode>> = {
  ts: (value) => <DateTime value={value} precision="second" />,
  durationBucket: durationWords,
  rowsBucket: rowWords,
  bytesBucket: sizeWords,
};

interface Line {
  field: string;
  label: string;
  broker: ReactNode;
  agent: ReactNode;
}

const columns: Column<Line>[] = [
  { key: 'label', label: 'Field', cell: ({ label }) => label },
  { key: 'broker', label: 'Conduit’s record', cell: ({ broker }) => broker },
  { key: 'agent', label: 'The server’s own', cell: ({ agent }) => agent },
];

export function BothRecords({ incident }: { incident: ReconciliationIncident }) {
  const { broker, agent, fields, queryId } = incident;
  const sides = [recordOf(broker), recordOf(agent)] as const;
  const lines = Object.entries(labels)
    .filter(([field]) => sides.some((side) => side?.[field] !== undefined))
    .map(([field, label]): Line => {
      const [ours, theirs] = sides.map((side) => valueOf(field as Field, side?.[field]));
      return { field, label, broker: ours, agent: theirs };
    });
  const places: Line = {
    ...{ field: 'leaf', label: 'Place in that log' },
    ...{ broker: placeOf(broker), agent: placeOf(agent) },
  };
  return (
    <details className="more">
      <summary>{broker && agent ? 'Both records' : 'The record'}</summary>
      <Table
        caption={`Records of query ${queryId}`}
        columns={[
          { ...columns[0]!, cell: (line) => <Named line={line} fields={fields} /> },
          ...columns.slice(1),
        ]}
        rows={[places, ...lines]}
        rowKey={({ field }) => field}
      />
    </details>
  );
}

function Named({ line: { field, label }, fields }: { line: Line; fields: readonly string[] }) {
  if (!fields.includes(field)) return label;
  return (
    <span className="cluster">
      {label} <Badge tone="bad">Differs</Badge>
    </span>
  );
}

/** Undefined: that side has none, or one that cannot be read. */
function recordOf(side: IncidentSide | undefined): Record<string, unknown> | undefined {
  try {
    return side && (JSON.parse(side.record) as Record<string, unknown>);
  } catch {
    return undefined;
  }
}

function valueOf(field: Field, value: unknown): ReactNode {
  if (typeof value !== 'string' && typeof value !== 'number') return '–';
  return said[field]?.(String(value)) ?? <code>{value}</code>;
}

function placeOf(side: IncidentSide | undefined): string {
  if (!side) return 'No record';
  return side.leaf === undefined
    ? 'Not in the log yet'
    : `No. ${side.leaf.toLocaleString('en-AU')}`;
}
