/**
 * Health of the practice's databases: asks each for nothing at all on a schedule, remembers how
 * long it took, and says in the agent's report whether it answers.
 */
import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { SiteReport } from '#libs/contracts/link-messages.js';
import { toConduitError } from '#libs/errors/conduit-error.js';
import { DatabaseHealth, type NotedFailure } from '#apps/agent/src/link/database-health.port.js';
import { PmsSites, type PmsSite } from '#apps/agent/src/execution/pms-sites.js';

const PROBE_EVERY_MS = 30_000;
/** Probes whose median is the site's usual latency. */
const KEPT_PROBES = 20;

export interface SiteHealth {
  siteId: string;
  database: SiteReport['database'];
  /** Milliseconds of the last answer to a probe; absent before the first. */
  latencyMs?: number;
  /** Median of the last probes. */
  usualLatencyMs?: number;
  /** Its database server is the sandbox, as far as the last probe saw. */
  sandbox?: true;
  /** When the last probe ended, well or not, by the clock that only goes forward. */
  probedAtMs?: number;
}

@Injectable()
export class ProbedDatabaseHealth
  extends DatabaseHealth
  implements OnApplicationBootstrap, OnModuleDestroy
{
  private readonly states = new Map<string, SiteHealth>();
  private readonly latencies = new Map<string, number[]>();
  private readonly listeners: ((health: SiteHealth) => void)[] = [];
  private timer: NodeJS.Timeout | undefined;
  private failure: NotedFailure | undefined;

  constructor(private readonly sites: PmsSites) {
    super();
  }

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.probeAll(), PROBE_EVERY_MS).unref();
    void this.probeAll();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  override onChange(listener: (health: SiteHealth) => void): void {
    this.listeners.push(listener);
  }

  override get lastFailure(): NotedFailure | undefined {
    return this.failure;
  }

  override of(siteId: string): SiteHealth {
    return this.states.get(siteId) ?? { siteId, database: 'unknown' };
  }

  /** Probes every site once; never rejects. */
  async probeAll(): Promise<void> {
    await Promise.all(this.sites.all().map((site) => this.probe(site)));
  }

  private async probe({ settings, driver }: PmsSite): Promise<void> {
    const { siteId } = settings;
    const before = this.of(siteId);
    let now: SiteHealth;
    try {
      const latencyMs = await driver.probe();
      const isSandbox = await driver.isSandbox();
      const kept = [...(this.latencies.get(siteId) ?? []), latencyMs].slice(-KEPT_PROBES);
      this.latencies.set(siteId, kept);
      const probedAtMs = performance.now();
      now = {
        ...{ siteId, database: 'ok', latencyMs, usualLatencyMs: median(kept), probedAtMs },
        ...(isSandbox && { sandbox: true }),
      };
    } catch (error) {
      const { code } = toConduitError(error);
      const database = code === 'DATABASE_LOGIN_REFUSED' ? 'loginRefused' : 'unavailable';
      const probedAtMs = performance.now();
      this.failure = { code, atMs: probedAtMs };
      // Which server answers next is not known.
      const { sandbox: _, ...seen } = before;
      now = { ...seen, database, probedAtMs };
    }
    this.states.set(siteId, now);
    if (now.database !== before.database || now.sandbox !== before.sandbox)
      this.listeners.forEach((listener) => listener(now));
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] as number;
}
