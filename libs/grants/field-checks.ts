/** Small strict checks for documents that come from outside: exact fields, exact types, bounded sizes. */

export type Check = (value: unknown) => boolean;

/** A record of checks: `required` must all be there, `optional` may, nothing else may. */
export interface Shape {
  required: Record<string, Check>;
  optional?: Record<string, Check>;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Name of the first field that is missing, unknown or wrong; undefined when all is well; '' when no object. */
export function firstWrongField(value: unknown, shape: Shape): string | undefined {
  if (!isObject(value)) return '';
  const optional = shape.optional ?? {};
  for (const field of Object.keys(value)) {
    if (!Object.hasOwn(shape.required, field) && !Object.hasOwn(optional, field)) return field;
  }
  for (const [field, check] of Object.entries(shape.required)) {
    if (!Object.hasOwn(value, field) || !check(value[field])) return field;
  }
  for (const [field, check] of Object.entries(optional)) {
    if (Object.hasOwn(value, field) && !check(value[field])) return field;
  }
  return undefined;
}

export const object =
  (shape: Shape): Check =>
  (value) =>
    firstWrongField(value, shape) === undefined;

export const matches =
  (pattern: RegExp): Check =>
  (value) =>
    typeof value === 'string' && pattern.test(value);

export const oneOf =
  (words: readonly unknown[]): Check =>
  (value) =>
    words.includes(value);

/** Whole numbers within the bounds, both included. */
export const integer =
  (min: number, max: number): Check =>
  (value) =>
    Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max;

/** A list without repetitions, of `min` to `max` members. */
export const list =
  (member: Check, min: number, max: number): Check =>
  (value) =>
    Array.isArray(value) &&
    value.length >= min &&
    value.length <= max &&
    value.every(member) &&
    new Set(value.map((item) => JSON.stringify(item))).size === value.length;

/** ISO 8601 in UTC with milliseconds, in the one spelling that Date.prototype.toISOString writes. */
export const instant: Check = (value) => {
  if (typeof value !== 'string' || value.length !== 24) return false;
  const ms = Date.parse(value);
  return !Number.isNaN(ms) && new Date(ms).toISOString() === value;
};
