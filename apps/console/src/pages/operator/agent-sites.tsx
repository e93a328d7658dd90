import { useState } from 'react';
import type { AgentDetail, OpeningHours, SiteHealth } from '#libs/console-api/operator.js';
import { Button } from '#apps/console/src/ui/button.js';
import { Empty } from '#apps/console/src/ui/empty.js';
import { actsColumn, Table, type Column } from '#apps/console/src/ui/table.js';
import { databaseWords, duration, fromNow } from './agent-words.js';
import { HoursDialog } from './hours-dialog.js';
import { pmsWords } from './pms-words.js';

const loadWords = {
  normal: 'As usual',
  asyncPaused: 'Busy: async work waits',
  backgroundPaused: 'Busy: all that can wait does',
} as const;

export function AgentSites({ agent: { sites } }: { agent: AgentDetail }) {
  const [asked, setAsked] = useState<SiteHealth>();
  return (
    <>
      <Table
        caption="Sites of this agent"
        columns={columns(setAsked)}
        rows={sites}
        rowKey={({ siteId }) => siteId}
        empty={<Empty title="It serves no site">Its sites were moved to another agent.</Empty>}
      />
      {asked && <HoursDialog site={asked} onClose={() => setAsked(undefined)} />}
    </>
  );
}

const columns = (onHours: (site: SiteHealth) => void): Column<SiteHealth>[] => [
  {
    key: 'name',
    label: 'Site',
    cell: ({ name, pmsType }) => (
      <span className="two-lines">
        <strong>{name}</strong>
        <span className="quiet">{pmsWords(pmsType)}</span>
      </span>
    ),
  },
  {
    key: 'database',
    label: 'Database',
    cell: ({ database, latencyMs, usualLatencyMs, probedAt }) => (
      <span className="two-lines">
        <span>{databaseWords[database]}</span>
        <span className="quiet">
          {probedAt ? `asked ${fromNow(probedAt)}` : 'never asked'}
          {latencyMs !== undefined && `, ${duration(latencyMs)}`}
          {usualLatencyMs !== undefined && ` (mostly ${duration(usualLatencyMs)})`}
        </span>
      </span>
    ),
  },
  { key: 'load', label: 'Load', cell: ({ load }) => loadWords[load] },
  {
    key: 'queries',
    label: 'Queries',
    cell: ({ running, waiting }) => `${running} running, ${waiting} waiting`,
  },
  {
    key: 'hours',
    label: 'Alerts count',
    cell: ({ hours, isOpen }) => (
      <span className="two-lines">
        <span>{hoursWords(hours)}</span>
        <span className="quiet">{isOpen ? 'Open now' : 'Closed now'}</span>
      </span>
    ),
  },
  {
    ...actsColumn,
    cell: (site) => (
      <Button aria-label={`Opening hours of ${site.name}`} onPress={() => onHours(site)}>
        Opening hours
      </Button>
    ),
  },
];

const dayNames = ['', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

/** `Mon, Tue 08:00–18:00; Sat 09:00–12:00`. */
function hoursWords(hours: OpeningHours | undefined): string {
  if (!hours || hours.windows.length === 0) return 'At any hour';
  return hours.windows
    .map(({ days, from, to }) => `${days.map((day) => dayNames[day]).join(', ')} ${from}–${to}`)
    .join('; ');
}
