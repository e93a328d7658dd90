/**
 * Whether somebody is at the keyboard. A page that asks again by itself must not keep a session from
 * idling: an unattended screen signs out.
 */
const THERE_MS = 60_000;

let lastTouchMs = Date.now();
for (const event of ['pointerdown', 'keydown'] as const) {
  globalThis.addEventListener?.(event, () => (lastTouchMs = Date.now()), { capture: true });
}

export const isSomebodyThere = (): boolean => Date.now() - lastTouchMs < THERE_MS;
