/**
 * Moments as people at a practice say them, in the practice's zone whatever this computer's clock is
 * set to; the zone is named where it differs from this computer's.
 */
import { createContext, use } from 'react';

const ownZone = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** IANA name; a page of a practice provides its practice's. */
export const ZoneContext = createContext<string>(ownZone);

export type Precision = 'day' | 'minute' | 'second';

const shapes = {
  day: { dateStyle: 'medium' },
  minute: { dateStyle: 'medium', timeStyle: 'short' },
  second: { dateStyle: 'medium', timeStyle: 'medium' },
} as const satisfies Record<Precision, Intl.DateTimeFormatOptions>;

/** @param value ISO 8601 */
export function DateTime({
  value,
  precision = 'minute',
}: {
  value: string;
  precision?: Precision;
}) {
  const timeZone = use(ZoneContext);
  const moment = new Date(value);
  if (Number.isNaN(moment.getTime())) return null;
  const text = new Intl.DateTimeFormat('en-AU', { ...shapes[precision], timeZone }).format(moment);
  // A narrow column breaks it between day and time, and nowhere else.
  const held = text.replaceAll(' ', '\u00A0').replace(',\u00A0', ', ');
  const isElsewhere = precision !== 'day' && timeZone !== ownZone;
  return (
    <time dateTime={value} title={moment.toISOString()}>
      {held}
      {isElsewhere && `\u00A0${zoneName(moment, timeZone)}`}
    </time>
  );
}

function zoneName(moment: Date, timeZone: string): string {
  const parts = new Intl.DateTimeFormat('en-AU', { timeZone, timeZoneName: 'short' });
  return parts.formatToParts(moment).find(({ type }) => type === 'timeZoneName')?.value ?? timeZone;
}
