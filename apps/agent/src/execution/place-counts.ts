/**
 * How many statements run at a site: altogether, for each lane, integrator and grant, and whether
 * one more fits. Of every limit above one a quarter, at least one, is kept free for immediate
 * requests. A limit of one is kept too: there whoever came first has it until he is done.
 */
import type { QueryLane } from '#libs/contracts/link-messages.js';
import type { PlaceRequest, RoomLimits } from '#apps/agent/src/execution/waiting-room.js';

const KEPT_FOR_IMMEDIATE = 1 / 4;
/** Of the places of async and registered requests, those that registered ones may take. */
const REGISTERED_SHARE = 1 / 2;

/** All lanes, and async and registered together. */
type Kind = 'all' | 'background';

export class PlaceCounts {
  private readonly lanes: Record<QueryLane, number> = { immediate: 0, async: 0, registered: 0 };
  private readonly byOwner = new Map<string, number>();

  constructor(private readonly limits: RoomLimits) {}

  get running(): number {
    return this.lanes.immediate + this.background;
  }

  get ofLanes(): Record<QueryLane, number> {
    return { ...this.lanes };
  }

  fit(request: PlaceRequest): boolean {
    return request.lane === 'immediate'
      ? this.fits(request, 'all')
      : this.fits(request, 'all') && this.fits(request, 'background') && this.fitsLane(request);
  }

  take(request: PlaceRequest): void {
    this.change(request, 1);
  }

  giveBack(request: PlaceRequest): void {
    this.change(request, -1);
  }

  private get background(): number {
    return this.lanes.async + this.lanes.registered;
  }

  private fits({ integratorId, grantId, grantConcurrency }: PlaceRequest, kind: Kind): boolean {
    const { maxConcurrent, maxConcurrentPerIntegrator } = this.limits;
    const most = (limit: number): number => (kind === 'all' ? limit : backgroundPlaces(limit));
    const running = kind === 'all' ? this.running : this.background;
    return (
      running < most(maxConcurrent) &&
      this.of(kind, 'integrator', integratorId) < most(maxConcurrentPerIntegrator) &&
      this.of(kind, 'grant', grantId) < most(grantConcurrency)
    );
  }

  private fitsLane({ lane }: PlaceRequest): boolean {
    if (lane !== 'registered') return true;
    const places = backgroundPlaces(this.limits.maxConcurrent) * REGISTERED_SHARE;
    return this.lanes.registered < Math.max(1, Math.floor(places));
  }

  private of(kind: Kind, what: 'integrator' | 'grant', id: string): number {
    return this.byOwner.get(`${kind} ${what} ${id}`) ?? 0;
  }

  private change({ lane, integratorId, grantId }: PlaceRequest, by: 1 | -1): void {
    this.lanes[lane] += by;
    const kinds: Kind[] = lane === 'immediate' ? ['all'] : ['all', 'background'];
    for (const kind of kinds) {
      this.add(`${kind} integrator ${integratorId}`, by);
      this.add(`${kind} grant ${grantId}`, by);
    }
  }

  private add(key: string, by: number): void {
    const count = (this.byOwner.get(key) ?? 0) + by;
    if (count === 0) this.byOwner.delete(key);
    else this.byOwner.set(key, count);
  }
}

/** What async requests may take of a site's places while nobody else wants any. */
export function asyncPlacesOf(limits: RoomLimits): { all: number; each: number } {
  const all = backgroundPlaces(limits.maxConcurrent);
  return { all, each: Math.min(all, backgroundPlaces(limits.maxConcurrentPerIntegrator)) };
}

/** Places of a limit that async and registered requests may take together. */
function backgroundPlaces(limit: number): number {
  if (limit === Infinity) return limit;
  return Math.max(1, limit - Math.max(1, Math.floor(limit * KEPT_FOR_IMMEDIATE)));
}
