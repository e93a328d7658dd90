/**
 * How many submits of one integrator are in the making at a node at once. Each takes several steps to
 * the store; with a hundred of one integrator on their way every step of another waits behind theirs.
 */

/** Enough that their commands share writes to the store: with eight a query cost a twentieth more. */
const AT_ONCE = 16;

export class SubmitTurns {
  private readonly making = new Map<string, { count: number; waiting: (() => void)[] }>();

  /** Runs the work when it is the integrator's turn; its own go in the order in which they came. */
  async run<T>(integratorId: string, work: () => Promise<T>): Promise<T> {
    const own = this.making.get(integratorId) ?? { count: 0, waiting: [] };
    this.making.set(integratorId, own);
    // Whoever ends hands the place to the next one, so that nobody slips in between.
    if (own.count < AT_ONCE) own.count += 1;
    else await new Promise<void>((resolve) => own.waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = own.waiting.shift();
      if (next) next();
      else if (--own.count === 0) this.making.delete(integratorId);
    }
  }
}
