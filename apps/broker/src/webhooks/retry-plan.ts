/** When a delivery is tried again, and when no more. Pure. */
import type { AttemptError } from '#libs/contracts/webhooks.js';

export const maxTries = 10;
const SHORTEST_WAIT_MS = 5_000;
const LONGEST_WAIT_MS = 90 * 60_000;

/** An endpoint that failed for so long, without a success between, is paused. */
export const pauseAfterMs = 5 * 86_400_000;

export interface AttemptOutcome {
  /** Absent: delivered. */
  error?: AttemptError;
  statusCode?: number;
  durationMs: number;
  /** What the receiver asked for. */
  retryAfterMs?: number;
}

/** A receiver that says the request is at fault will say so again. */
const isFinal = (statusCode: number | undefined): boolean =>
  statusCode !== undefined &&
  statusCode >= 400 &&
  statusCode < 500 &&
  ![408, 429].includes(statusCode);

/**
 * The wait before the next try: decorrelated jitter, drawn from the last wait; the receiver may ask
 * for longer, up to the longest wait there is. Source: "Exponential Backoff And Jitter", AWS
 * Architecture Blog.
 * @param tries made so far, the one with this outcome included
 * @param lastWaitMs before that try; 0 at the first
 * @returns milliseconds; undefined: it has failed for good
 */
export function waitBeforeNextTry(
  outcome: AttemptOutcome,
  tries: number,
  lastWaitMs: number,
  random: () => number = Math.random,
): number | undefined {
  if (tries >= maxTries || isFinal(outcome.statusCode)) return undefined;
  const upper = Math.max(SHORTEST_WAIT_MS, lastWaitMs * 3);
  const drawn = SHORTEST_WAIT_MS + random() * (upper - SHORTEST_WAIT_MS);
  return Math.round(Math.min(LONGEST_WAIT_MS, Math.max(drawn, outcome.retryAfterMs ?? 0)));
}

/**
 * RFC 9110 §10.2.3: seconds, or a date.
 * @returns milliseconds from now; undefined for anything that is neither
 */
export function readRetryAfter(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1_000;
  const at = value.endsWith(' GMT') ? Date.parse(value) : NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}
