/** What people may write in their own words where nobody's facts belong. */
import type { ValidationOptions } from 'class-validator';

/** One line without blanks at its ends. */
export const LINE = /^(?!\s)[^\p{Cc}\p{Cs}]+(?<!\s)$/u;
export const LINES = /^(?!\s)(?:[^\p{Cc}\p{Cs}]|\n)+(?<!\s)$/u;
/** A date, a telephone or a Medicare number. */
export const NO_LONG_NUMBER = /^(?!.*\p{N}(?:[ ./_-]?\p{N}){5})/su;
export const noLongNumber: ValidationOptions = {
  message: '$property must not hold a number of six or more digits',
};
