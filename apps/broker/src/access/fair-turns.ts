/**
 * A node has one thread: of many requests that arrive together it takes on a few in each turn of its
 * loop, one integrator after the other, so that whoever sends a hundred at once waits behind his own
 * and a single request of another waits behind a few. Costs nothing while few arrive.
 */
import { Injectable } from '@nestjs/common';

/** Requests taken on between two looks at the sockets. */
const EACH_TURN = 4;

@Injectable()
export class FairTurns {
  /** In the order in which the integrators are due. */
  private readonly lines = new Map<string, (() => void)[]>();
  private taken = 0;
  private isTurning = false;

  /** @returns undefined: now; else resolves when it is this integrator's turn */
  take(integratorId: string): Promise<void> | undefined {
    if (this.taken < EACH_TURN && this.lines.size === 0) {
      this.taken += 1;
      this.turn();
      return undefined;
    }
    return new Promise((resolve) => {
      const line = this.lines.get(integratorId);
      if (line) line.push(resolve);
      else this.lines.set(integratorId, [resolve]);
      this.turn();
    });
  }

  private turn(): void {
    if (this.isTurning) return;
    this.isTurning = true;
    setImmediate(() => {
      this.isTurning = false;
      this.taken = 0;
      while (this.taken < EACH_TURN && this.lines.size > 0) this.admitNext();
      if (this.lines.size > 0) this.turn();
    });
  }

  /** The first integrator's first, who then is the last to be due. */
  private admitNext(): void {
    for (const [integratorId, line] of this.lines) {
      this.lines.delete(integratorId);
      line.shift()?.();
      if (line.length > 0) this.lines.set(integratorId, line);
      this.taken += 1;
      return;
    }
  }
}
