/**
 * An Australian Business Number: eleven digits of which the first two check the others. Weights and
 * modulus as the Australian Business Register publishes them.
 */
import { ValidateBy } from 'class-validator';

const WEIGHTS = [10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19] as const;
const MODULUS = 89;

/** @param value digits without blanks */
export function isAbn(value: unknown): boolean {
  if (typeof value !== 'string' || !/^[1-9]\d{10}$/.test(value)) return false;
  const digits = [...value].map(Number);
  const sum = WEIGHTS.reduce(
    (total, weight, place) => total + weight * ((digits[place] ?? 0) - (place === 0 ? 1 : 0)),
    0,
  );
  return sum % MODULUS === 0;
}

export const IsAbn = (): PropertyDecorator =>
  ValidateBy(
    { name: 'isAbn', validator: { validate: isAbn } },
    { message: '$property must be an ABN: eleven digits that check each other' },
  );
