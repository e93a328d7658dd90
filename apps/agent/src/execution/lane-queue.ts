/** Requests of one lane that wait for a place, one integrator after the other. */
import { ConduitError } from '#libs/errors/conduit-error.js';
import type { PlaceRequest } from '#apps/agent/src/execution/waiting-room.js';

export interface Waiting {
  request: PlaceRequest;
  admit(): void;
}

/** Waiting requests of one integrator; more would only be memory. */
const MAX_WAITING_PER_INTEGRATOR = 256;

export class LaneQueue {
  /** In order of their next turn. */
  private readonly queues = new Map<string, Waiting[]>();

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

  /** The first integrator in turn whose next request fits; then that integrator goes to the back. */
  take(fits: (request: PlaceRequest) => boolean): Waiting | undefined {
    for (const [integratorId, queue] of this.queues) {
      const index = queue.findIndex(({ request }) => fits(request));
      if (index === -1) continue;
      const [next] = queue.splice(index, 1);
      this.queues.delete(integratorId);
      if (queue.length > 0) this.queues.set(integratorId, queue);
      return next;
    }
    return undefined;
  }
}
