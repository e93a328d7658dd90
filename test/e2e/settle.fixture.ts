/** Waits for a state that no event announces, such as another process's. */

const LOOK_EVERY_MS = 40;

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
