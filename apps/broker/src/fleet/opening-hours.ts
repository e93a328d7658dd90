/**
 * When a practice is there to be missed. Sites without hours are always open but for the days that the
 * practice names as closed, public holidays above all; an agent is open while any of its sites is. Counted in real minutes by the site's own wall clock, daylight saving included.
 */
import type { OpeningHours } from '#libs/console-api/operator.js';
import { dateThere } from '#libs/kernel/local-day.js';
import { isWithinHours } from '#libs/grants/permitted-hours.js';

const MINUTE_MS = 60_000;

/** Hours of a site, by its own clock; no windows: always open. */
export interface SiteCalendar extends OpeningHours {
  /** YYYY-MM-DD */
  closedDays?: readonly string[];
}

/** @param hours of each of its sites; undefined: of one that has none */
export function isOpenAt(hours: readonly (SiteCalendar | undefined)[], atMs: number): boolean {
  if (hours.length === 0) return true;
  return hours.some(
    (site) =>
      site === undefined ||
      (!isClosedDay(site, atMs) &&
        (site.windows.length === 0 ||
          site.windows.some((window) =>
            isWithinHours({ timeZone: site.timeZone, ...window }, atMs),
          ))),
  );
}

const isClosedDay = ({ closedDays = [], timeZone }: SiteCalendar, atMs: number): boolean =>
  closedDays.length > 0 && closedDays.includes(dateThere(atMs, timeZone));

/**
 * For how long, up to now, something has lasted while the practice was open without a break: what
 * began at night counts from the opening on.
 * @param enoughMs beyond which nobody asks
 * @returns milliseconds, to the minute; 0 while closed
 */
export function openForMs(
  hours: readonly (SiteCalendar | undefined)[],
  sinceMs: number,
  nowMs: number,
  enoughMs: number,
): number {
  const lastedMs = Math.max(0, nowMs - sinceMs);
  const wantedMs = Math.min(lastedMs, enoughMs);
  if (!isOpenAt(hours, nowMs)) return 0;
  for (let openMs = 0; openMs < wantedMs; openMs += MINUTE_MS) {
    if (!isOpenAt(hours, nowMs - Math.min(openMs + MINUTE_MS, wantedMs))) return openMs;
  }
  return wantedMs;
}
