/** The clock of a privacy request: whole days by the practice's wall clock. Closed days do not stop it. */
import { PRIVACY_CLOCK_DAYS } from '#libs/console-api/privacy.js';
import { dateThere } from '#libs/kernel/local-day.js';

const DAY_MS = 86_400_000;

const dayNumber = (day: string): number => Date.parse(`${day}T00:00:00Z`) / DAY_MS;

/** Whole days from one to the other, YYYY-MM-DD. */
export const daysBetween = (from: string, to: string): number => dayNumber(to) - dayNumber(from);

/** The last day on which an answer is in time. */
export const dueDay = (receivedOn: string): string =>
  new Date((dayNumber(receivedOn) + PRIVACY_CLOCK_DAYS) * DAY_MS).toISOString().slice(0, 10);

/** Days until the last one, 0 on it; below 0 it is over. */
export const daysLeft = (dueOn: string, nowMs: number, timeZone: string): number =>
  daysBetween(dateThere(nowMs, timeZone), dueOn);
