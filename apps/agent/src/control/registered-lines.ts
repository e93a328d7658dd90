import type { RegisteredStanding } from '#apps/agent/src/registered/registered-standing.js';

const MOST_LINES = 20;
const SHORT_ID = 8;
/** The last moment that a Date can say: the end is the broker's word, and may be any number. */
const LAST_MS = 8_640_000_000_000_000;

const lastWords = {
  none: 'has not run yet',
  changed: 'last run changed the result',
  unchanged: 'last run changed nothing',
  failed: 'last run failed',
} as const;

/** The part of `status` about registered queries: those that end first, and how many more there are. */
export function registeredLines(queries: readonly RegisteredStanding[]): string[] {
  const shown = [...queries].sort((one, other) => one.endsAtMs - other.endsAtMs);
  const more = shown.splice(MOST_LINES).length;
  return [
    `Registered: ${queries.length === 1 ? '1 query' : `${queries.length} queries`}`,
    ...shown.map((query) => `           ${lineOf(query)}`),
    ...(more > 0 ? [`           and ${more} more`] : []),
  ];
}

function lineOf(query: RegisteredStanding): string {
  const { registeredId, integratorId, frequencySeconds, endsAtMs, lastRun, stopped } = query;
  const ends = `ends ${new Date(Math.min(endsAtMs, LAST_MS)).toISOString()}`;
  const how = stopped === undefined ? lastWords[lastRun] : `stopped: ${stopped}`;
  return `${registeredId.slice(0, SHORT_ID)} of ${integratorId}, every ${frequencySeconds} s, ${ends}; ${how}`;
}
