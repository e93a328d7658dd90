/** Incidents: those that are open, the most urgent first, and those that are closed. */
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import type { IncidentSummary } from '#libs/console-api/incidents.js';
import { readIncidents, type IncidentPlace } from '#apps/console/src/api/incidents.js';
import { Asked } from '#apps/console/src/ui/asked.js';
import { Badge } from '#apps/console/src/ui/badge.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import { Empty } from '#apps/console/src/ui/empty.js';
import { Section } from '#apps/console/src/ui/page.js';
import { Table, type Column } from '#apps/console/src/ui/table.js';
import { IncidentClock, StateBadge } from './incident-clock.js';

export function IncidentList({ place }: { place: IncidentPlace }) {
  const incidents = useQuery({
    queryKey: ['incidents', place.api],
    queryFn: () => readIncidents(place),
  });
  return (
    <Asked query={incidents}>
      {({ open, closed }) => (
        <>
          <Table
            caption="Open incidents"
            columns={columns(place)}
            rows={open}
            rowKey={({ incidentId }) => incidentId}
            empty={
              <Empty title="No incident is open">
                Open one as soon as you suspect that somebody saw, got or lost what they should not
                have. It can be closed again; the clock runs from the day of the suspicion whether
                it is open here or not.
              </Empty>
            }
          />
          {closed.length > 0 && (
            <Section title="Closed">
              <Table
                caption="Closed incidents"
                columns={columns(place)}
                rows={closed}
                rowKey={({ incidentId }) => incidentId}
              />
            </Section>
          )}
        </>
      )}
    </Asked>
  );
}

const columns = (place: IncidentPlace): Column<IncidentSummary>[] => [
  {
    key: 'title',
    label: 'Incident',
    cell: ({ incidentId, title, drill, practiceId }) => (
      <span className="cluster">
        <Link to={`${place.path}/${incidentId}`}>
          <strong>{title}</strong>
        </Link>
        {drill && <Badge tone="warning">Drill</Badge>}
        {place.practiceId !== undefined && practiceId === undefined && (
          <Badge>Conduit’s, your part</Badge>
        )}
        {place.practiceId === undefined && practiceId !== undefined && <Badge>A practice’s</Badge>}
      </span>
    ),
  },
  {
    key: 'clock',
    label: 'Clock',
    cell: (incident) =>
      incident.closedAt === undefined ? (
        <IncidentClock {...incident} />
      ) : (
        <DateTime value={incident.closedAt} precision="day" />
      ),
  },
  { key: 'state', label: 'State', cell: ({ state }) => <StateBadge state={state} /> },
  {
    key: 'frozen',
    label: 'Frozen',
    isNumber: true,
    cell: ({ frozen }) => (frozen === 0 ? 'Nothing' : frozen),
  },
];
