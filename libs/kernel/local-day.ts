/**
 * Days by the wall clock of a zone, daylight saving included, whatever the computer's own zone is. Pure;
 * runs in a browser too.
 */
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

/** Midnight there, wall clock read as UTC, as a moment; where a day has no midnight, its first moment. */
function momentOf(midnight: number, guess: number, timeZone: string): number {
  // The offset at midnight may be another than at the moment of the guess, and than at the corrected one.
  let moment = guess;
  for (let time = 0; time < 2; time += 1) moment -= wallMs(moment, timeZone) - midnight;
  const short = midnight - wallMs(moment, timeZone);
  return short > 0 ? moment + short : moment;
}

/**
 * @param timeZone IANA name
 * @returns milliseconds since the epoch of the moment at which the day of `nowMs` began there
 */
export function startOfDayMs(nowMs: number, timeZone: string): number {
  const wall = wallMs(nowMs, timeZone);
  const midnight = wall - (wall % DAY_MS);
  return momentOf(midnight, midnight - (wall - Math.floor(nowMs / 1_000) * 1_000), timeZone);
}

/**
 * @param day YYYY-MM-DD
 * @param laterDays of the day so much later
 * @returns the moment at which that day begins there, milliseconds since the epoch; undefined when it is no day
 */
export function startOfDateMs(day: string, timeZone: string, laterDays = 0): number | undefined {
  const [, year, month, date] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(day) ?? [];
  const asUtc = Date.UTC(Number(year), Number(month) - 1, Number(date));
  // What is no day, as the 31st of a short month, would be another one.
  if (Number.isNaN(asUtc) || new Date(asUtc).toISOString().slice(0, 10) !== day) return undefined;
  const midnight = asUtc + laterDays * DAY_MS;
  return momentOf(midnight, midnight, timeZone);
}

/** The day there, YYYY-MM-DD, at a moment in milliseconds since the epoch. */
export const dateThere = (ms: number, timeZone: string): string =>
  new Date(wallMs(ms, timeZone)).toISOString().slice(0, 10);

/**
 * @param wall YYYY-MM-DDTHH:mm, as a clock on the wall there shows it
 * @returns the moment, milliseconds since the epoch; undefined when it is none
 */
export function momentThereMs(wall: string, timeZone: string): number | undefined {
  const asUtc = /^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(wall) ? Date.parse(`${wall}:00Z`) : NaN;
  return Number.isNaN(asUtc) ? undefined : momentOf(asUtc, asUtc, timeZone);
}

/** What the clock on the wall there shows, YYYY-MM-DDTHH:mm, at a moment in milliseconds since the epoch. */
export const wallThere = (ms: number, timeZone: string): string =>
  new Date(wallMs(ms, timeZone)).toISOString().slice(0, 16);
