/** Queries of which the two sides' records do not agree, the latest first, each with what the logs hold. */
import { Link } from 'react-router';
import type { ReconciliationIncident } from '#libs/console-api/reconciliation.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import { Notice } from '#apps/console/src/ui/notice.js';
import { BothRecords } from './both-records.js';

const kinds: Record<ReconciliationIncident['kind'], string> = {
  'dispatched-not-executed': 'Conduit says it was answered; the server never ran it.',
  'executed-not-dispatched': 'The server ran or refused it; Conduit has no record of it.',
  differs: 'Conduit’s record and the server’s contradict each other.',
};

export interface RecordDifferencesProps {
  incidents: readonly ReconciliationIncident[];
  /** Where an incident about one of them is opened; absent: by somebody else. */
  openAt?: (incidentId: string) => string;
}

/** Nothing at all while everything agrees. */
export function RecordDifferences({ incidents, openAt }: RecordDifferencesProps) {
  if (incidents.length === 0) return null;
  return (
    <Notice tone="warning" title="Records that do not agree">
      <ul>
        {incidents.map((incident) => (
          <li key={incident.incidentId}>
            <DateTime value={incident.foundAt} />: query <code>{incident.queryId}</code>.{' '}
            {kinds[incident.kind]}
            {incident.fields.length > 0 && ` They differ in: ${incident.fields.join(', ')}.`}
            {openAt && (
              <>
                {' '}
                <Link to={openAt(incident.incidentId)}>Open an incident about it</Link>
              </>
            )}
            {incident.settledAt !== undefined && ' Conduit’s security officer has looked at it.'}
            <BothRecords incident={incident} />
          </li>
        ))}
      </ul>
    </Notice>
  );
}
