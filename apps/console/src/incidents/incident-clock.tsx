import type { IncidentState, IncidentSummary } from '#libs/console-api/incidents.js';
import { daysLeftWords, stateWords } from '#libs/console-api/incident-words.js';
import { Badge } from '#apps/console/src/ui/badge.js';
import type { Tone } from '#apps/console/src/ui/notice.js';

/** Days before the end from which on the clock is shown as urgent. */
const SOON_DAYS = 10;
const VERY_SOON_DAYS = 3;

const days = new Intl.DateTimeFormat('en-AU', { dateStyle: 'full', timeZone: 'UTC' });

/** @param day YYYY-MM-DD */
export const dayWords = (day: string): string => days.format(new Date(`${day}T00:00:00Z`));

const tones: Record<IncidentState, Tone> = {
  assessing: 'warning',
  eligible: 'bad',
  'not-eligible': 'good',
  notified: 'good',
  closed: 'plain',
};

export const StateBadge = ({ state }: { state: IncidentState }) => (
  <Badge tone={tones[state]}>{stateWords[state]}</Badge>
);

/** How long the assessment may go on; nothing where it is over. */
export function IncidentClock({ daysLeft, dueOn }: IncidentSummary) {
  if (daysLeft === undefined) return <>The assessment is over</>;
  const tone = daysLeft <= VERY_SOON_DAYS ? 'bad' : daysLeft <= SOON_DAYS ? 'warning' : 'plain';
  return (
    <span className="cluster">
      <Badge tone={tone}>{daysLeftWords(daysLeft)}</Badge>
      <span>{dayWords(dueOn)}</span>
    </span>
  );
}
