import { setImmediate as nextTurn } from 'node:timers/promises';

/** For work of some microseconds an item. */
const STEP = 256;

/** Goes through many items by parts of so many: in between whoever else waits for the thread has a turn. */
export async function* inSteps<T>(items: readonly T[], step = STEP): AsyncGenerator<readonly T[]> {
  for (let from = 0; from < items.length; from += step) {
    if (from > 0) await nextTurn();
    yield items.slice(from, from + step);
  }
}

/** Array.map in steps. */
export async function mapInSteps<T, R>(items: readonly T[], each: (item: T) => R): Promise<R[]> {
  const made: R[] = [];
  for await (const part of inSteps(items)) made.push(...part.map(each));
  return made;
}
