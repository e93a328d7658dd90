/**
 * Dates and times between SQL Server's wire numbers and ISO text, proleptic Gregorian, 0001 to
 * 9999, in units of 100 ns. Plain numbers throughout: a day has 8.64e11 units, well below 2^53.
 */

export const UNITS_PER_SECOND = 10_000_000;
export const UNITS_PER_DAY = 86_400 * UNITS_PER_SECOND;
/** Days from 0001-01-01 to 1900-01-01, the zero of datetime and smalldatetime. */
export const DAYS_TO_1900 = 693_595;
export const LAST_DAY = 3_652_058;
const FRACTION_DIGITS = 7;

/** Days since 0001-01-01. */
export function dayNumber(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 306;
}

/** `YYYY-MM-DD` of a day number. */
export function dateText(days: number): string {
  const z = days + 306;
  const era = Math.floor(z / 146_097);
  const dayOfEra = z - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const mp = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * mp + 2) / 5) + 1;
  const month = mp < 10 ? mp + 3 : mp - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`;
}

/** `hh:mm:ss` with `scale` fractional digits (none at all for scale 0). */
export function timeText(units: number, scale: number): string {
  const seconds = Math.floor(units / UNITS_PER_SECOND);
  const clock = `${pad(Math.floor(seconds / 3600), 2)}:${pad(Math.floor(seconds / 60) % 60, 2)}:${pad(seconds % 60, 2)}`;
  return scale === 0 ? clock : `${clock}.${pad(units % UNITS_PER_SECOND, 7).slice(0, scale)}`;
}

/** `+hh:mm` or `-hh:mm`. */
export function offsetText(minutes: number): string {
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${pad(Math.floor(size / 60), 2)}:${pad(size % 60, 2)}`;
}

export interface Moment {
  /** Days since 0001-01-01; 1900-01-01 when the text is a time alone, as SQL Server reads it. */
  days: number;
  /** 100 ns units since midnight, local to `offsetMinutes`. */
  units: number;
  offsetMinutes: number;
}

// One record is reused for every value: a result of a million dates would otherwise make a million.
const moment: Moment = { days: 0, units: 0, offsetMinutes: 0 };

/**
 * Reads `YYYY-MM-DD`, `YYYY-MM-DD hh:mm[:ss[.fffffff]][ ][Z|+hh:mm]` (or with a T) and times alone.
 * The answer is overwritten by the next call.
 *
 * @returns undefined when the text is none of these
 */
export function parseMoment(text: string): Moment | undefined {
  moment.days = DAYS_TO_1900;
  moment.units = 0;
  moment.offsetMinutes = 0;
  let at = 0;
  if (text.charCodeAt(4) === 0x2d) {
    const year = digits(text, 0, 4);
    const month = digits(text, 5, 2);
    const day = digits(text, 8, 2);
    if (!(year >= 1 && month >= 1 && month <= 12 && day >= 1)) return undefined;
    if (!(day <= 28 || day <= daysInMonth(year, month))) return undefined;
    if (text.charCodeAt(7) !== 0x2d) return undefined;
    moment.days = dayNumber(year, month, day);
    if (text.length === 10) return moment;
    at = 11;
  }
  return parseClock(text, at) ? moment : undefined;
}

function parseClock(text: string, start: number): boolean {
  const hour = digits(text, start, 2);
  const minute = digits(text, start + 3, 2);
  if (!(hour <= 23 && minute <= 59) || text.charCodeAt(start + 2) !== 0x3a) return false;
  let at = start + 5;
  let second = 0;
  if (text.charCodeAt(at) === 0x3a) {
    second = digits(text, at + 1, 2);
    if (!(second <= 59)) return false;
    at += 3;
  }
  let fraction = 0;
  if (text.charCodeAt(at) === 0x2e) {
    const first = ++at;
    let code = text.charCodeAt(at);
    for (; isDigit(code); code = text.charCodeAt(++at)) {
      if (at - first < FRACTION_DIGITS) fraction = fraction * 10 + code - 0x30;
    }
    if (at - first < FRACTION_DIGITS) fraction *= 10 ** (FRACTION_DIGITS - at + first);
  }
  moment.units = ((hour * 60 + minute) * 60 + second) * UNITS_PER_SECOND + fraction;
  return parseOffset(text, at);
}

function parseOffset(text: string, start: number): boolean {
  let at = start;
  if (text.charCodeAt(at) === 0x20) at++;
  if (at >= text.length) return true;
  const sign = text[at];
  if (sign === 'Z') return at + 1 === text.length;
  if (sign !== '+' && sign !== '-') return false;
  const hours = digits(text, at + 1, 2);
  const withColon = text[at + 3] === ':';
  const minutes = text.length === at + 3 ? 0 : digits(text, withColon ? at + 4 : at + 3, 2);
  if (!(hours <= 14 && minutes <= 59)) return false;
  moment.offsetMinutes = (hours * 60 + minutes) * (sign === '-' ? -1 : 1);
  return true;
}

function daysInMonth(year: number, month: number): number {
  return month === 12 ? 31 : dayNumber(year, month + 1, 1) - dayNumber(year, month, 1);
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** NaN when a character is no digit. */
function digits(text: string, at: number, count: number): number {
  let value = 0;
  for (let i = at; i < at + count; i++) {
    const code = text.charCodeAt(i);
    if (!isDigit(code)) return Number.NaN;
    value = value * 10 + code - 0x30;
  }
  return value;
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0');
}
