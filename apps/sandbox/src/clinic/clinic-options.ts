/** Options that `sandbox` and `sandbox:load` share, read strictly: a wrong word is an error, not a guess. */
import { defaultScale, defaultSeed, maxScale, minScale, type ClinicShape } from './clinic.js';
import { ClinicError } from './clinic-error.js';
import { isDate, today } from './days.js';

/** A whole number in a range. @param option its name on the command line */
export function wholeNumber(option: string, text: string, low: number, high: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < low || value > high) {
    throw new ClinicError(`${option} takes a whole number from ${low} to ${high}.`, 2);
  }
  return value;
}

export interface ShapeWords {
  scale?: string | undefined;
  seed?: string | undefined;
  'reference-date'?: string | undefined;
}

/** The parts of the shape that were asked for. @throws ClinicError with exit code 2 */
export function readShape(words: ShapeWords): Partial<ClinicShape> {
  const shape: Partial<ClinicShape> = {};
  if (words.scale !== undefined) {
    shape.scale = wholeNumber('--scale', words.scale, minScale, maxScale);
  }
  if (words.seed !== undefined) {
    if (words.seed === '') throw new ClinicError('--seed must not be empty.', 2);
    shape.seed = words.seed;
  }
  const date = words['reference-date'];
  if (date !== undefined) {
    if (!isDate(date) || date < '2000-01-01' || date > '2099-12-31') {
      throw new ClinicError('--reference-date takes a date from 2000-01-01 to 2099-12-31.', 2);
    }
    shape.referenceDate = date;
  }
  return shape;
}

/** Fills in what was not asked for. @param nowMs milliseconds since the epoch */
export function completeShape(asked: Partial<ClinicShape>, nowMs: number): ClinicShape {
  return {
    seed: asked.seed ?? defaultSeed,
    scale: asked.scale ?? defaultScale,
    referenceDate: asked.referenceDate ?? today(nowMs),
  };
}

/** Names the first part in which an existing clinic differs from what is asked for, if any. */
export function differingPart(
  existing: ClinicShape,
  asked: Partial<ClinicShape>,
): keyof ClinicShape | undefined {
  return (Object.keys(asked) as (keyof ClinicShape)[]).find(
    (part) => asked[part] !== existing[part],
  );
}
