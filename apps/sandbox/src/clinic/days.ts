/**
 * Calendar arithmetic on day numbers (days since 1970-01-01), free of time zones: the clinic, like
 * the systems it stands for, keeps local wall-clock dates and seconds since midnight.
 */

const msPerDay = 86_400_000;

/** @param date `YYYY-MM-DD` */
export function dayNumber(date: string): number {
  return Date.parse(`${date}T00:00:00Z`) / msPerDay;
}

/** `YYYY-MM-DD` of a day number. */
export function dateText(day: number): string {
  return new Date(day * msPerDay).toISOString().slice(0, 10);
}

/** `YYYY-MM-DD HH:MM:SS` of a day number and seconds since its midnight. */
export function dateTimeText(day: number, secondsSinceMidnight: number): string {
  const instant = new Date((day * 86_400 + secondsSinceMidnight) * 1_000);
  return instant.toISOString().slice(0, 19).replace('T', ' ');
}

/** 0 = Monday … 6 = Sunday. */
export function weekday(day: number): number {
  return (((day + 3) % 7) + 7) % 7;
}

/** The same calendar day some years earlier; 29 February becomes the 28th where there is none. */
export function yearsBefore(date: string, years: number): string {
  const year = String(Number(date.slice(0, 4)) - years).padStart(4, '0');
  const moved = `${year}${date.slice(4)}`;
  const parsed = new Date(`${moved}T00:00:00Z`);
  return !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(moved)
    ? moved
    : `${year}-02-28`;
}

/** `YYYY-MM-DD` of the wall clock of this machine. */
export function today(nowMs: number): string {
  const now = new Date(nowMs);
  const month = String(now.getMonth() + 1).padStart(2, '0');
  return `${now.getFullYear()}-${month}-${String(now.getDate()).padStart(2, '0')}`;
}

/** Whether the text is a date that exists, `YYYY-MM-DD`. */
export function isDate(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(dayNumber(text))
    ? dateText(dayNumber(text)) === text
    : false;
}

/**
 * The nearest Sunday, on or after the given day, on which clocks change in New South Wales and
 * Victoria: the first Sunday of October (forward) or of April (back), at 02:00 and 03:00.
 */
export function nextDaylightSavingDay(from: number): number {
  for (let day = from; ; day += 1) {
    const date = dateText(day);
    const month = date.slice(5, 7);
    if ((month === '10' || month === '04') && weekday(day) === 6 && Number(date.slice(8)) <= 7) {
      return day;
    }
  }
}
