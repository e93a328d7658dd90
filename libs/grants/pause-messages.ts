/**
 * What a practice has paused in the console, as the broker brings it to the agent (`pauses.put`) and as
 * the agent answers what it holds. Not signed, because it only takes away: what is not in it is allowed
 * no more than the signed documents allow.
 */
import { integer, list, matches, type Shape } from '#libs/grants/field-checks.js';

/** Always the whole of it, so that no earlier message has to have come. */
export interface PausesAsTold {
  /** Grows with each change; what is older than what is held changes nothing. */
  revision: number;
  /** All integrators, also those that come later. */
  everyone: boolean;
  /** Those paused one by one. */
  integrators: string[];
}

/** Beyond so many all are paused: it can only be too strict. */
export const MAX_PAUSED = 10_000;

export const pausesShape: Shape = {
  required: {
    revision: integer(0, Number.MAX_SAFE_INTEGER),
    everyone: (value) => typeof value === 'boolean',
    integrators: list(matches(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/), 0, MAX_PAUSED),
  },
};
