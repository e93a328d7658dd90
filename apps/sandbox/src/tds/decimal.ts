/**
 * Exact decimals between their text and SQL Server's scaled whole numbers. Up to fifteen digits
 * go through ordinary numbers, which is nearly every value of a practice; longer ones (up to 38)
 * through BigInt.
 */

const MAX_PLAIN_DIGITS = 15;
const pow10 = Array.from({ length: 16 }, (_, i) => 10 ** i);
const bigPow10 = Array.from({ length: 77 }, (_, i) => 10n ** BigInt(i));

/** 10^n as BigInt, for n up to 76. */
export function bigTenTo(n: number): bigint {
  return bigPow10[n]!;
}

/**
 * `text` times 10^`scale`, rounded half away from zero: a plain number when it has at most fifteen
 * digits, else a BigInt.
 *
 * @returns undefined when `text` is no decimal number
 */
export function scaledInteger(text: string, scale: number): number | bigint | undefined {
  let at = 0;
  const negative = text.charCodeAt(0) === 0x2d;
  if (negative || text.charCodeAt(0) === 0x2b) at = 1;
  if (at === text.length) return undefined;
  if (text.length - at + scale > MAX_PLAIN_DIGITS)
    return scaledBigInteger(text, at, negative, scale);
  let value = 0;
  let decimals = -1;
  let roundUp = false;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x2e && decimals < 0) {
      decimals = 0;
    } else if (code < 0x30 || code > 0x39) {
      return undefined;
    } else if (decimals < scale) {
      value = value * 10 + code - 0x30;
      if (decimals >= 0) decimals++;
    } else if (decimals === scale) {
      roundUp = code >= 0x35;
      decimals++;
    }
  }
  value *= pow10[scale - Math.min(Math.max(decimals, 0), scale)]!;
  if (roundUp) value++;
  return negative && value !== 0 ? -value : value;
}

function scaledBigInteger(
  text: string,
  start: number,
  negative: boolean,
  scale: number,
): bigint | undefined {
  const match = /^(\d*)(?:\.(\d*))?$/.exec(text.slice(start));
  if (match === null) return undefined;
  const whole = match[1]!;
  const fraction = match[2] ?? '';
  if (whole.length + fraction.length === 0 || whole.length > 60) return undefined;
  let value = BigInt(`0${whole}${fraction.slice(0, scale).padEnd(scale, '0')}`);
  if (fraction.charCodeAt(scale) >= 0x35) value++;
  return negative ? -value : value;
}

/** The decimal text of a scaled whole number: `decimalText(12345n, 2)` is `123.45`. */
export function decimalText(value: number | bigint, scale: number): string {
  const negative = value < 0;
  const digits = String(negative ? -value : value).padStart(scale + 1, '0');
  const point = digits.length - scale;
  const text = scale === 0 ? digits : `${digits.slice(0, point)}.${digits.slice(point)}`;
  return negative ? `-${text}` : text;
}
