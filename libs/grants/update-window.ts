/**
 * When a practice lets its server's agent be updated: a wish that the broker hands on and that whoever
 * updates asks for. It gives nothing, so nothing signs it.
 */
import {
  firstWrongField,
  integer,
  list,
  matches,
  object,
  type Shape,
} from '#libs/grants/field-checks.js';
import type { PermittedHours } from '#libs/grants/grant.js';
import { isTimeZone } from '#libs/grants/permitted-hours.js';

/** By the clock of the site; a window whose end is before its start runs over midnight. */
export type UpdateWindow = PermittedHours;

/** Answer to `update-window.read`. */
export interface UpdateWindowAnswer {
  /** Absent: at any time. */
  window?: UpdateWindow;
}

const shape: Shape = {
  required: {},
  optional: {
    window: object({
      required: {
        timeZone: isTimeZone,
        days: list(integer(1, 7), 1, 7),
        from: matches(/^([01]\d|2[0-3]):[0-5]\d$/),
        to: matches(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/),
      },
    }),
  },
};

/** Whether what the broker said, or a file holds, is such an answer. */
export const isUpdateWindowAnswer = (value: unknown): value is UpdateWindowAnswer =>
  firstWrongField(value, shape) === undefined;
