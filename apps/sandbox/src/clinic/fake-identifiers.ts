/**
 * Makers of identifiers that look right and cannot be anybody's: each one fails the strict check
 * of identifiers.ts by construction, in the way the name says. Deterministic: same draw, same text.
 */
import type { Draw } from './draw.js';
import {
  abnRemainder,
  acmaFictionalMobiles,
  medicareCheckDigit,
  passesLuhn,
  prescriberCheckDigit,
} from './identifiers.js';

/** Ten digits leading with 9 (real cards lead with 2 to 6), with a right check digit. */
export function fakeMedicare(draw: Draw): string {
  const firstEight = `9${draw.digits(7)}`;
  return `${firstEight}${medicareCheckDigit(firstEight)}${draw.whole(1, 9)}`;
}

/** Sixteen digits whose Luhn digit is off by one. `800360` patient, `800361` practitioner, `800362` organisation. */
export function fakeHealthcareIdentifier(draw: Draw, kind: '800360' | '800361' | '800362'): string {
  const stem = kind + draw.digits(9);
  for (let last = 0; last < 10; last += 1) {
    if (passesLuhn(`${stem}${last}`)) return `${stem}${(last + 1) % 10}`;
  }
  return `${stem}0`;
}

/** A provider number at location `Z`, which is not a location character. */
export function fakeProviderNumber(draw: Draw): string {
  return `${draw.digits(6)}Z${draw.pick([...'YXWTLKJHFBA'])}`;
}

/** A prescriber number whose check digit is off by one. */
export function fakePrescriberNumber(draw: Draw): string {
  const stem = `${draw.whole(1, 9)}${draw.digits(5)}`;
  return `${stem}${(prescriberCheckDigit(stem) + 1) % 10}`;
}

/** A DVA file number of state `Z`, which is not a state. */
export function fakeDvaNumber(draw: Draw): string {
  return `ZX${draw.digits(5)}`;
}

/** Eleven digits that fail modulo 89. */
export function fakeAbn(draw: Draw): string {
  const digits = `${draw.whole(1, 9)}${draw.digits(10)}`;
  if (abnRemainder(digits) !== 0) return digits;
  const last = Number(digits[10]);
  return `${digits.slice(0, 10)}${(last + 1) % 10}`;
}

/** One of ACMA's fictional mobile numbers, `0491 570 006`. */
export function fakeMobile(draw: Draw): string {
  return spaced(draw.pick(acmaFictionalMobiles));
}

/** A landline in ACMA's fictional ranges, `02 5550 1234`. */
export function fakeLandline(draw: Draw): string {
  const area = draw.pick(['02', '03', '07', '08']);
  return `${area} ${draw.pick(['5550', '7010'])} ${draw.digits(4)}`;
}

function spaced(mobile: string): string {
  return `${mobile.slice(0, 4)} ${mobile.slice(4, 7)} ${mobile.slice(7)}`;
}
