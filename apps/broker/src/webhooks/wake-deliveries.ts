import { Injectable } from '@nestjs/common';
import { BackgroundJobs } from '#apps/broker/src/jobs/background-jobs.js';
import { endpointPlaces } from '#apps/broker/src/webhooks/delivery-places.js';
import type { DueDelivery } from '#apps/broker/src/webhooks/record-webhook-events.js';

/**
 * Puts due deliveries into the queue, no more of one endpoint than it has places: each that ends
 * wakes the next. Never rejects: what Redis does not take, the sweep brings again.
 */
@Injectable()
export class WakeDeliveries {
  constructor(private readonly jobs: BackgroundJobs) {}

  async now(due: readonly DueDelivery[]): Promise<void> {
    const woken = new Map<string, number>();
    for (const { deliveryId, webhookId } of due) {
      const count = woken.get(webhookId) ?? 0;
      if (count >= endpointPlaces) continue;
      woken.set(webhookId, count + 1);
      await this.add(deliveryId, 0);
    }
  }

  /** @param delayMs from now */
  async later(deliveryId: string, delayMs: number): Promise<void> {
    await this.add(deliveryId, delayMs);
  }

  private async add(deliveryId: string, delayMs: number): Promise<void> {
    await this.jobs.add('webhook.deliver', { deliveryId }, { delayMs }).catch(() => undefined);
  }
}
