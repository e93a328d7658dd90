/**
 * Whether the practice's database server can take work that may wait. Pure: what was seen and what
 * was decided before go in, what is decided comes out. It takes more to let go than to hold, so that
 * a server at the edge does not swing.
 */
import { siteLoads, type SiteLoad } from '#libs/contracts/link-messages.js';

/** One look at the server. */
export interface LoadSample {
  /** Milliseconds that asking for nothing took; absent: no answer in time. */
  latencyMs?: number;
  /** Median of such looks while nothing of ours that may wait was running. */
  usualMs: number;
  /** Sessions of others that wait for one of ours; absent: nobody could see. */
  blocked?: number;
}

export interface LoadDecision {
  load: SiteLoad;
  /** What was wrong at the last bad look; absent while all is normal. */
  cause?: 'slow' | 'blocking';
  /** Looks in a row that were bad, or good. */
  bad: number;
  good: number;
}

/** A look is bad when it took this many times the usual, and at least this much longer. */
const BAD = { times: 4, moreMs: 100 };
/** A look is good when it stays below this; in between nothing changes. */
const GOOD = { times: 2, moreMs: 50 };
/** Bad looks in a row that hold the next lane. */
const LOOKS_TO_HOLD = 2;
/** Good looks in a row that let the last one go. */
const LOOKS_TO_LET_GO = 3;

export const atRest: LoadDecision = { load: 'normal', bad: 0, good: 0 };

export function decideLoad(before: LoadDecision, sample: LoadSample): LoadDecision {
  const cause = causeOf(sample);
  if (cause !== undefined) {
    const bad = before.bad + 1;
    if (bad < LOOKS_TO_HOLD) return { ...before, cause, bad, good: 0 };
    return { load: step(before.load, 1), cause, bad: 0, good: 0 };
  }
  if (before.load === 'normal') return atRest;
  if (!isGood(sample)) return { ...before, bad: 0, good: 0 };
  const good = before.good + 1;
  if (good < LOOKS_TO_LET_GO) return { ...before, bad: 0, good };
  const load = step(before.load, -1);
  return load === 'normal' ? atRest : { ...before, load, bad: 0, good: 0 };
}

/** Whether an answer after this long speaks of a busy server. */
export const isSlow = (latencyMs: number, usualMs: number): boolean =>
  latencyMs > threshold(usualMs, BAD);

/** Whom we keep waiting counts more than how fast the server is. */
function causeOf({ latencyMs, usualMs, blocked }: LoadSample): LoadDecision['cause'] {
  if ((blocked ?? 0) > 0) return 'blocking';
  return latencyMs === undefined || isSlow(latencyMs, usualMs) ? 'slow' : undefined;
}

const isGood = ({ latencyMs, usualMs }: LoadSample): boolean =>
  latencyMs !== undefined && latencyMs <= threshold(usualMs, GOOD);

const threshold = (usualMs: number, { times, moreMs }: typeof BAD): number =>
  Math.max(usualMs * times, usualMs + moreMs);

function step(load: SiteLoad, by: 1 | -1): SiteLoad {
  const next = siteLoads.indexOf(load) + by;
  return siteLoads[Math.min(Math.max(next, 0), siteLoads.length - 1)] as SiteLoad;
}
