/**
 * The brake: looks at each site's database server while work that may wait is there, holds async
 * queries and then registered runs when the server slows down or others wait for our locks, and lets
 * them go again by itself. Immediate queries are never held.
 */
import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { QueryLane, SiteLoad } from '#libs/contracts/link-messages.js';
import {
  atRest,
  decideLoad,
  isSlow,
  type LoadDecision,
} from '#apps/agent/src/brake/decide-load.js';
import { UsualLatency } from '#apps/agent/src/brake/usual-latency.js';
import { PmsSites, type PmsSite } from '#apps/agent/src/execution/pms-sites.js';
import { SiteLoads } from '#apps/agent/src/link/site-loads.port.js';
import type { PmsDriver } from '#apps/agent/src/pms/pms-driver.port.js';
import { EventLog } from '#apps/agent/src/logging/event-log.js';

/** Between two looks while something may have to be held; the database health's own pace otherwise. */
const LOOK_EVERY_MS = 5_000;
const IDLE_LOOKS = 6;
/** An answer that takes longer is none. */
const ANSWER_MS = 5_000;
/** Of one look. */
const MOST_PROBES = 3;
/** Between two pages of an async statement while the server is slow. */
const SLOWED_MS = 250;

const heldLanes: Record<SiteLoad, readonly QueryLane[]> = {
  normal: [],
  asyncPaused: ['async'],
  backgroundPaused: ['async', 'registered'],
};

interface Watched {
  decision: LoadDecision;
  usual: UsualLatency;
  isLooking: boolean;
  /** Looks that were left out since the last. */
  skipped: number;
}

@Injectable()
export class LoadBrake extends SiteLoads implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly watched = new Map<string, Watched>();
  private readonly listeners: (() => void)[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly sites: PmsSites,
    private readonly log: EventLog,
  ) {
    super();
  }

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.lookAtAll(), LOOK_EVERY_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  override of(siteId: string): SiteLoad {
    return this.watched.get(siteId)?.decision.load ?? 'normal';
  }

  override workOf(siteId: string): { running: number; waiting: number } {
    const counts = this.sites.find(siteId)?.room.counts;
    return { running: sumOf(counts?.running), waiting: sumOf(counts?.waiting) };
  }

  override onChange(listener: () => void): void {
    this.listeners.push(listener);
  }

  /** One look at every site that needs one; never rejects. */
  async lookAtAll(): Promise<void> {
    await Promise.all(this.sites.all().map((site) => this.lookIfNeeded(site)));
  }

  private async lookIfNeeded(site: PmsSite): Promise<void> {
    const watched = this.watchedAt(site);
    if (watched.isLooking) return;
    watched.skipped += 1;
    const isIdle = watched.decision.load === 'normal' && backgroundOf(site) === 0;
    if (isIdle && watched.skipped < IDLE_LOOKS && watched.usual.medianMs !== undefined) return;
    watched.skipped = 0;
    watched.isLooking = true;
    try {
      await this.look(site, watched);
    } finally {
      watched.isLooking = false;
    }
  }

  private async look(site: PmsSite, watched: Watched): Promise<void> {
    const { driver, room } = site;
    const answer = await this.ask(driver, watched.usual.medianMs);
    // A server that cannot be reached is not one that we have slowed down.
    if (answer === 'failed') return;
    const latencyMs = answer === 'late' ? undefined : answer;
    const { running } = room.counts;
    const isWithoutUs = running.async + running.registered === 0;
    if (latencyMs !== undefined && isWithoutUs) watched.usual.note(latencyMs, performance.now());
    const usualMs = watched.usual.medianMs ?? latencyMs;
    if (usualMs === undefined) return;
    const blocked = room.runningCount > 0 ? await driver.blockedByOurs() : 0;
    const sample = {
      usualMs,
      ...(latencyMs === undefined ? {} : { latencyMs }),
      ...(blocked === undefined ? {} : { blocked }),
    };
    this.adopt(site, watched, decideLoad(watched.decision, sample));
  }

  /**
   * The quickest of a few answers, when the first one was slow: what this process itself was busy with
   * must not be taken for the server's.
   */
  private async ask(
    driver: PmsDriver,
    usualMs: number | undefined,
  ): Promise<number | 'late' | 'failed'> {
    let best = await within(ANSWER_MS, driver.probe());
    for (let more = 1; more < MOST_PROBES; more += 1) {
      if (typeof best !== 'number' || usualMs === undefined || !isSlow(best, usualMs)) break;
      const next = await within(ANSWER_MS, driver.probe());
      best = typeof next === 'number' ? Math.min(best, next) : next;
    }
    return best;
  }

  private adopt({ settings, room }: PmsSite, watched: Watched, decision: LoadDecision): void {
    const before = watched.decision.load;
    watched.decision = decision;
    const { load, cause } = decision;
    // A statement that others wait for should be over soon; one that slows the server may take long.
    room.slowMs = load !== 'normal' && cause === 'slow' ? SLOWED_MS : 0;
    if (load === before) return;
    room.hold(heldLanes[load]);
    this.log.write('load.changed', {
      siteId: settings.siteId,
      load,
      ...(cause === undefined ? {} : { cause }),
    });
    for (const listener of this.listeners) listener();
  }

  private watchedAt({ settings }: PmsSite): Watched {
    const { siteId } = settings;
    const known = this.watched.get(siteId);
    if (known !== undefined) return known;
    const fresh = { decision: atRest, usual: new UsualLatency(), isLooking: false, skipped: 0 };
    this.watched.set(siteId, fresh);
    return fresh;
  }
}

/** Statements and requests of the lanes that can be held. */
function backgroundOf({ room }: PmsSite): number {
  const { running, waiting } = room.counts;
  return running.async + running.registered + waiting.async + waiting.registered;
}

const sumOf = (lanes: Record<QueryLane, number> | undefined): number =>
  Object.values(lanes ?? {}).reduce((sum, count) => sum + count, 0);

async function within<T>(ms: number, work: Promise<T>): Promise<T | 'late' | 'failed'> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), ms);
  });
  try {
    return await Promise.race([work, late]);
  } catch {
    return 'failed';
  } finally {
    clearTimeout(timer);
  }
}
