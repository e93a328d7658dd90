import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { EventLog } from '#apps/broker/src/logging/event-log.js';
import { DeliveryBook } from '#apps/broker/src/webhooks/delivery-book.js';
import { WakeDeliveries } from '#apps/broker/src/webhooks/wake-deliveries.js';
import { coalesce } from '#libs/kernel/coalesce.js';

const SWEEP_MS = 5_000;

/**
 * Wakes deliveries whose jobs are gone: Redis lost them, was away, or the node died that was at it.
 * The store knows all that is pending, so nothing depends on Redis keeping anything.
 */
@Injectable()
export class DeliverySweep implements OnApplicationBootstrap, OnModuleDestroy {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly config: BrokerConfig,
    private readonly book: DeliveryBook,
    private readonly wake: WakeDeliveries,
    private readonly log: EventLog,
  ) {}

  onApplicationBootstrap(): void {
    const { redisUrl, roles } = this.config;
    if (!redisUrl || !roles.includes('worker')) return;
    this.timer = setInterval(() => void this.sweep(), SWEEP_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  readonly sweep = coalesce(async () => {
    try {
      await this.wake.now(await this.book.overdue());
    } catch {
      this.log.write('store.unavailable', { what: 'webhooks' });
    }
  });
}
