/** Midnight by a practice's own wall clock, daylight saving included. */
const DAY_MS = 86_400_000;

/** Wall clock of the zone, read as if it were UTC. */
function wallMs(ms: number, timeZone: string): number {
  const parts = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  }).formatToParts(ms);
  const read = (type: string) => Number(parts.find((part) => part.type === type)?.value);
  return Date.UTC(
    read('year'),
    read('month') - 1,
    read('day'),
    read('hour'),
    read('minute'),
    read('second'),
  );
}

/**
 * @param timeZone IANA name
 * @returns milliseconds since the epoch of the moment at which the day of `nowMs` began there
 */
export function startOfDayMs(nowMs: number, timeZone: string): number {
  const wall = wallMs(nowMs, timeZone);
  const midnight = wall - (wall % DAY_MS);
  // The offset at midnight may be another than now: guess with today's, then correct by its own.
  const guess = midnight - (wall - Math.floor(nowMs / 1_000) * 1_000);
  return guess - (wallMs(guess, timeZone) - midnight);
}
