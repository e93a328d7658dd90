/**
 * Places for statements at one site. It bounds what runs at once, altogether and for each
 * integrator and grant, and lends free places to the integrators in turn, so that one who floods
 * waits for himself and not the others for him.
 */
import { ConduitError } from '#libs/errors/conduit-error.js';

export interface PlaceRequest {
  integratorId: string;
  grantId: string;
  /** Statements at once that the grant allows. */
  grantConcurrency: number;
  /** 0: a place now or none. */
  maxWaitMs: number;
  signal: AbortSignal;
}

export interface RoomLimits {
  maxConcurrent: number;
  maxConcurrentPerIntegrator: number;
}

/** Waiting requests of one integrator; more would only be memory. */
const MAX_WAITING_PER_INTEGRATOR = 256;

interface Waiting {
  request: PlaceRequest;
  admit(): void;
}

export class WaitingRoom {
  private running = 0;
  private readonly byIntegrator = new Map<string, number>();
  private readonly byGrant = new Map<string, number>();
  /** In order of their next turn. */
  private readonly queues = new Map<string, Waiting[]>();

  constructor(private readonly limits: RoomLimits) {}

  get runningCount(): number {
    return this.running;
  }

  /**
   * Resolves to the function that gives the place back, to be called exactly once.
   * @throws ConduitError QUEUE_EXPIRED, CONCURRENCY_LIMITED when too many wait already, or the
   *   signal's reason
   */
  enter(request: PlaceRequest): Promise<() => void> | (() => void) {
    if (this.hasPlace(request) && !this.isOvertaking(request)) return this.take(request);
    if (request.maxWaitMs === 0) throw new ConduitError('QUEUE_EXPIRED');
    return this.wait(request);
  }

  private isOvertaking({ integratorId }: PlaceRequest): boolean {
    return (this.queues.get(integratorId)?.length ?? 0) > 0;
  }

  private hasPlace({ integratorId, grantId, grantConcurrency }: PlaceRequest): boolean {
    return (
      this.running < this.limits.maxConcurrent &&
      (this.byIntegrator.get(integratorId) ?? 0) < this.limits.maxConcurrentPerIntegrator &&
      (this.byGrant.get(grantId) ?? 0) < grantConcurrency
    );
  }

  private take({ integratorId, grantId }: PlaceRequest): () => void {
    this.running += 1;
    add(this.byIntegrator, integratorId, 1);
    add(this.byGrant, grantId, 1);
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      this.running -= 1;
      add(this.byIntegrator, integratorId, -1);
      add(this.byGrant, grantId, -1);
      this.admitNext();
    };
  }

  private wait(request: PlaceRequest): Promise<() => void> {
    const queue = this.queues.get(request.integratorId) ?? [];
    if (queue.length >= MAX_WAITING_PER_INTEGRATOR) throw new ConduitError('CONCURRENCY_LIMITED');
    this.queues.set(request.integratorId, queue);
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        request,
        admit: () => {
          stop();
          resolve(this.take(request));
        },
      };
      const leave = (reason: unknown): void => {
        stop();
        this.forget(waiting);
        reject(reason);
      };
      const onAbort = (): void => leave(request.signal.reason);
      const timer = setTimeout(() => leave(new ConduitError('QUEUE_EXPIRED')), request.maxWaitMs);
      const stop = (): void => {
        clearTimeout(timer);
        request.signal.removeEventListener('abort', onAbort);
      };
      request.signal.addEventListener('abort', onAbort);
      queue.push(waiting);
      if (request.signal.aborted) onAbort();
    });
  }

  private forget(waiting: Waiting): void {
    const { integratorId } = waiting.request;
    const left = (this.queues.get(integratorId) ?? []).filter((other) => other !== waiting);
    if (left.length === 0) this.queues.delete(integratorId);
    else this.queues.set(integratorId, left);
  }

  /** The first integrator in turn whose next request fits; then that integrator goes to the back. */
  private admitNext(): void {
    for (let admitted = true; admitted;) {
      admitted = false;
      for (const [integratorId, queue] of this.queues) {
        const index = queue.findIndex(({ request }) => this.hasPlace(request));
        if (index === -1) continue;
        const [next] = queue.splice(index, 1) as [Waiting];
        this.queues.delete(integratorId);
        if (queue.length > 0) this.queues.set(integratorId, queue);
        next.admit();
        admitted = true;
        break;
      }
    }
  }
}

function add(counts: Map<string, number>, key: string, change: number): void {
  const count = (counts.get(key) ?? 0) + change;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}
