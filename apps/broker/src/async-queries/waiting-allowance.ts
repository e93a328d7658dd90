import { Injectable } from '@nestjs/common';
import { SiteLines } from '#apps/broker/src/async-queries/site-lines.js';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';

/** A count is believed so long, plus what this node has let in since. */
const BELIEVED_MS = 500;
const RETRY_MS = 10_000;
const MOST_REMEMBERED = 10_000;

interface Count {
  waiting: number;
  readAtMs: number;
}

/**
 * How many queries one integrator may have waiting at one site. A line that only grows helps nobody:
 * it fills the store that all share, and what joins at its end expires there.
 */
@Injectable()
export class WaitingAllowance {
  private readonly counts = new Map<string, Count>();

  constructor(
    private readonly config: BrokerConfig,
    private readonly lines: SiteLines,
    private readonly clock: Clock,
  ) {}

  /** @throws ConduitError QUERIES_WAITING_LIMIT; QUEUE_UNAVAILABLE without Redis */
  async require(integratorId: string, siteId: string): Promise<void> {
    const count = await this.count(integratorId, siteId);
    if (count.waiting >= this.config.maxWaitingQueries) {
      throw new ConduitError('QUERIES_WAITING_LIMIT', { facts: { retryAfterMs: RETRY_MS } });
    }
    count.waiting += 1;
  }

  private async count(integratorId: string, siteId: string): Promise<Count> {
    const key = `${siteId} ${integratorId}`;
    const now = this.clock.now();
    const known = this.counts.get(key);
    if (known && Math.abs(now - known.readAtMs) < BELIEVED_MS) return known;
    if (this.counts.size >= MOST_REMEMBERED) this.counts.clear();
    const count = { waiting: await this.lines.waitingOf(integratorId, siteId), readAtMs: now };
    this.counts.set(key, count);
    return count;
  }
}
