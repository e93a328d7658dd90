/**
 * Requests of one lane that wait for a place. The integrator who was given one longest ago comes
 * first, so that one who has just come waits for nobody's second turn.
 */
import { ConduitError } from '#libs/errors/conduit-error.js';
import type { PlaceRequest } from '#apps/agent/src/execution/waiting-room.js';

export interface Waiting {
  request: PlaceRequest;
  admit(): void;
}

/** Waiting requests of one integrator; more would only be memory. */
const MAX_WAITING_PER_INTEGRATOR = 256;

/** Integrators whose last turn is remembered; there is a grant for each, so hardly ever so many. */
const MAX_REMEMBERED = 1_000;

export class LaneQueue {
  /** In the order in which they came to wait. */
  private readonly queues = new Map<string, Waiting[]>();
  /** Who was served, longest ago first. */
  private readonly served = new Set<string>();

  get length(): number {
    return [...this.queues.values()].reduce((sum, { length }) => sum + length, 0);
  }

  /** Whether an earlier request of the same integrator waits, whose turn comes first. */
  isOvertaking(integratorId: string): boolean {
    return this.queues.has(integratorId);
  }

  /** @throws ConduitError CONCURRENCY_LIMITED */
  add(waiting: Waiting): void {
    const { integratorId } = waiting.request;
    const queue = this.queues.get(integratorId) ?? [];
    if (queue.length >= MAX_WAITING_PER_INTEGRATOR) throw new ConduitError('CONCURRENCY_LIMITED');
    queue.push(waiting);
    this.queues.set(integratorId, queue);
  }

  forget(waiting: Waiting): void {
    const { integratorId } = waiting.request;
    const left = (this.queues.get(integratorId) ?? []).filter((other) => other !== waiting);
    if (left.length === 0) this.queues.delete(integratorId);
    else this.queues.set(integratorId, left);
  }

  /** Whoever was given a place, waited for or not, has had a turn. */
  noteTurn(integratorId: string): void {
    this.served.delete(integratorId);
    this.served.add(integratorId);
    const [oldest] = this.served;
    if (this.served.size > MAX_REMEMBERED && oldest !== undefined) this.served.delete(oldest);
  }

  /** The first request that fits of the integrator whose turn it is. */
  take(fits: (request: PlaceRequest) => boolean): Waiting | undefined {
    for (const integratorId of this.inTurn()) {
      const queue = this.queues.get(integratorId) ?? [];
      const index = queue.findIndex(({ request }) => fits(request));
      if (index === -1) continue;
      const [next] = queue.splice(index, 1);
      if (queue.length === 0) this.queues.delete(integratorId);
      return next;
    }
    return undefined;
  }

  private *inTurn(): Generator<string> {
    for (const integratorId of this.queues.keys())
      if (!this.served.has(integratorId)) yield integratorId;
    for (const integratorId of this.served) if (this.queues.has(integratorId)) yield integratorId;
  }
}
