/**
 * Places for statements at one site. It bounds what runs at once, altogether and for each
 * integrator and grant. Immediate requests go first; async and registered ones never take the last
 * places, and share theirs four to one. Within a lane places are lent to the integrators in turn,
 * so that one who floods waits for himself and not the others for him.
 */
import { ConduitError } from '#libs/errors/conduit-error.js';
import type { QueryLane } from '#libs/contracts/link-messages.js';
import { LaneQueue, type Waiting } from '#apps/agent/src/execution/lane-queue.js';
import { PlaceCounts } from '#apps/agent/src/execution/place-counts.js';

export interface PlaceRequest {
  lane: QueryLane;
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

type CountOfLanes = Record<QueryLane, number>;

/** Async requests that are admitted for each registered one while both wait. */
const ASYNC_TURNS = 4;

/** Milliseconds that a request of a held lane waits here for it to be let go. */
const HELD_WAIT_MS = 2_000;

export class WaitingRoom {
  /** Milliseconds that a statement which may wait leaves between two pages, to spare the server. */
  slowMs = 0;
  private readonly places: PlaceCounts;
  private readonly queues: Record<QueryLane, LaneQueue> = {
    immediate: new LaneQueue(),
    async: new LaneQueue(),
    registered: new LaneQueue(),
  };
  private asyncTurns = 0;
  private held: readonly QueryLane[] = [];
  private readonly onQuiet = new Set<() => void>();

  constructor(limits: RoomLimits) {
    this.places = new PlaceCounts(limits);
  }

  get runningCount(): number {
    return this.places.running;
  }

  /** Statements under way and requests that wait, lane by lane. */
  get counts(): { running: CountOfLanes; waiting: CountOfLanes } {
    const { immediate, async, registered } = this.queues;
    return {
      running: this.places.ofLanes,
      waiting: {
        immediate: immediate.length,
        async: async.length,
        registered: registered.length,
      },
    };
  }

  /**
   * Admits no request of these lanes until it is called again; what runs goes on. A request that
   * comes meanwhile is given back soon, with the reason `loadBrake`.
   */
  hold(lanes: readonly QueryLane[]): void {
    this.held = lanes;
    this.admitNext();
  }

  /** Undefined when no immediate statement runs; else resolves when none does, or after `mostMs`. */
  quiet(mostMs: number): Promise<void> | undefined {
    if (this.places.ofLanes.immediate === 0) return undefined;
    return new Promise((resolve) => {
      const finish = (): void => {
        clearTimeout(timer);
        this.onQuiet.delete(finish);
        resolve();
      };
      const timer = setTimeout(finish, mostMs);
      this.onQuiet.add(finish);
    });
  }

  /**
   * Resolves to the function that gives the place back, to be called exactly once.
   * @throws ConduitError QUEUE_EXPIRED, CONCURRENCY_LIMITED when too many wait already, or the
   *   signal's reason
   */
  enter(request: PlaceRequest): Promise<() => void> | (() => void) {
    const { lane, integratorId } = request;
    if (this.fits(request) && !this.queues[lane].isOvertaking(integratorId))
      return this.take(request);
    if (request.maxWaitMs === 0) throw this.expiry(request);
    return this.wait(request);
  }

  private readonly fits = (request: PlaceRequest): boolean =>
    !this.held.includes(request.lane) && this.places.fit(request);

  /** Whoever sent it may as well keep it, and say why it waits, when its lane is held. */
  private patienceOf({ lane, maxWaitMs }: PlaceRequest): number {
    return this.held.includes(lane) ? Math.min(maxWaitMs, HELD_WAIT_MS) : maxWaitMs;
  }

  private expiry({ lane }: PlaceRequest): ConduitError {
    if (!this.held.includes(lane)) return new ConduitError('QUEUE_EXPIRED');
    const facts = { reason: 'loadBrake', retryAfterMs: HELD_WAIT_MS };
    return new ConduitError('QUEUE_EXPIRED', { facts });
  }

  private take(request: PlaceRequest): () => void {
    this.places.take(request);
    this.queues[request.lane].noteTurn(request.integratorId);
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      this.places.giveBack(request);
      this.admitNext();
      this.tellQuiet();
    };
  }

  private wait(request: PlaceRequest): Promise<() => void> {
    const queue = this.queues[request.lane];
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        request,
        admit: () => {
          stop();
          resolve(this.take(request));
        },
      };
      queue.add(waiting);
      const leave = (reason: unknown): void => {
        stop();
        queue.forget(waiting);
        reject(reason);
      };
      const onAbort = (): void => leave(request.signal.reason);
      const timer = setTimeout(() => leave(this.expiry(request)), this.patienceOf(request));
      const stop = (): void => {
        clearTimeout(timer);
        request.signal.removeEventListener('abort', onAbort);
      };
      request.signal.addEventListener('abort', onAbort);
      if (request.signal.aborted) onAbort();
    });
  }

  private admitNext(): void {
    for (let next = this.takeNext(); next !== undefined; next = this.takeNext()) next.admit();
  }

  private takeNext(): Waiting | undefined {
    const { immediate, async, registered } = this.queues;
    const urgent = immediate.take(this.fits);
    if (urgent !== undefined) return urgent;
    const isRegisteredDue = this.asyncTurns >= ASYNC_TURNS;
    const first = isRegisteredDue ? registered : async;
    const second = isRegisteredDue ? async : registered;
    const next = first.take(this.fits) ?? second.take(this.fits);
    if (next?.request.lane === 'async') this.asyncTurns += registered.length > 0 ? 1 : 0;
    if (next?.request.lane === 'registered') this.asyncTurns = 0;
    return next;
  }

  private tellQuiet(): void {
    if (this.places.ofLanes.immediate > 0) return;
    for (const resume of [...this.onQuiet]) resume();
  }
}
