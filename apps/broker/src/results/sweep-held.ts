import {
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { RedisResultStore } from '#apps/broker/src/results/result-store.redis.js';
import { TransientBudget } from '#apps/broker/src/transient/transient-budget.js';
import { TransientStore } from '#apps/broker/src/transient/transient-store.js';

const SWEEP_MS = 30_000;

/**
 * Ends what outlived its time: results that nobody fetched, and whatever a node that died, or a lost
 * job, left behind. Two nodes may sweep at once: one of them finds nothing.
 */
@Injectable()
export class SweepHeld implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly budget: TransientBudget,
    private readonly results: RedisResultStore,
    private readonly store: TransientStore,
    private readonly config: BrokerConfig,
  ) {}

  onApplicationBootstrap(): void {
    if (!this.config.roles.includes('worker')) return;
    this.timer = setInterval(() => void this.execute(), SWEEP_MS).unref();
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** Never rejects: the next turn sees what is left. */
  async execute(): Promise<void> {
    if (!this.store.isThere) return;
    try {
      for (const holder of await this.budget.overdue()) {
        if (holder.kind === 'result') await this.results.purgeWhenDue(holder);
        else await this.budget.giveBack(holder);
      }
    } catch {
      // Redis went away in the middle.
    }
  }
}
