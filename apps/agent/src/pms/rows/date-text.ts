/** Days and ticks as SQL Server stores them, written as ISO text. Pure arithmetic: no Date, no zone. */
import type { JsonOutput } from '#apps/agent/src/pms/rows/json-output.js';

/** Days from 0001-01-01 to 1900-01-01, the zero of datetime and smalldatetime. */
export const DAYS_TO_1900 = 693_595;

const DAYS_IN_400_YEARS = 146_097;
const DASH = 0x2d;
const COLON = 0x3a;
const DOT = 0x2e;

/** Bytes of the longest text made here: `9999-12-31T23:59:59.9999999+14:00` with quotes. */
export const LONGEST_DATE_BYTES = 36;

/**
 * Writes `YYYY-MM-DD`.
 * Source: "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
 * @param day days since 0001-01-01
 */
export function writeDay(day: number, out: JsonOutput): void {
  const shifted = day + 306;
  const era = Math.floor(shifted / DAYS_IN_400_YEARS);
  const dayOfEra = shifted - era * DAYS_IN_400_YEARS;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  out.digits(yearOfEra + era * 400 + (month <= 2 ? 1 : 0), 4);
  out.buffer[out.at++] = DASH;
  out.digits(month, 2);
  out.buffer[out.at++] = DASH;
  out.digits(dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1, 2);
}

/**
 * Writes `HH:mm:ss`, and `.` with `scale` digits when there are any.
 * @param ticks since midnight, each 10^-scale seconds
 */
export function writeTime(ticks: number, scale: number, out: JsonOutput): void {
  const perSecond = 10 ** scale;
  const seconds = Math.floor(ticks / perSecond);
  out.digits(Math.floor(seconds / 3600), 2);
  out.buffer[out.at++] = COLON;
  out.digits(Math.floor(seconds / 60) % 60, 2);
  out.buffer[out.at++] = COLON;
  out.digits(seconds % 60, 2);
  if (scale === 0) return;
  out.buffer[out.at++] = DOT;
  out.digits(ticks - seconds * perSecond, scale);
}

/** Writes `+HH:mm` or `-HH:mm`. @param minutes east of UTC */
export function writeOffset(minutes: number, out: JsonOutput): void {
  const away = Math.abs(minutes);
  out.buffer[out.at++] = minutes < 0 ? DASH : 0x2b;
  out.digits(Math.floor(away / 60), 2);
  out.buffer[out.at++] = COLON;
  out.digits(away % 60, 2);
}
