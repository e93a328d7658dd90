import { Injectable } from '@nestjs/common';
import type { WebhookEvent } from '#libs/contracts/webhook-events.js';
import { WebhookEvents } from '#apps/broker/src/webhooks/webhook-events.port.js';

/** Events that wait to be written, at most; the oldest are given up first. */
const MAX_WAITING = 10_000;

@Injectable()
export class RecordedWebhookEvents extends WebhookEvents {
  private readonly waiting: WebhookEvent[] = [];

  override publish(event: WebhookEvent): void {
    this.waiting.push(event);
    if (this.waiting.length > MAX_WAITING) this.waiting.shift();
  }
}
