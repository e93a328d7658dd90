/** The thirty days of an assessment: whole days by the incident's zone, from that of awareness. */
import { INCIDENT_CLOCK_DAYS } from '#libs/console-api/incidents.js';
import { dateThere } from '#libs/kernel/local-day.js';

const DAY_MS = 86_400_000;

/** The last day, YYYY-MM-DD. */
export const assessmentEndsOn = (awareAt: Date, timeZone: string): string => {
  const day = Date.parse(`${dateThere(awareAt.getTime(), timeZone)}T00:00:00Z`);
  return new Date(day + INCIDENT_CLOCK_DAYS * DAY_MS).toISOString().slice(0, 10);
};
