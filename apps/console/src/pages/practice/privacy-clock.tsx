import type { PrivacyRequestSummary } from '#libs/console-api/privacy.js';
import { Badge } from '#apps/console/src/ui/badge.js';
import { dayWords, outcomeWords } from './privacy-words.js';

/** Days before the end from which on the clock is shown as urgent: those of the reminders. */
const SOON_DAYS = 10;
const VERY_SOON_DAYS = 3;

/** How long is left, or how it ended. */
export function PrivacyClock({ daysLeft, dueOn, outcome }: PrivacyRequestSummary) {
  if (outcome !== undefined) return <Badge>{outcomeWords[outcome]}</Badge>;
  const tone = daysLeft <= VERY_SOON_DAYS ? 'bad' : daysLeft <= SOON_DAYS ? 'warning' : 'plain';
  return (
    <span className="cluster">
      <Badge tone={tone}>{leftWords(daysLeft)}</Badge>
      <span>{dayWords(dueOn)}</span>
    </span>
  );
}

function leftWords(days: number): string {
  if (days === 0) return 'Last day';
  const count = Math.abs(days) === 1 ? '1 day' : `${Math.abs(days)} days`;
  return days > 0 ? `${count} left` : `Overdue by ${count}`;
}
