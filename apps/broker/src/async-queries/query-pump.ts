/**
 * Serves the lines of the sites whose link this node holds. Woken by a submit, an end, an agent that
 * attaches; a slow sweep finds what no wake-up told. What is under way is renewed until it ends; when
 * this node stops doing that, another takes it over.
 */
import {
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { ClaimKeeper } from '#apps/broker/src/async-queries/claim-keeper.js';
import { Rests } from '#apps/broker/src/async-queries/rests.js';
import { lineLimits, SiteLines, type InLine } from '#apps/broker/src/async-queries/site-lines.js';
import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { SiteLinks } from '#apps/broker/src/gateway/site-links.port.js';
import { coalesce } from '#libs/kernel/coalesce.js';

const SWEEP_MS = 5_000;

@Injectable()
export class QueryPump implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly fills = new Map<string, () => Promise<void>>();
  private readonly rests = new Rests((siteId) => this.wake(siteId));
  private stops: (() => void)[] = [];
  private isOpen = false;

  constructor(
    private readonly lines: SiteLines,
    private readonly links: SiteLinks,
    private readonly claims: ClaimKeeper,
    private readonly broadcast: Broadcast,
    private readonly config: BrokerConfig,
  ) {}

  onApplicationBootstrap(): void {
    if (!this.config.roles.includes('gateway')) return;
    this.isOpen = true;
    const sweep = setInterval(() => void this.sweep(), SWEEP_MS).unref();
    this.stops = [
      () => clearInterval(sweep),
      this.broadcast.subscribe('line.joined', (siteId) => this.wake(siteId)),
      this.broadcast.subscribe('agent.changed', () => void this.sweep()),
      this.broadcast.subscribe('grant.changed', (siteId) => this.rests.endOfIntegrators(siteId)),
      this.broadcast.subscribe('query.cancelled', (queryId) => this.claims.cancel(queryId)),
    ];
  }

  /** Takes no more; what runs has as long as the link's drain lets it. */
  beforeApplicationShutdown(): void {
    this.isOpen = false;
    for (const stop of this.stops) stop();
    this.rests.clear();
  }

  /** Whether queries for this site are run from here, sooner or later. */
  serves(siteId: string): boolean {
    return this.isOpen && this.links.find(siteId) !== undefined;
  }

  /** Something may be waiting for this site. */
  wake(siteId: string): void {
    if (!this.mayAsk(siteId)) return;
    let fill = this.fills.get(siteId);
    if (!fill) {
      fill = coalesce(() => this.fill(siteId));
      this.fills.set(siteId, fill);
    }
    void fill();
  }

  /** Never rejects: without the store the next sweep tries again. */
  private readonly sweep = coalesce(async () => {
    try {
      for (const siteId of await this.lines.sites()) {
        if (!this.links.find(siteId)) continue;
        await this.lines.giveBackLapsed(siteId);
        this.wake(siteId);
      }
    } catch {
      // The store is away.
    }
  });

  private async fill(siteId: string): Promise<void> {
    while (this.mayAsk(siteId)) {
      const wish = { resting: this.rests.of(siteId), places: this.links.asyncPlaces(siteId) };
      const claimed = await this.lines.claim(siteId, wish).catch(() => []);
      for (const claim of claimed) {
        if (this.mayAsk(siteId)) void this.serve(claim);
        else await this.lines.giveBack(claim).catch(() => undefined);
      }
      if (claimed.length < lineLimits.claimsAtOnce) return;
    }
  }

  private async serve(claim: InLine): Promise<void> {
    const wait = await this.claims.serve(claim);
    if (wait && this.isOpen) this.rests.begin(claim, wait);
    this.wake(claim.siteId);
  }

  private mayAsk(siteId: string): boolean {
    return this.serves(siteId) && !this.rests.isResting(siteId);
  }
}
