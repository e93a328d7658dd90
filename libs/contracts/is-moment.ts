/**
 * A moment as ISO 8601 writes it, and in a form that a Date can read: weeks and days of the year are
 * ISO 8601 too, and would come out as no moment at all.
 */
import { isISO8601, ValidateBy } from 'class-validator';

export const IsMoment = (): PropertyDecorator =>
  ValidateBy(
    { name: 'isMoment', validator: { validate: isMoment } },
    { message: '$property must be a date and time such as 2026-03-04T05:06:07Z' },
  );

function isMoment(value: unknown): boolean {
  return isISO8601(value, { strict: true }) && !Number.isNaN(Date.parse(value as string));
}
