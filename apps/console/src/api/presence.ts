/**
 * Whether somebody is at the screen, for everything that goes by it. A page that asks again by itself
 * must not keep a session from idling, so what nobody asked for says so to the broker; and a page that
 * was left open stops asking. Only a press or a key proves a person to the session: a pointer moves on
 * a desk that shakes, and a page scrolls by itself.
 */
const TOUCHED_MS = 60_000;
/** Long enough to read a page; short of the half hour after which a session nobody uses ends. */
const ATTENTIVE_MS = 300_000;

const touches = ['pointerdown', 'keydown'] as const;
const glances = ['pointermove', 'scroll', 'focus'] as const;

let touchedAtMs = Date.now();
let seenAtMs = Date.now();
let attended = true;
let waiting: ReturnType<typeof setTimeout> | undefined;
const listeners = new Set<() => void>();

/** For the session: within the last minute. */
export const isSomebodyThere = (): boolean => Date.now() - touchedAtMs < TOUCHED_MS;

/** For pages that keep themselves fresh: within the last five minutes, as long as anybody listens. */
export const isAttended = (): boolean => attended;

/**
 * @param listener called when somebody has gone, and when somebody is back
 * @returns a function that stops the telling
 */
export function onAttention(listener: () => void): () => void {
  listeners.add(listener);
  see();
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) waiting = void clearTimeout(waiting);
  };
}

function see(): void {
  seenAtMs = Date.now();
  if (listeners.size === 0) return;
  waiting ??= setTimeout(lookAgain, ATTENTIVE_MS);
  tell(true);
}

/** The signs of five minutes cost one timer, not one each. */
function lookAgain(): void {
  const restMs = seenAtMs + ATTENTIVE_MS - Date.now();
  waiting = restMs > 0 ? setTimeout(lookAgain, restMs) : undefined;
  if (!waiting) tell(false);
}

function tell(now: boolean): void {
  if (attended === now) return;
  attended = now;
  for (const listener of listeners) listener();
}

function touch(): void {
  touchedAtMs = Date.now();
  see();
}

for (const sign of touches) {
  globalThis.addEventListener?.(sign, touch, { capture: true, passive: true });
}
for (const sign of glances) globalThis.addEventListener?.(sign, see, { passive: true });
