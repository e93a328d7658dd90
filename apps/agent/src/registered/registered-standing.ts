/** How a registered query stands, for the people of this machine: no statement, name or result of it. */
import type { ErrorCode } from '#libs/errors/catalogue.js';
import type { HeldQuery } from '#apps/agent/src/registered/registered-query.js';

export interface RegisteredStanding {
  registeredId: string;
  siteId: string;
  integratorId: string;
  /** Seconds from the start of one run to the start of the next. */
  frequencySeconds: number;
  /** By the true time, milliseconds since the epoch. */
  endsAtMs: number;
  /** What became of its last run; `none`: it has not run yet. */
  lastRun: 'none' | 'changed' | 'unchanged' | 'failed';
  /** Why it will not run again. */
  stopped?: ErrorCode;
}

export function registeredStanding({ definition, state }: HeldQuery): RegisteredStanding {
  const { registeredId, siteId, integratorId, frequencySeconds, endsAtMs } = definition;
  return {
    ...{ registeredId, siteId, integratorId, frequencySeconds, endsAtMs },
    lastRun: lastRunOf(state),
    ...(state.stopped && { stopped: state.stopped }),
  };
}

function lastRunOf({
  lastRun,
  failures,
  changedRun,
}: HeldQuery['state']): RegisteredStanding['lastRun'] {
  if (lastRun === 0) return 'none';
  if (failures > 0) return 'failed';
  return changedRun === lastRun ? 'changed' : 'unchanged';
}
