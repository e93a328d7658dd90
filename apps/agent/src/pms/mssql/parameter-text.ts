/**
 * Parameter values from invariant-culture text to the bytes SQL Server keeps, without passing
 * through a JavaScript number or Date. Every parser returns undefined for text it cannot take.
 */

/** Days from 0001-01-01 to 1900-01-01. */
const DAYS_TO_1900 = 693_595;
const TICKS_PER_SECOND = 10_000_000n;
const TICKS_PER_DAY = 864_000_000_000n;

const INTEGER = /^[+-]?\d{1,40}$/;
const DECIMAL = /^([+-]?)(\d*)\.?(\d*)$/;
const FLOAT = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const GUID = /^\{?([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})\}?$/i;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const TIME = String.raw`(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,7}))?)?`;
const ISO_DATE = String.raw`(\d{4})-(\d{2})-(\d{2})`;
/** The invariant culture writes month/day/year. */
const INVARIANT_DATE = String.raw`(\d{1,2})/(\d{1,2})/(\d{4})`;
const MOMENT = new RegExp(
  `^(?:${ISO_DATE}|${INVARIANT_DATE})(?:[T ]${TIME})?(?: ?(Z|[+-]\\d{2}:\\d{2}))?$`,
);
const TIME_ONLY = new RegExp(`^${TIME}$`);

/** @returns the integer when it lies within the bounds */
export function parseInteger(text: string, min: bigint, max: bigint): bigint | undefined {
  if (!INTEGER.test(text)) return undefined;
  const value = BigInt(text.replace(/^\+/, ''));
  return value >= min && value <= max ? value : undefined;
}

export interface Decimal {
  negative: boolean;
  magnitude: bigint;
  precision: number;
  scale: number;
}

/** A decimal of at most 38 digits, with the precision and scale its text has. */
export function parseDecimal(text: string): Decimal | undefined {
  const match = DECIMAL.exec(text);
  if (match === null || match[2] + (match[3] as string) === '') return undefined;
  const fraction = match[3] as string;
  const digits = `${(match[2] as string).replace(/^0+/, '')}${fraction}`;
  if (digits.length > 38) return undefined;
  return {
    negative: match[1] === '-',
    magnitude: BigInt(digits === '' ? '0' : digits),
    precision: Math.max(1, digits.length, fraction.length),
    scale: fraction.length,
  };
}

/** Money in ten-thousandths; refuses more than four decimal places rather than round. */
export function parseMoney(text: string): bigint | undefined {
  const decimal = parseDecimal(text);
  if (decimal === undefined || decimal.scale > 4) return undefined;
  const value = decimal.magnitude * 10n ** BigInt(4 - decimal.scale);
  return decimal.negative ? -value : value;
}

export function parseFloatText(text: string): number | undefined {
  const value = FLOAT.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : undefined;
}

export function parseBit(text: string): boolean | undefined {
  const word = text.toLowerCase();
  if (word === 'true' || word === '1') return true;
  return word === 'false' || word === '0' ? false : undefined;
}

/** Bytes in SQL Server's order. */
export function parseGuid(text: string): Buffer | undefined {
  const match = GUID.exec(text);
  if (match === null) return undefined;
  const bytes = Buffer.from(match.slice(1).join(''), 'hex');
  bytes.subarray(0, 4).reverse();
  bytes.subarray(4, 6).reverse();
  bytes.subarray(6, 8).reverse();
  return bytes;
}

export function parseBase64(text: string): Buffer | undefined {
  return BASE64.test(text) ? Buffer.from(text, 'base64') : undefined;
}

export interface Moment {
  /** Days since 0001-01-01. */
  day: number;
  /** 100 ns units since midnight. */
  ticks: bigint;
  /** Minutes east of UTC, when the text says a zone. */
  offset?: number;
}

/**
 * `YYYY-MM-DD`, or the invariant culture's `MM/DD/YYYY`; then, optionally, a time of up to seven
 * fractional digits and a zone.
 */
export function parseMoment(text: string): Moment | undefined {
  const match = MOMENT.exec(text);
  if (match === null) return undefined;
  const [year, month, date] = (
    match[1] === undefined ? [match[6], match[4], match[5]] : match.slice(1, 4)
  ).map(Number) as [number, number, number];
  const day = daysSinceYearOne(year, month, date);
  const ticks = match[7] === undefined ? 0n : ticksOf(match.slice(7, 11));
  if (day === undefined || ticks === undefined) return undefined;
  const offset = match[11] === undefined ? undefined : offsetOf(match[11]);
  if (offset !== undefined && Math.abs(offset) > 14 * 60) return undefined;
  return { day, ticks, ...(offset === undefined ? {} : { offset }) };
}

/** @returns 100 ns units since midnight */
export function parseTime(text: string): bigint | undefined {
  const match = TIME_ONLY.exec(text);
  return match === null ? undefined : ticksOf(match.slice(1, 5));
}

function offsetOf(zone: string): number {
  if (zone === 'Z') return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6));
  return zone.startsWith('-') ? -minutes : minutes;
}

function ticksOf(parts: (string | undefined)[]): bigint | undefined {
  const [hour, minute, second] = parts.slice(0, 3).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
  ];
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const seconds = BigInt(hour * 3600 + minute * 60 + second);
  return seconds * TICKS_PER_SECOND + BigInt((parts[3] ?? '').padEnd(7, '0'));
}

function daysSinceYearOne(year: number, month: number, date: number): number | undefined {
  const made = new Date(Date.UTC(2000, month - 1, date));
  made.setUTCFullYear(year, month - 1, date);
  const isReal = made.getUTCMonth() === month - 1 && made.getUTCDate() === date && year >= 1;
  return isReal ? Math.round(made.getTime() / 86_400_000) + 719_162 : undefined;
}

/** datetime keeps 1/300 s. @returns days since 1900 and 1/300 s, or undefined before 1753 */
export function toDatetime(moment: Moment): { day: number; ticks: number } | undefined {
  let day = moment.day - DAYS_TO_1900;
  let ticks = Number((moment.ticks * 3n + 50_000n) / 100_000n);
  if (ticks === 86_400 * 300) {
    day += 1;
    ticks = 0;
  }
  return day >= -53_690 ? { day, ticks } : undefined;
}

/** smalldatetime keeps minutes. @returns undefined outside 1900..2079 */
export function toSmallDatetime(moment: Moment): { day: number; minutes: number } | undefined {
  const total = moment.ticks + 30n * TICKS_PER_SECOND;
  const carried = total >= TICKS_PER_DAY ? 1 : 0;
  const minutes = carried === 1 ? 0 : Number(total / (60n * TICKS_PER_SECOND));
  const day = moment.day - DAYS_TO_1900 + carried;
  return day >= 0 && day <= 65_535 ? { day, minutes } : undefined;
}

/** The same moment in UTC, as datetimeoffset stores it; undefined outside years 1..9999. */
export function toUtc(moment: Moment): { day: number; ticks: bigint } | undefined {
  let ticks = moment.ticks - BigInt(moment.offset ?? 0) * 60n * TICKS_PER_SECOND;
  let { day } = moment;
  if (ticks < 0n) {
    ticks += TICKS_PER_DAY;
    day -= 1;
  } else if (ticks >= TICKS_PER_DAY) {
    ticks -= TICKS_PER_DAY;
    day += 1;
  }
  return day >= 0 && day <= 3_652_058 ? { day, ticks } : undefined;
}
