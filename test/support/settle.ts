/** Waits for a state that no event announces, such as another process's. */

const LOOK_EVERY_MS = 20;

/** Asks until there is an answer. @throws when there is none within the time */
export async function settle<T>(
  wanted: string,
  withinMs: number,
  look: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
  const end = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > end) throw new Error(`within ${withinMs} ms not: ${wanted}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

/** Asks until it is so. @throws when it is not within the time */
export async function until(
  isSo: () => boolean | Promise<boolean>,
  withinMs = 10_000,
): Promise<void> {
  await settle('what was waited for', withinMs, async () => (await isSo()) || undefined);
}
