/**
 * Work that must not overlap. `oneByOne` makes one line of it, `Turns` a line for each key: a site, an
 * agent. What is taken first runs first; one that fails does not keep the next from running.
 */

/** @returns runs the work it is given when all that it was given before is over, and answers for it */
export function oneByOne(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const turn = last.then(work);
    last = turn.catch(() => undefined);
    return turn;
  };
}

export class Turns {
  private readonly last = new Map<string, Promise<unknown>>();

  /** How many keys have work that runs or waits. */
  get size(): number {
    return this.last.size;
  }

  /**
   * Runs the work when all that was taken before it under the same key is over.
   * @returns what the work resolves or rejects with
   */
  take<T>(key: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.last.get(key) ?? Promise.resolve()).then(work);
    const over = turn
      .catch(() => undefined)
      .then(() => {
        if (this.last.get(key) === over) this.last.delete(key);
      });
    this.last.set(key, over);
    return turn;
  }
}
