import { Injectable } from '@nestjs/common';
import { RunsJob } from '#apps/broker/src/jobs/runs-job.decorator.js';
import { DeliveryBook, type ClaimedDelivery } from '#apps/broker/src/webhooks/delivery-book.js';
import { DeliveryPlaces } from '#apps/broker/src/webhooks/delivery-places.js';
import { SendDelivery } from '#apps/broker/src/webhooks/send-delivery.js';
import { SettleDelivery } from '#apps/broker/src/webhooks/settle-delivery.js';
import { WakeDeliveries } from '#apps/broker/src/webhooks/wake-deliveries.js';
import { isTest } from '#apps/broker/src/webhooks/webhook-body.js';
import { WebhookMetrics } from '#apps/broker/src/webhooks/webhook-metrics.js';
import type { JobHandler } from '#libs/queue/job-handlers.js';
import type { JobName } from '#libs/queue/jobs.js';

/**
 * One attempt at a delivery, if it is due and nobody is at it. What finds no place waits in the store
 * without a job; whoever leaves a place wakes it.
 */
@RunsJob()
@Injectable()
export class DeliverWebhook implements JobHandler<JobName> {
  readonly job = 'webhook.deliver';
  private readonly places = new DeliveryPlaces();

  constructor(
    private readonly book: DeliveryBook,
    private readonly send: SendDelivery,
    private readonly settle: SettleDelivery,
    private readonly wake: WakeDeliveries,
    private readonly metrics: WebhookMetrics,
  ) {}

  async execute({ deliveryId = '' }: Readonly<Record<string, string>>): Promise<void> {
    const owner = await this.book.ownerOf(deliveryId);
    if (!owner || !this.places.take(owner)) return;
    try {
      const claimed = await this.book.claim(deliveryId);
      if (claimed) await this.attempt(claimed);
    } finally {
      this.places.leave(owner);
    }
    await this.wake.now(await this.book.nextOf(owner.integratorId, this.places.full()));
  }

  private async attempt(claimed: ClaimedDelivery): Promise<void> {
    const { deliveryId, endpoint, event } = claimed;
    if (endpoint.pause_reason !== null && !isTest(event.type)) return this.settle.hold(claimed);
    const startedAtMs = Date.now();
    const outcome = await this.send.execute(claimed);
    this.metrics.countAttempt(outcome);
    const waitMs = await this.settle.execute(claimed, outcome, startedAtMs);
    if (waitMs !== undefined) await this.wake.later(deliveryId, waitMs);
  }
}
