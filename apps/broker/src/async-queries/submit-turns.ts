/**
 * How many submits of one integrator are in the making at a node at once. Each takes several steps to
 * the store; with a hundred of one integrator on their way every step of another waits behind theirs.
 */

/** Enough that their commands share writes to the store: with eight a query cost a twentieth more. */
const AT_ONCE_ALONE = 16;
/** While others submit too: one that is written down, and one right behind it. */
const AT_ONCE_BESIDE_OTHERS = 2;
/** For so long whoever has submitted counts as one that submits. */
const SUBMITS_STILL_MS = 1_000;

interface Making {
  count: number;
  waiting: (() => void)[];
}

export class SubmitTurns {
  private readonly making = new Map<string, Making>();
  private latest = { integratorId: '', at: -Infinity };
  /** When anybody but the latest one came last. */
  private othersAt = -Infinity;

  /** @param now milliseconds of a clock that never goes back */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Runs the work when it is the integrator's turn; its own go in the order in which they came. */
  async run<T>(integratorId: string, work: () => Promise<T>): Promise<T> {
    this.noteArrival(integratorId);
    const own = this.making.get(integratorId) ?? { count: 0, waiting: [] };
    this.making.set(integratorId, own);
    if (own.count < this.atOnce() && own.waiting.length === 0) own.count += 1;
    else await new Promise<void>((resolve) => own.waiting.push(resolve));
    try {
      return await work();
    } finally {
      own.count -= 1;
      this.handOn(own);
      if (own.count === 0) this.making.delete(integratorId);
    }
  }

  /** A place is taken before its owner goes on, so that nobody slips in between. */
  private handOn(own: Making): void {
    while (own.waiting.length > 0 && own.count < this.atOnce()) {
      own.count += 1;
      own.waiting.shift()?.();
    }
  }

  private noteArrival(integratorId: string): void {
    if (this.latest.integratorId !== integratorId) this.othersAt = this.latest.at;
    this.latest = { integratorId, at: this.now() };
  }

  private atOnce(): number {
    const isAlone = this.now() - this.othersAt > SUBMITS_STILL_MS;
    return isAlone ? AT_ONCE_ALONE : AT_ONCE_BESIDE_OTHERS;
  }
}
