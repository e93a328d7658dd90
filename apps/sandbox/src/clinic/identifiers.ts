/**
 * Strict checks of Australian health identifiers, as the real world issues them. The sandbox uses
 * them backwards: nothing it makes may pass. All take the bare text; surrounding blanks (padded
 * char columns) and single spaces between groups are ignored.
 */

const bare = (text: string): string => text.replace(/\s/g, '');

const weighted = (digits: string, weights: readonly number[]): number =>
  weights.reduce((sum, weight, index) => sum + weight * Number(digits[index]), 0);

const medicareWeights = [1, 3, 7, 9, 1, 3, 7, 9];

/** The check digit of a Medicare card number's first eight digits. */
export function medicareCheckDigit(firstEight: string): number {
  return weighted(firstEight, medicareWeights) % 10;
}

/**
 * A Medicare card number: lead digit 2 to 6, check digit, issue number 1 to 9, and optionally the
 * individual reference. Source: Services Australia; recomputed on HL7 AU test data.
 */
export function isRealMedicare(text: string): boolean {
  const digits = bare(text);
  return /^[2-6]\d{8}[1-9][1-9]?$/.test(digits) && medicareCheckDigit(digits) === Number(digits[8]);
}

/** Whether the last digit is right by ISO/IEC 7812-1 (Luhn). */
export function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let index = 0; index < digits.length; index += 1) {
    const digit = Number(digits[digits.length - 1 - index]);
    const doubled = digit * 2;
    sum += index % 2 === 0 ? digit : doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/** IHI (800360), HPI-I (800361) or HPI-O (800362). Source: Healthcare Identifiers Service. */
export function isRealHealthcareIdentifier(text: string): boolean {
  const digits = bare(text);
  return /^80036[012]\d{10}$/.test(digits) && passesLuhn(digits);
}

const providerLocations = '0123456789ABCDEFGHJKLMNPQRTUVWXY';
const providerChecks = 'YXWTLKJHFBA';

/** The check character of a provider number; undefined when the location character is not one. */
function providerCheckCharacter(stem: string, location: string): string | undefined {
  const place = providerLocations.indexOf(location);
  if (place < 0) return undefined;
  return providerChecks[(weighted(stem, [3, 5, 8, 4, 2, 1]) + 6 * place) % 11];
}

/** A Medicare provider number: six-digit stem, location character, check character. */
export function isRealProviderNumber(text: string): boolean {
  const match = /^(\d{5,6})([0-9A-Z])([A-Z])$/.exec(bare(text).toUpperCase());
  if (!match) return false;
  const [, stem = '', location = '', check] = match;
  return providerCheckCharacter(stem.padStart(6, '0'), location) === check;
}

/**
 * The check digit of a PBS prescriber number's six-digit stem; 10 means that the stem is not used.
 * Source: Services Australia's claiming specifications, as explained at curmi.com/australian-health-identifiers.
 */
export function prescriberCheckDigit(stem: string): number {
  return stem.startsWith('0')
    ? weighted(stem, [0, 5, 8, 4, 2, 1]) % 11
    : weighted(stem, [1, 3, 7, 9, 1, 3]) % 10;
}

/** A PBS prescriber number: six digits and a check digit. */
export function isRealPrescriberNumber(text: string): boolean {
  const digits = bare(text);
  return /^\d{7}$/.test(digits) && prescriberCheckDigit(digits.slice(0, 6)) === Number(digits[6]);
}

/** A DVA file number: state, war code of one to three letters or a blank, digits, dependant's letter. */
export function isRealDvaNumber(text: string): boolean {
  return /^[NVQWST]( |[A-Z]{1,3})\d{1,6}[A-Z]?$/.test(text.trim()) && text.trim().length <= 9;
}

/** An Australian Business Number. Source: Australian Business Register, modulus 89. */
export function isRealAbn(text: string): boolean {
  const digits = bare(text);
  return /^[1-9]\d{10}$/.test(digits) && abnRemainder(digits) === 0;
}

/** An ABN's weighted sum modulo 89; zero for a valid one. */
export function abnRemainder(digits: string): number {
  const first = Number(digits[0]) - 1;
  return (10 * first + weighted(digits.slice(1), [1, 3, 5, 7, 9, 11, 13, 15, 17, 19])) % 89;
}

const fictionalMobiles = new Set(
  (
    '570006 570156 570157 570158 570159 570110 570313 570737 571266 571491 571804 572549 572665 ' +
    '572983 573770 573087 574118 574632 575254 575789 576398 576801 577426 577644 578957 578148 ' +
    '578888 579212 579760 579455'
  )
    .split(' ')
    .map((tail) => `0491${tail}`),
);

/** The mobile numbers that ACMA sets aside for fiction, in order. */
export const acmaFictionalMobiles: readonly string[] = [...fictionalMobiles];

/** A dialable Australian number outside the ranges that ACMA sets aside for fiction. */
export function isRealPhone(text: string): boolean {
  const digits = bare(text).replace(/[()-]/g, '').replace(/^\+61/, '0');
  if (/^1[38]00\d{6}$/.test(digits) || /^13\d{4}$/.test(digits)) return true;
  if (!/^0[23478]\d{8}$/.test(digits)) return false;
  return !fictionalMobiles.has(digits) && !/^0[2378](5550|7010)\d{4}$/.test(digits);
}

/** An e-mail address that could reach somebody: any domain but `example.com` (RFC 2606). */
export function isRealEmail(text: string): boolean {
  const match = /[^\s@]+@([^\s@]+\.[^\s@]+)/.exec(text);
  return match !== null && match[1]?.toLowerCase() !== 'example.com';
}
